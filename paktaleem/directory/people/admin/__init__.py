"""Console pages for people: details, age changes, readmissions and roster imports."""

from paktaleem.directory.people.admin import agechanges, ages, looks, people, readmissions
from paktaleem.directory.rosters import admin as rosters

__all__ = ["agechanges", "ages", "looks", "people", "readmissions", "rosters"]
