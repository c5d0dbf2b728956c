"""The rights of data subjects (policy §9): requests, the mailbox, packages, erasures and corrections.

From above: desk, mailbox, channels, packages, erasures, rectifications, requests.
"""
