"""The risk of a breach for people, and the 72-hour clock. Pure.

Regulation (EU) 2016/679: the authority is notified unless a risk is unlikely (Art. 33(1)); people are informed if the
risk is high (Art. 34(1)). EDPB Guidelines 9/2022, section IV: likelihood and severity.

The authority is notified without undue delay and, where feasible, not later than 72 hours after the controller became
aware of the breach (GDPR Art. 33(1)). The hours are real hours: weekends and changes of the clock do not matter
(Regulation (EEC, Euratom) 1182/71, article 3).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

_HIGH = {("likely", "serious"), ("likely", "severe"), ("possible", "severe")}


def suggest_outcome(likelihood: str, severity: str) -> str:
    """Return who should be informed: no one only if harm is unlikely and minor, people if the risk is high."""
    if (likelihood, severity) in _HIGH:
        return "people"
    return "none" if (likelihood, severity) == ("unlikely", "minor") else "authority"


NOTIFY_WITHIN = timedelta(hours=72)
MARKS = (48, 24, 12, 0)
"""Hours left at which staff are reminded; 0 is the deadline itself."""
_HOUR = timedelta(hours=1)


def get_deadline(known_at: datetime) -> datetime:
    """Return the time by which the authority is notified."""
    return known_at + NOTIFY_WITHIN


def whole_hours_left(known_at: datetime, at: datetime) -> int:
    """Return the whole hours left at ``at``, rounded down; negative once the deadline has passed."""
    return (get_deadline(known_at) - at) // _HOUR


def is_late(known_at: datetime, at: datetime) -> bool:
    """Return True if a notification at ``at`` must state the reasons for the delay (GDPR Art. 33(1))."""
    return at > get_deadline(known_at)


def find_due_mark(known_at: datetime, at: datetime, *, done: Collection[int]) -> int | None:
    """Return the most urgent mark that was reached by ``at``, unless it or a more urgent one is ``done``."""
    left = get_deadline(known_at) - at
    mark = min((mark for mark in MARKS if left <= mark * _HOUR), default=None)
    return None if mark is None or (done and min(done) <= mark) else mark
