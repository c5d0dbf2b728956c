"""People in the console: who they are and who may come back after an erasure."""

from paktaleem.directory.people.admin import (
    access_records as looks,
)
from paktaleem.directory.people.admin import (
    age_changes as agechanges,
)
from paktaleem.directory.people.admin import (
    ages,
    people,
    readmissions,
    search,
    summary,
)

__all__ = ["agechanges", "ages", "looks", "people", "readmissions", "search", "summary"]
