"""When a person reaches their client's threshold. Pure: days, zones and leap years, no clock."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

__all__ = ["birthday", "of_age_at", "of_age_by_attestation"]


def birthday(birth_date: date, years: int) -> date:
    """Return the day on which someone turns ``years``; of those born on 29 February, 1 March in a common year.

    The later day protects the child: nobody counts as of age a day too early.
    """
    year = birth_date.year + years
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def of_age_at(birth_date: date, *, threshold: int, time_zone: str) -> datetime:
    """Return the moment, in UTC, at which the birthday begins in the client's zone."""
    return _start_of_day(birthday(birth_date, threshold), time_zone)


def of_age_by_attestation(age: int, *, attested_on: date, threshold: int, time_zone: str) -> datetime:
    """Return the latest moment at which someone attested to be ``age`` years old reaches the threshold.

    Only the age is known, not the birthday: they may have turned ``age`` on the very day it was attested.
    """
    return _start_of_day(birthday(attested_on, max(0, threshold - age)), time_zone)


def _start_of_day(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)
