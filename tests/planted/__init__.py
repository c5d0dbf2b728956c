"""Planted faults: small changes of the code, each of which a test must catch."""
