"""People in the console: who they are, who may come back after an erasure, and rosters that bring them."""

from paktaleem.directory.people.admin import agechanges, ages, looks, people, readmissions
from paktaleem.directory.rosters import admin as rosters

__all__ = ["agechanges", "ages", "looks", "people", "readmissions", "rosters"]
