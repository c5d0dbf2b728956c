"""When a person reaches their client's age threshold. Pure: dates, time zones and leap years, no clock.

Ages are stated by sources of different strength; a weaker source never overrides a stronger one (decision 0029).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class AgeSource(StrEnum):
    BIRTH_DATE = "birth_date"
    """the school's record of the day"""
    ATTESTED = "attested"
    """the school vouches for an age in years"""
    PROVIDER = "provider"
    """an age-assurance provider found them over or under an age (ISO/IEC 27566-1)"""
    DECLARED = "declared"
    """the person's own declaration"""


STRONGEST_FIRST = tuple(AgeSource)
ADULT_ROLES = frozenset({"instructor", "administrator", "contact"})
"""Roles in which a person of unknown age counts as an adult."""
_LONGEST_YEAR = timedelta(days=367)
"""A leap year plus a change of UTC offset."""


def birthday(birth_date: date, years: int) -> date:
    """Return the day someone turns ``years``; for 29 February the later day, 1 March, which protects the child."""
    year = birth_date.year + years
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def of_age_at(birth_date: date, *, threshold: int, time_zone: str) -> datetime:
    """Return the UTC time at which the birthday begins in the client's time zone."""
    return _start_of_day(birthday(birth_date, threshold), time_zone)


def of_age_by_attestation(age: int, *, attested_on: date, threshold: int, time_zone: str) -> datetime:
    """Return when the threshold is reached at the latest: with a birthday on the day of the attestation."""
    return _start_of_day(birthday(attested_on, max(0, threshold - age)), time_zone)


def of_age_by_declaration(age: int, *, declared_on: date, threshold: int, time_zone: str) -> datetime | None:
    """Return when someone who declares an age below the threshold is of age; None at or above it: children may lie."""
    return None if age >= threshold else _start_of_day(birthday(declared_on, threshold), time_zone)


def of_age_by_check(result: str, years: int, *, checked_on: date, threshold: int, time_zone: str) -> datetime | None:
    """Return when a person found ``over`` or ``under`` an age of ``years`` is of age; None if that is inconclusive."""
    if result == "over":
        return _start_of_day(checked_on, time_zone) if years >= threshold else None
    return _start_of_day(birthday(checked_on, threshold), time_zone) if years <= threshold else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One source's statement: when the person is of age at the latest, and when it was made."""

    source: AgeSource
    of_age_at: datetime
    said_at: datetime

    @property
    def is_of_a_child(self) -> bool:
        return self.said_at < self.of_age_at


def combine_statements(statements: Iterable[Statement]) -> tuple[datetime | None, bool]:
    """Return when a person is of age by all statements, and True if the statements contradict one another.

    The strongest source counts. If a weaker source said “child” when the person was of age by it, the age counts as
    unknown: that closes the age gate and erases nothing.
    """
    ordered = sorted(statements, key=lambda one: STRONGEST_FIRST.index(one.source))
    if not ordered:
        return None, False
    strongest, *weaker = ordered
    contradicted = any(one.is_of_a_child and strongest.of_age_at <= one.said_at for one in weaker)
    return (None if contradicted else strongest.of_age_at), contradicted


def to_statements(source: AgeSource, of_age_at: datetime | None, *, on: date, time_zone: str) -> list[Statement]:
    return [] if of_age_at is None else [Statement(source, of_age_at, _start_of_day(on, time_zone))]


def is_child(
    roles: Iterable[str],
    of_age_at: datetime | None,
    *,
    at: datetime,
    serves_minors: bool,
    may_be_until: datetime | None = None,
) -> bool:
    """Return True if a guardian decides for the person at a time (policy §8; GDPR Art. 8(1)).

    A known child always counts. A person of unknown age counts where the client serves minors, unless every one of all
    ``roles`` is an adult's; in any role while, by another threshold, they may be a child (``may_be_until``).
    """
    if of_age_at is not None:
        return at < of_age_at
    if may_be_until is not None and at < may_be_until:
        return True
    return serves_minors and not ADULT_ROLES.issuperset(roles)


def may_be_child_until(of_age_at: datetime | None, *, computed_for: int | None, threshold: int) -> datetime | None:
    """Return until when at the latest a person may be below the threshold, if their age was computed for another.

    Each year by which the threshold was raised adds the longest possible year. A lowered threshold changes nothing
    until the worker recomputes the age.
    """
    if of_age_at is None or computed_for in {None, threshold}:
        return None
    return of_age_at + max(0, threshold - (computed_for or 0)) * _LONGEST_YEAR


def _start_of_day(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)
