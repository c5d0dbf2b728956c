"""Rows that a source states about schools, terms, classes and enrolments. Pure.

``row`` counts as a spreadsheet does, or is the position in a batch. Of a row that is ``gone`` only its id is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

SCHOOLS, TERMS, CLASSES, ENROLMENTS = "schools", "terms", "classes", "enrolments"


class PlaceRow(NamedTuple):
    """A school, term or class.

    ``part_of`` is the id of the organisation or term that it belongs to, of a class that of its school. Terms have the
    period ``[starts_on, ends_on)``, classes the ids of their terms and a grade, empty for none or several.
    """

    row: int
    external_id: str
    name: str
    kind: str
    part_of: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    terms: list[str] | None = None
    grade: str = ""
    gone: bool = False


class EnrolmentRow(NamedTuple):
    """A person in a class (both by id), in a role, until the day before ``ends_on``."""

    row: int
    external_id: str
    school_class: str
    person: str
    role: str
    starts_on: date | None
    ends_on: date | None
    gone: bool = False


@dataclass(slots=True)
class Tally:
    """Number of rows added, changed, unchanged, and ended or closed at the source (``gone``)."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def written(self) -> int:
        return self.added + self.changed + self.gone

    @property
    def total(self) -> int:
        return self.written + self.unchanged


@dataclass(frozen=True, kw_only=True)
class GivenRows:
    """The rows of a source, in order; a part that it does not state is left out, or None.

    ``complete`` names the parts that list everything, so that what is absent has ended.
    """

    places: Mapping[str, Iterable[PlaceRow]] = field(default_factory=dict)
    enrolments: Iterable[EnrolmentRow] | None = None
    complete: frozenset[str] = field(default_factory=frozenset)
