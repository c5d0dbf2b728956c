"""Reported collections of personal data, current holdings, and incidents with children's data."""
