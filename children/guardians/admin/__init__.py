"""Guardians, their answers and what waits for a person, in the console."""

from children.guardians.admin import board, checks, guardians, people, records, verifications, waiting

__all__ = ["board", "checks", "guardians", "people", "records", "verifications", "waiting"]
