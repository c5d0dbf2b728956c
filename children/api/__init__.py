"""Guardians, for the learning platform."""
