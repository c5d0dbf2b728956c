"""Endpoints of the learning platform for people."""

from paktaleem.directory.people.api.listing import ListSubjects
from paktaleem.directory.people.api.subjects import BatchOperations, RecordSubjectEvent, SubjectOperations

__all__ = ["BatchOperations", "ListSubjects", "RecordSubjectEvent", "SubjectOperations"]
