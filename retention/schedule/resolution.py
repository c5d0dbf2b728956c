"""Retention periods of the calendar. Pure.

A period runs from the day of its trigger in the client's time zone. That day is not counted, and the period ends with
the last hour of its last day (Regulation (EEC, Euratom) 1182/71, article 3). A month ends on the same day of the month,
or on the month's last day if it is shorter. Daylight saving time moves no day.
"""

import operator
import re
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from functools import lru_cache

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
    """Parse an ISO 8601 duration of whole days, such as P1Y6M or P90D, above zero. Raises PeriodInvalid."""
    found = _PARSED.fullmatch(text)
    period = Period(*(int(number or 0) for number in found.groups())) if found else None
    if period is None or not any(astuple(period)):
        raise PeriodInvalid(text)
    return period


def is_never_shorter(period: Period, other: Period) -> bool:
    """Return True if a period is at least as long as another, whichever day both start on, such as P1Y and P365D."""
    return all(map(operator.ge, _last_days(period), _last_days(other)))


@lru_cache(maxsize=64)
def _last_days(period: Period) -> tuple[date, ...]:
    """Return the last day of a period for each day of the sample; a schedule compares the same few periods."""
    return tuple(period.after(_SAMPLE_START + timedelta(days=number)) for number in range(_SAMPLE_DAYS))
