"""People in the console: who they are and who may come back after an erasure."""

from paktaleem.directory.people.admin import agechanges, ages, looks, people, readmissions

__all__ = ["agechanges", "ages", "looks", "people", "readmissions"]
