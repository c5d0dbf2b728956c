"""When a delivery is tried again, how long a receiver is left alone, and when it is given up. Pure.

The waits are those that Standard Webhooks 1.0 gives as an example: ten attempts over about three days. They are
spread by chance so that receivers which failed together are not asked together.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

__all__ = ["ATTEMPTS", "LIFE", "WAITS", "Outcome", "Verdict", "after", "judge", "rest_after", "wish_of"]

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each failed attempt but the last."""
ATTEMPTS = len(WAITS) + 1
LIFE = sum(WAITS, timedelta())
"""How long a receiver may go on asking for less: three days, as long as for those that fail."""
_SPREAD = 0.2
_LONGEST_WISH = timedelta(days=1)
_SHORTEST_REST, _LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
_THROTTLING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
_ASKED_TO_WAIT = timedelta(minutes=1)


class Outcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    THROTTLED = "throttled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, and for how long the receiver wants to be left alone."""

    outcome: Outcome
    wish: timedelta = timedelta()


def judge(status: int, retry_after: str, at: datetime) -> Verdict:
    """Judge an answer: 2xx is delivered, 410 is gone for good, 429, 502 and 504 ask for less; the rest has failed."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict(Outcome.DELIVERED)
    if status == HTTPStatus.GONE:
        return Verdict(Outcome.GONE)
    wish = wish_of(retry_after, at)
    if status in _THROTTLING:
        return Verdict(Outcome.THROTTLED, wish or _ASKED_TO_WAIT)
    return Verdict(Outcome.FAILED, wish)


def wish_of(retry_after: str, at: datetime) -> timedelta:
    """Read Retry-After, seconds or a date (RFC 9110 §10.2.3): a day at most, nothing if it cannot be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) <= len("86400000"):
        asked = timedelta(seconds=int(text))
    else:
        try:
            until = parsedate_to_datetime(text)
            asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
        except (ValueError, TypeError, OverflowError):
            return timedelta()
    return min(max(asked, timedelta()), _LONGEST_WISH)


def after(attempts: int, *, chance: float) -> timedelta | None:
    """Say how long to wait after so many failed attempts, spread by ``chance`` in [0, 1); None: it is given up."""
    if attempts >= ATTEMPTS:
        return None
    return WAITS[attempts - 1] * (1 + _SPREAD * (2 * chance - 1))


def rest_after(failures: int, *, wish: timedelta, chance: float) -> timedelta:
    """Say how long a receiver that failed so many times in a row is not asked at all, whatever else waits for it.

    So a dead one costs one attempt now and then, and not one for each of a thousand messages.
    """
    rest: timedelta = min(_SHORTEST_REST * 2 ** min(failures - 1, 10), _LONGEST_REST)
    return max(rest * (1 + _SPREAD * (2 * chance - 1)), wish)
