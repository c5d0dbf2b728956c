"""The record of processing as plain values, and its gaps. Pure.

The picture has five columns of boxes and lines between neighbours. Lengths are in units of the picture.
"""

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


BOX = (150, 26)
"""Width and height of a box."""
_COLUMNS, _GAP, _ROW, _TOP, _LONGEST = 5, 60, 34, 6, 22
WIDTH = _COLUMNS * BOX[0] + (_COLUMNS - 1) * _GAP


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its full name and the part that fits; ``x`` and ``y`` are its upper left corner."""

    column: int
    name: str
    text: str
    x: int
    y: int

    @property
    def middle(self) -> int:
        """Return the horizontal centre, for the text."""
        return self.x + BOX[0] // 2

    @property
    def baseline(self) -> int:
        return self.y + 17


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The picture: its size, its boxes, and the lines between them as SVG paths."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def draw_flows(record: ProcessingRecord, *, mirrored: bool = False) -> FlowPicture:
    """Return the picture of a record; ``mirrored`` for languages that are written from right to left."""
    names, links = _collect(record)
    height = _TOP * 2 + max(len(column) for column in names) * _ROW
    boxes = {
        (column, name): _place(column, name, row, len(found), height, mirrored=mirrored)
        for column, found in enumerate(names)
        for row, name in enumerate(found)
    }
    lines = tuple(
        _connect(boxes[column, start], boxes[column + 1, end], mirrored=mirrored) for column, start, end in links
    )
    return FlowPicture(WIDTH, height, tuple(boxes.values()), lines)


def _collect(record: ProcessingRecord) -> tuple[list[list[str]], list[tuple[int, str, str]]]:
    """Return the names of each column and the links between neighbours, each once and in order."""
    links: dict[tuple[int, str, str], None] = {}
    for one in record.activities:
        links[0, record.client, one.purpose.name] = None
        for category in one.categories:
            links[1, one.purpose.name, category.name] = None
        for recipient in one.recipients:
            for category in recipient.categories:
                links[2, category.name, recipient.name] = None
            for country in recipient.countries:
                links[3, recipient.name, country] = None
    names: list[dict[str, None]] = [{record.client: None}, {}, {}, {}, {}]
    for column, _start, end in links:
        names[column + 1][end] = None
    return [list(column) for column in names], list(links)


def _place(column: int, name: str, row: int, rows: int, height: int, *, mirrored: bool) -> Box:
    x = column * (BOX[0] + _GAP)
    y = (height - rows * _ROW) // 2 + row * _ROW + (_ROW - BOX[1]) // 2
    text = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return Box(column, name, text, WIDTH - x - BOX[0] if mirrored else x, y)


def _connect(start: Box, end: Box, *, mirrored: bool) -> str:
    from_x, to_x = (start.x, end.x + BOX[0]) if mirrored else (start.x + BOX[0], end.x)
    from_y, to_y = start.y + BOX[1] // 2, end.y + BOX[1] // 2
    half = (from_x + to_x) // 2
    return f"M{from_x} {from_y}C{half} {from_y} {half} {to_y} {to_x} {to_y}"
