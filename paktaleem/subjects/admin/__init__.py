"""People in the console: who they are, who may come back after an erasure, and rosters that bring them."""

from paktaleem.subjects.admin import agechanges, ages, looks, people, readmissions, rosters

__all__ = ["agechanges", "ages", "looks", "people", "readmissions", "rosters"]
