"""Retry schedule, back-off of a failing receiver, and when a delivery is given up. Pure.

The waits are the example of Standard Webhooks 1.0: ten attempts over about three days. They are randomised, so that
receivers which failed together are not retried together.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

_HOURS = tuple(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24))
WAITS = (timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), *_HOURS)
"""Wait after each failed attempt except the last."""
ATTEMPTS = len(WAITS) + 1
LIFE = sum(WAITS, timedelta())
"""How long a receiver may throttle: about three days, as long as failing deliveries are retried."""
_SPREAD = 0.2
_LONGEST_RETRY_AFTER = timedelta(days=1)
_SHORTEST_REST, _LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
_THROTTLING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
_DEFAULT_THROTTLE = timedelta(minutes=1)


class Outcome(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"
    THROTTLED = "throttled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, and how long the receiver asked to wait."""

    outcome: Outcome
    wish: timedelta = timedelta()


def classify_response(status: int, retry_after: str, at: datetime) -> Verdict:
    """Classify a response by its HTTP status number (Standard Webhooks 1.0)."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict(Outcome.DELIVERED)
    if status == HTTPStatus.GONE:
        return Verdict(Outcome.GONE)
    wish = parse_retry_after(retry_after, at)
    if status in _THROTTLING:
        return Verdict(Outcome.THROTTLED, wish or _DEFAULT_THROTTLE)
    return Verdict(Outcome.FAILED, wish)


def parse_retry_after(retry_after: str, at: datetime) -> timedelta:
    """Parse Retry-After, in seconds or as a date (RFC 9110 §10.2.3): at most one day, zero if unreadable."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) <= len("86400000"):
        requested = timedelta(seconds=int(text))
    else:
        try:
            until = parsedate_to_datetime(text)
            requested = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
        except (ValueError, TypeError, OverflowError):
            return timedelta()
    return min(max(requested, timedelta()), _LONGEST_RETRY_AFTER)


def retry_wait(attempts: int, *, chance: float) -> timedelta | None:
    """Return the wait after a number of failed attempts, randomised by ``chance`` in [0, 1); None: give up."""
    if attempts >= ATTEMPTS:
        return None
    return WAITS[attempts - 1] * (1 + _SPREAD * (2 * chance - 1))


def back_off_after(failures: int, *, wish: timedelta, chance: float) -> timedelta:
    """Return the exponential back-off (5 s to 5 min) after failures in a row, at least the receiver's ``wish``."""
    rest: timedelta = min(_SHORTEST_REST * 2 ** min(failures - 1, 10), _LONGEST_REST)
    return max(rest * (1 + _SPREAD * (2 * chance - 1)), wish)
