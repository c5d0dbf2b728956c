"""When a failed order is tried again, and when an order counts as stuck. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from paktaleem.directory.data_systems.states import State

MOST_ATTEMPTS = 10
"""Number of failures in a row after which a person must act."""
_FIRST, _LONGEST, _FACTOR = timedelta(minutes=2), timedelta(hours=12), 3
ASK_AGAIN_AFTER = timedelta(seconds=60)
"""How long a system without open orders should wait before the next request."""

STUCK_AFTER: Mapping[State, timedelta] = {
    State.QUEUED: timedelta(days=1),
    State.SENT: timedelta(days=1),
    State.ACCEPTED: timedelta(days=3),
    State.DISPUTED: timedelta(),
}
"""How long an order may stay in a state before an alert is sent."""


def spread_of(order_id: UUID, attempt: int) -> float:
    """Return a number in [0, 1) derived from an order and an attempt, to spread retries deterministically."""
    digest = hashlib.sha256(order_id.bytes + attempt.to_bytes(4)).digest()
    return int.from_bytes(digest[:8]) / 2**64


def retry_at(attempt: int, *, spread: float, at: datetime) -> datetime | None:
    """Return when to try again after the ``attempt``-th failure, from 2 minutes to 12 hours; None after the last.

    Half of the wait is fixed and half is spread (0 ≤ spread < 1), so that orders that failed together are not retried
    together.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    wait = min(_FIRST * int(_FACTOR ** (attempt - 1)), _LONGEST)
    return at + wait / 2 + wait / 2 * spread


def stuck_at(state: State | str, *, changed_at: datetime, retry_due_at: datetime | None) -> datetime | None:
    """Return when an order counts as stuck and needs manual action, if nothing happens.

    At once for an order that failed permanently; a day after its retry was due for one that failed; None for an
    answered one.
    """
    if state == State.FAILED:
        return changed_at if retry_due_at is None else retry_due_at + STUCK_AFTER[State.QUEUED]
    limit = STUCK_AFTER.get(State(state))
    return None if limit is None else changed_at + limit
