"""Fixture of the tests of disclosures: a signed-in browser."""
