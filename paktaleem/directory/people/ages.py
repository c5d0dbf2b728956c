"""When a person reaches their client's threshold. Pure: days, zones and leap years, no clock.

Ages are stated by sources of different strength, and no source loosens what a stronger one says (decision 0035).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

__all__ = [
    "ADULT_ROLES",
    "STRONGEST_FIRST",
    "AgeSource",
    "Statement",
    "birthday",
    "is_child",
    "may_be_child_until",
    "of_age_at",
    "of_age_by_attestation",
    "of_age_by_check",
    "of_age_by_declaration",
    "stated",
    "weighed",
]


class AgeSource(StrEnum):
    """Who says how old somebody is."""

    BIRTH_DATE = "birth_date"
    """the school's record of the day"""
    ATTESTED = "attested"
    """the school vouches for an age in years"""
    PROVIDER = "provider"
    """a provider checked that they are over, or under, an age (ISO/IEC 27566-1)"""
    DECLARED = "declared"
    """they say so themselves"""


STRONGEST_FIRST = tuple(AgeSource)
ADULT_ROLES = frozenset({"instructor", "administrator"})
"""Roles in which somebody of unknown age counts as an adult."""
_LONGEST_YEAR = timedelta(days=367)
"""A leap year, and a change of the clocks."""


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


def of_age_by_declaration(age: int, *, declared_on: date, threshold: int, time_zone: str) -> datetime | None:
    """Return when someone who declares to be a child is of age for certain; None where they declare to be over.

    A child says thirteen to be let in, so over shows nothing, and how much under shows no day: only that they were
    born by then.
    """
    return None if age >= threshold else _start_of_day(birthday(declared_on, threshold), time_zone)


def of_age_by_check(result: str, years: int, *, checked_on: date, threshold: int, time_zone: str) -> datetime | None:
    """Return when someone is of age whom a provider found ``over`` or ``under`` an age; None where that shows nothing.

    Over less than the threshold, and under more than it, leave both open.
    """
    if result == "over":
        return _start_of_day(checked_on, time_zone) if years >= threshold else None
    return _start_of_day(birthday(checked_on, threshold), time_zone) if years <= threshold else None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says: when the person is of age at the latest, and since when it has said so."""

    source: AgeSource
    of_age_at: datetime
    said_at: datetime

    @property
    def is_of_a_child(self) -> bool:
        """Whether it says that the person was a child when it was made."""
        return self.said_at < self.of_age_at


def weighed(statements: Iterable[Statement]) -> tuple[datetime | None, bool]:
    """Say when somebody is of age by all that is stated, and whether the sources contradict one another.

    The strongest counts, and a weaker one never makes it earlier. But where a weaker one said “a child” when by the
    strongest they were of age, both cannot be right: the age is unknown, which closes, and erases nothing.
    """
    ordered = sorted(statements, key=lambda one: STRONGEST_FIRST.index(one.source))
    if not ordered:
        return None, False
    strongest, *weaker = ordered
    contradicted = any(one.is_of_a_child and strongest.of_age_at <= one.said_at for one in weaker)
    return (None if contradicted else strongest.of_age_at), contradicted


def stated(source: AgeSource, of_age_at: datetime | None, *, on: date, time_zone: str) -> list[Statement]:
    """Give what a source said on a day, as a list to join: empty where it shows nothing."""
    return [] if of_age_at is None else [Statement(source, of_age_at, _start_of_day(on, time_zone))]


def is_child(
    role: str,
    of_age_at: datetime | None,
    *,
    at: datetime,
    serves_minors: bool,
    may_be_until: datetime | None = None,
) -> bool:
    """Say whether somebody is treated as a child at a moment: a guardian decides for them.

    A known child always is one. An unknown age is childhood where the client serves minors, but for roles of adults;
    whatever the role where an age computed for another threshold says that they may be a child (``may_be_until``).
    """
    if of_age_at is not None:
        return at < of_age_at
    if may_be_until is not None and at < may_be_until:
        return True
    return serves_minors and role not in ADULT_ROLES


def may_be_child_until(of_age_at: datetime | None, *, computed_for: int | None, threshold: int) -> datetime | None:
    """Say until when at the latest somebody whose age was computed for another threshold is below this one.

    None where that says nothing, or where it was computed for this one, or depends on none. A threshold raised by
    years adds as many; one lowered takes none away, until the worker has computed the age anew.
    """
    if of_age_at is None or computed_for in {None, threshold}:
        return None
    return of_age_at + max(0, threshold - (computed_for or 0)) * _LONGEST_YEAR


def _start_of_day(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)
