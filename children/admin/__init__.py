"""Guardians, their answers and what waits for a person, in the console."""

from children.admin import board, guardians, people, waiting

__all__ = ["board", "guardians", "people", "waiting"]
