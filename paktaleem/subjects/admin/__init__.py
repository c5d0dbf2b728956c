"""People in the console: who they are, and who may come back after an erasure."""

from paktaleem.subjects.admin import people, readmissions

__all__ = ["people", "readmissions"]
