"""The decision: may this data be processed for this purpose now?"""
