"""How often something may be tried: counted at once, whatever becomes of the request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache

__all__ = ["ASKING", "TRYING", "Limit", "take_slots"]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` within ``within``, of one ``what``."""

    what: str
    times: int
    within: timedelta


ASKING = (
    Limit("ask/address+ip", 3, timedelta(hours=1)),
    Limit("ask/address", 10, timedelta(days=1)),
    Limit("ask/ip", 20, timedelta(hours=1)),
)
"""Asking for a code: of an address from one IP address, of the address from anywhere, of the IP address."""
TRYING = (
    Limit("try/address+ip", 5, timedelta(minutes=10)),
    Limit("try/address", 30, timedelta(days=1)),
    Limit("try/ip", 50, timedelta(hours=1)),
)
"""Trying a code: asking for another one begins no new count."""


def take_slots(limits: Iterable[Limit], *, address: str, ip: str) -> bool:
    """Count one attempt under each limit, up to the first that is full; say whether all of them had room.

    Each limit is a number of slots that expire; taking one is a single atomic statement, so that of any number of
    attempts at once no more pass than there are slots.
    """
    keys = {"address+ip": f"{address}/{ip}", "address": address, "ip": ip}
    return all(_take(limit, keys[limit.what.partition("/")[2]]) for limit in limits)


def _take(limit: Limit, key: str) -> bool:
    seconds = int(limit.within.total_seconds())
    return any(cache.add(f"doors/{limit.what}/{key}/{slot}", 1, timeout=seconds) for slot in range(limit.times))
