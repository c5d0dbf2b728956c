"""Consent forms, answer sheets and the matching queue in the console."""
