"""Weeks of the digest: from Monday to Sunday in the client's time zone. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOOK_AHEAD = timedelta(days=56)
"""How far ahead the digest lists what is coming."""
_SENT_FROM = time(6)
"""Time of a client's Monday from which the digest of the week before is sent."""
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One week: its Monday, and the time zone in which its days begin."""

    monday: date
    zone: str

    @property
    def sunday(self) -> date:
        return self.monday + _WEEK - timedelta(days=1)

    @property
    def starts_at(self) -> datetime:
        """The beginning, in UTC."""
        return _start_of_day(self.monday, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The end (exclusive), in UTC."""
        return _start_of_day(self.monday + _WEEK, self.zone)

    def move(self, weeks: int) -> "Week":
        """Return the week that is some weeks later."""
        return Week(self.monday + weeks * _WEEK, self.zone)


def to_week(day: date, zone: str) -> Week:
    """Return the week in which a day is."""
    return Week(day - timedelta(days=day.weekday()), zone)


def find_last_week(at: datetime, zone: str) -> Week:
    """Return the latest complete week."""
    return to_week(at.astimezone(ZoneInfo(zone)).date(), zone).move(-1)


def find_week_to_send(at: datetime, zone: str) -> Week | None:
    """Return the week whose digest is due: the last one, from six o'clock on Monday; None before."""
    here = at.astimezone(ZoneInfo(zone))
    is_early = here.weekday() == 0 and here.time() < _SENT_FROM
    return None if is_early else find_last_week(at, zone)


def _start_of_day(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
