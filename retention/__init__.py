"""Retention (policy §1, §4, §8): what is held and incidents, and above it how long data is kept."""
