"""Selectors of guardians, their authority and their answers."""
