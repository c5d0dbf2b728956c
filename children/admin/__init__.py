"""Guardians and their answers in the console."""
