"""Fixtures of the console."""
