"""When a review of access opens, when it is reminded of, and when it locks what was not confirmed. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

TIME_TO_CONFIRM = timedelta(days=21)
"""From the opening of a review to the day on which unconfirmed memberships are locked."""
NOTICE = timedelta(days=7)
"""The reminder is sent this long before that day; nothing is locked within this time after it."""


class Step(StrEnum):
    """The next step of a review."""

    NONE = "none"
    REMIND = "remind"
    LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Progress:
    """The days on which a review was opened and reminded of, in the client's time zone."""

    opened_on: date
    reminded_on: date | None = None

    @property
    def locks_on(self) -> date:
        """Return the day on which unconfirmed memberships are locked: later if the reminder was late."""
        planned = self.opened_on + TIME_TO_CONFIRM
        return planned if self.reminded_on is None else max(planned, self.reminded_on + NOTICE)


def find_quarter_start(day: date) -> date:
    """Return the first day of the quarter of a day; a review opens on it, or on the first day after an outage."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def find_next_step(progress: Progress, today: date) -> Step:
    """Return what is due today in a review that is neither confirmed by all nor locked."""
    if progress.reminded_on is None:
        return Step.REMIND if today >= progress.locks_on - NOTICE else Step.NONE
    return Step.LOCK if today >= progress.locks_on else Step.NONE
