"""Sealed fields, keys per person, key epochs, and the erasure list."""
