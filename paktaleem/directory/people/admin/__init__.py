"""People in the console: who they are and who may come back after an erasure."""

from paktaleem.directory.people.admin import age_changes, ages, people, readmissions, search, summary

__all__ = ["age_changes", "ages", "people", "readmissions", "search", "summary"]
