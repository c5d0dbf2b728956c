"""Rows that a source states about schools, terms, classes and enrolments. Pure.

``row`` counts as a spreadsheet does, or is the position in a batch. With ``gone`` the source declares the row deleted;
then only its id is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

SCHOOLS, TERMS, CLASSES, ENROLMENTS = "schools", "terms", "classes", "enrolments"


class SchoolRow(NamedTuple):
    """A school or an organisation above schools; ``parent`` is the id of the organisation it belongs to, or empty."""

    row: int
    external_id: str
    name: str
    kind: str
    parent: str
    gone: bool


class TermRow(NamedTuple):
    """A term: the period ``[starts_on, ends_on)``; ``parent`` is the id of the term it is part of, or empty."""

    row: int
    external_id: str
    title: str
    kind: str
    parent: str
    starts_on: date | None
    ends_on: date | None
    gone: bool


class ClassRow(NamedTuple):
    """A class of a school (its id, or empty), in some terms (their ids); ``grade`` is empty for none or several."""

    row: int
    external_id: str
    title: str
    kind: str
    school: str
    terms: list[str]
    gone: bool
    grade: str = ""


class EnrolmentRow(NamedTuple):
    """A person in a class (both by id), in a role; ``external_id`` is empty if the source gives none.

    ``ends_on`` is the first day on which the person is no longer in the class.
    """

    row: int
    external_id: str
    school_class: str
    person: str
    role: str
    starts_on: date | None
    ends_on: date | None
    gone: bool


@dataclass(frozen=True, kw_only=True)
class GivenRows:
    """The rows of a source, each part once and in order; None for a part that it does not state.

    ``complete`` names the parts (such as ``CLASSES``) that list everything, so that what is absent has ended.
    """

    schools: Iterable[SchoolRow] | None = None
    terms: Iterable[TermRow] | None = None
    classes: Iterable[ClassRow] | None = None
    enrolments: Iterable[EnrolmentRow] | None = None
    complete: frozenset[str] = field(default_factory=frozenset)
