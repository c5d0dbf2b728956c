"""Console pages for people: details, age changes, readmissions and roster imports."""

from paktaleem.subjects.admin import agechanges, ages, looks, people, readmissions, rosters

__all__ = ["agechanges", "ages", "looks", "people", "readmissions", "rosters"]
