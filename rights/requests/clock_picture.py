"""Picture of a request's clock: where each date lies between the receipt and the last date. Pure.

Positions are whole numbers of a drawing that is WIDTH wide; the template draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rights.requests.deadlines import RequestClock

WIDTH = 640
_MARGIN = 8
_EDGE = 110
"""Distance from an edge within which a label starts or ends at its mark, so that it stays inside the drawing."""


class MarkKind(StrEnum):
    """A date of the clock."""

    RECEIVED = "received"
    NOTICE = "notice"
    DUE = "due"
    EXPECTED = "expected"
    ANSWERED = "answered"
    TODAY = "today"


ROWS = {
    MarkKind.ANSWERED: 14,
    MarkKind.TODAY: 14,
    MarkKind.NOTICE: 30,
    MarkKind.RECEIVED: 84,
    MarkKind.DUE: 100,
    MarkKind.EXPECTED: 116,
}
"""The height of each label; labels that may lie close together are on different rows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A date: its place, the place and the alignment of its label."""

    kind: MarkKind
    at: datetime
    x: int
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A period: its place and width."""

    starts_at: datetime
    ends_at: datetime | None
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class ClockPicture:
    """The drawing of a clock. ``used`` is the time since the receipt, ``late`` the part of it after the deadline."""

    marks: Sequence[Mark]
    pauses: Sequence[Bar]
    used: Bar
    late: Bar | None


def draw_clock(clock: RequestClock, *, at: datetime) -> ClockPicture:
    """Draw a clock at a time, or at the answer if there is one."""
    until = clock.answered_at or at
    deadline, expected = clock.answer_by(until), clock.expected_by(until)
    last = max(clock.due_at, deadline, expected, until)
    span = (last - clock.received_at).total_seconds()

    def place(moment: datetime) -> int:
        share = (moment - clock.received_at).total_seconds() / span
        return round(_MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * _MARGIN))

    def bar(starts_at: datetime, ends_at: datetime | None) -> Bar:
        x = place(starts_at)
        return Bar(starts_at, ends_at, x, max(place(ends_at or until) - x, 1))

    dates = {
        MarkKind.RECEIVED: clock.received_at,
        MarkKind.NOTICE: clock.notice_at,
        MarkKind.DUE: clock.due_at,
        MarkKind.EXPECTED: expected if expected != clock.due_at else None,
        MarkKind.ANSWERED: clock.answered_at,
        MarkKind.TODAY: None if clock.answered_at else at,
    }
    return ClockPicture(
        marks=[
            Mark(kind, moment, place(moment), ROWS[kind], _anchor(place(moment)))
            for kind, moment in dates.items()
            if moment is not None
        ],
        pauses=[bar(pause.starts_at, pause.ends_at) for pause in clock.pauses],
        used=bar(clock.received_at, until),
        late=bar(deadline, until) if until > deadline else None,
    )


def _anchor(x: int) -> str:
    if x < _EDGE:
        return "start"
    return "end" if x > WIDTH - _EDGE else "middle"
