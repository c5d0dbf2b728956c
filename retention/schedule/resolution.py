"""Which rule applies: the most specific one for a category, a purpose and a role. Pure.

A client's own rule takes precedence over PakTaleem's shared one, then a rule for the role over one for every role.
Of two with the same scope, the one that started last applies. A second rule of the same scope and start is refused when
it is added, so there are no ties. PakTaleem's bounds apply to the rules of clients too.

A period runs from the day of its trigger in the client's time zone. That day is not counted, and the period ends with
the last hour of its last day (Regulation (EEC, Euratom) 1182/71, article 3). A month ends on the same day of the month,
or on the month's last day if it is shorter. Daylight saving time moves no day.
"""

import operator
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

PERIOD_PATTERN = r"^P(?=\d)(\d{1,3}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?$"
"""Pattern of a period, in Python and in PostgreSQL: P1Y6M, P2W, P90D; without a time of day."""
_PARSED = re.compile(r"P(?=[0-9])(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?", re.ASCII)
_SAMPLE_START = date(2023, 3, 1)
_SAMPLE_DAYS = 1461
"""Four years of start days: every month end, a leap day and each weekday."""


class PeriodInvalid(ValueError):
    """The text is not a positive ISO 8601 period of years, months, weeks and days."""


@dataclass(frozen=True, slots=True)
class Period:
    """A positive period of calendar years and months, then weeks and days."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    def __str__(self) -> str:
        parts = zip(astuple(self), "YMWD", strict=True)
        return "P" + "".join(f"{number}{unit}" for number, unit in parts if number)

    def after(self, day: date) -> date:
        """Return the last day of the period that starts on a day: 31 January and one month is 28 February."""
        last: date = day + relativedelta(years=self.years, months=self.months, weeks=self.weeks, days=self.days)
        return last


def parse_period(text: str) -> Period:
    """Parse an ISO 8601 duration such as P1Y6M or P90D.

    Raises PeriodInvalid for anything else, for a time of day and for zero.
    """
    found = _PARSED.fullmatch(text)
    period = Period(*(int(number or 0) for number in found.groups())) if found else None
    if period is None or not any(astuple(period)):
        raise PeriodInvalid(text)
    return period


def due_day(triggered_on: date, period: Period, minimum: Period | None = None, maximum: Period | None = None) -> date:
    """Return the last day on which data is kept: the period, but at least the minimum and at most the maximum."""
    last = period.after(triggered_on)
    if maximum is not None:
        last = min(last, maximum.after(triggered_on))
    return max(last, minimum.after(triggered_on)) if minimum is not None else last


def end_of_day(day: date, zone: str) -> datetime:
    """Return the time at which a calendar day of a time zone ends, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def is_never_shorter(period: Period, other: Period) -> bool:
    """Return True if a period lasts at least as long as another, whichever day it starts on.

    P1Y is never shorter than P365D, but P12M and P366D are each shorter on some days.
    """
    return all(map(operator.ge, _last_days(period), _last_days(other)))


@lru_cache(maxsize=64)
def _last_days(period: Period) -> tuple[date, ...]:
    """Return the last day of a period for each day of the sample; a schedule compares the same few periods."""
    return tuple(period.after(_SAMPLE_START + timedelta(days=number)) for number in range(_SAMPLE_DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A stored rule in plain values; ``role`` is empty for every role, ``is_shared`` is True for PakTaleem's rule."""

    id: UUID
    category: str
    purpose: str
    role: str
    is_shared: bool
    starts_at: datetime
    ends_at: datetime | None
    period: Period
    minimum: Period | None = None
    maximum: Period | None = None

    def applies(self, category: str, purpose: str, role: str, at: datetime) -> bool:
        """Return True if the rule is in force at ``at`` for this category, purpose and role."""
        in_force = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return in_force and (self.category, self.purpose) == (category, purpose) and self.role in {"", role}


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """The rule that applies, with PakTaleem's bounds."""

    rule: RuleFacts
    minimum: Period | None
    maximum: Period | None


def resolve_rule(
    rules: Iterable[RuleFacts], *, category: str, purpose: str, role: str, at: datetime
) -> AppliedRule | None:
    """Return the rule that applies at ``at``, or None: then there is a gap, and the data is not due."""
    found = [one for one in rules if one.applies(category, purpose, role, at)]
    if not found:
        return None
    bounding = max((one for one in found if one.is_shared), key=_rank, default=None)
    minimum, maximum = (bounding.minimum, bounding.maximum) if bounding else (None, None)
    return AppliedRule(max(found, key=_rank), minimum, maximum)


def _rank(rule: RuleFacts) -> tuple[bool, bool, datetime]:
    return (not rule.is_shared, rule.role != "", rule.starts_at)
