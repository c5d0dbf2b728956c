"""Services of schools, terms, classes and enrolments."""

from paktaleem.directory.schools.services.ending import ClassesElsewhere, end_classes, end_enrolments_of
from paktaleem.directory.schools.services.enrolments import count_results, list_results, list_rows_with
from paktaleem.directory.schools.services.erasure import delete_enrolments
from paktaleem.directory.schools.services.moving import FARTHEST, Move, check_move, move_pupils
from paktaleem.directory.schools.services.recording import Recorded, SchoolsBusy, lock_schools, record_schools
from paktaleem.directory.schools.services.runs import Counts
from paktaleem.directory.schools.services.stating import (
    EnrolmentResult,
    state_class,
    state_enrolments,
    state_school,
    state_term,
)

__all__ = [
    "FARTHEST",
    "ClassesElsewhere",
    "Counts",
    "EnrolmentResult",
    "Move",
    "Recorded",
    "SchoolsBusy",
    "check_move",
    "count_results",
    "delete_enrolments",
    "end_classes",
    "end_enrolments_of",
    "list_results",
    "list_rows_with",
    "lock_schools",
    "move_pupils",
    "record_schools",
    "state_class",
    "state_enrolments",
    "state_school",
    "state_term",
]
