"""Console pages of guardians, their answers, and pending changes."""

from children.guardians.admin import board, checks, guardians, people, records, verifications, waiting

__all__ = ["board", "checks", "guardians", "people", "records", "verifications", "waiting"]
