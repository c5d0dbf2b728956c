"""Rate limits: an attempt is counted at once, even if the request is rolled back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

__all__ = ["ATTEMPT_LIMITS", "REQUEST_LIMITS", "RIGHTS_ATTEMPT_LIMITS", "Limit", "count_attempt"]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` attempts in the period ``within`` per ``what``."""

    what: str
    times: int
    within: timedelta


REQUEST_LIMITS = (
    Limit("ask/address+ip", 3, timedelta(hours=1)),
    Limit("ask/address", 10, timedelta(days=1)),
    Limit("ask/ip", 20, timedelta(hours=1)),
)
"""Requests for a code: per contact and IP address, per contact, per IP address."""
ATTEMPT_LIMITS = (
    Limit("try/address+ip", 5, timedelta(minutes=10)),
    Limit("try/address", 30, timedelta(days=1)),
    Limit("try/ip", 50, timedelta(hours=1)),
)
"""Attempts to enter a code; requesting another code does not reset the count."""
RIGHTS_ATTEMPT_LIMITS = (Limit("try-rights/address", 5, timedelta(days=1)), *ATTEMPT_LIMITS)
"""Attempts to enter a code for rights requests: five a day for each contact, however many codes are requested."""


def count_attempt(limits: Iterable[Limit], *, address: str, ip: str) -> bool:
    """Count one attempt under each limit, up to the first that is reached; return True if none was reached.

    Each limit is a number of expiring slots. Taking one is a single atomic statement, so that concurrent attempts
    cannot exceed the limit.
    """
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    return all(_take_slot(limit, keys[limit.what.partition("/")[2]]) for limit in limits)


def _take_slot(limit: Limit, key: str) -> bool:
    seconds = int(limit.within.total_seconds())
    return any(cache.add(f"doors/{limit.what}/{key}/{slot}", 1, timeout=seconds) for slot in range(limit.times))
