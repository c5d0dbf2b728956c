"""The record of processing as plain values, and its gaps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID


_WATCHED = frozenset({"usage_logs", "device"})
"""Categories that show a person's behaviour."""


@dataclass(frozen=True, slots=True)
class Named:
    """A code of the register and its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RecordRecipient:
    """A recipient approved for an activity: the categories it may receive, and its countries (ISO 3166).

    ``ground`` is the ground of the transfer to them; empty if none is needed.
    """

    code: str
    name: str
    service: str
    categories: tuple[Named, ...]
    countries: tuple[str, ...]
    ground: str


@dataclass(frozen=True, slots=True)
class RecordContact:
    """A privacy contact or data protection officer of the client; ``code`` stands for the name, which is sealed."""

    kind: str
    code: str
    person: UUID


@dataclass(frozen=True, slots=True)
class Assessment:
    """An impact assessment: its document, result and review day."""

    reference: str
    outcome: str
    review_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One processing activity of a client: a line of the record (GDPR Art. 30(1)(b) to (g)).

    ``capacity`` is PakTaleem's part. ``bases`` are the lawful bases in force, each with its roles; ``unbalanced`` is
    True if one is a legitimate interest without a signed balancing test. ``retention`` has, for each category, the
    ISO 8601 periods; none is a gap.
    """

    purpose: Named
    description: str
    term: str
    capacity: str
    bases: tuple[tuple[str, tuple[str, ...]], ...]
    unbalanced: bool
    categories: tuple[Named, ...]
    recipients: tuple[RecordRecipient, ...]
    retention: tuple[tuple[Named, tuple[str, ...]], ...]
    assessment: Assessment | None

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles of the people concerned."""
        return tuple(sorted({role for _basis, roles in self.bases for role in roles}))

    @property
    def countries(self) -> tuple[str, ...]:
        """Return the countries of the recipients."""
        return tuple(sorted({country for one in self.recipients for country in one.countries}))


class GapKind(StrEnum):
    """Kind of gap in the record."""

    NO_BASIS = "no_basis"
    NOT_BALANCED = "not_balanced"
    NO_RETENTION = "no_retention"
    NO_COUNTRY = "no_country"
    NO_ASSESSMENT = "no_assessment"
    ASSESSMENT_DUE = "assessment_due"
    HIGH_RISK = "high_risk"
    NO_TERM = "no_term"


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap: its kind, the activity, and the category or recipient concerned."""

    kind: GapKind
    purpose: Named
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRecord:
    """The record of one client on a day: its postal address, contacts, activities by purpose, and places of storage.

    In PakTaleem's own record (``is_own``), ``clients`` are the controllers for which it is processor (Art. 30(2)(a)).
    """

    client: str
    code: str
    on: date
    serves_minors: bool
    activities: tuple[Activity, ...]
    address: str
    contacts: tuple[RecordContact, ...]
    storage_countries: tuple[str, ...]
    is_own: bool
    clients: tuple[Named, ...]


def find_gaps(record: ProcessingRecord) -> list[Gap]:
    """Return the gaps of a record, activity by activity.

    An impact assessment is needed for an activity that shows children's behaviour (GDPR Art. 35(1); WP 248: vulnerable
    people, systematic monitoring).
    """
    return [gap for activity in record.activities for gap in _gaps_of(record, activity)]


def _gaps_of(record: ProcessingRecord, one: Activity) -> list[Gap]:
    found = [
        *([Gap(GapKind.NO_BASIS, one.purpose)] if not one.bases else []),
        *([Gap(GapKind.NOT_BALANCED, one.purpose)] if one.unbalanced else []),
        *(Gap(GapKind.NO_RETENTION, one.purpose, category.name) for category, kept in one.retention if not kept),
        *(Gap(GapKind.NO_COUNTRY, one.purpose, to.name) for to in one.recipients if not to.countries),
        *([Gap(GapKind.NO_TERM, one.purpose)] if not one.term else []),
    ]
    return found + _assessment_gaps(record, one)


def _assessment_gaps(record: ProcessingRecord, one: Activity) -> list[Gap]:
    if one.assessment is None:
        is_needed = record.serves_minors and any(category.code in _WATCHED for category in one.categories)
        return [Gap(GapKind.NO_ASSESSMENT, one.purpose)] if is_needed else []
    about = one.assessment.reference
    return [
        *([Gap(GapKind.ASSESSMENT_DUE, one.purpose, about)] if one.assessment.review_on <= record.on else []),
        *([Gap(GapKind.HIGH_RISK, one.purpose, about)] if one.assessment.outcome == "high" else []),
    ]
