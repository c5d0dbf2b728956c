"""When a failed order is tried again, and when one counts as stuck. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from paktaleem.directory.data_systems.states import State

__all__ = ["ASK_AGAIN_AFTER", "MOST_ATTEMPTS", "STUCK_AFTER", "retry_at", "spread_of", "stuck_at"]

MOST_ATTEMPTS = 10
"""After so many failures in a row a person must look."""
_FIRST, _LONGEST, _FACTOR = timedelta(minutes=2), timedelta(hours=12), 3
ASK_AGAIN_AFTER = timedelta(seconds=60)
"""How long a system that has nothing to do should wait before it asks again."""

STUCK_AFTER: Mapping[State, timedelta] = {
    State.QUEUED: timedelta(days=1),
    State.SENT: timedelta(days=1),
    State.ACCEPTED: timedelta(days=3),
}
"""How long an order may stay in a state before somebody is told."""


def spread_of(order_id: UUID, attempt: int) -> float:
    """Draw a number in [0, 1) from an order and an attempt: the same always, and different for each order."""
    digest = hashlib.sha256(order_id.bytes + attempt.to_bytes(4)).digest()
    return int.from_bytes(digest[:8]) / 2**64


def retry_at(attempt: int, *, spread: float, at: datetime) -> datetime | None:
    """Return when to try again after the ``attempt``-th failure: from 2 minutes to 12 hours; None after the last.

    Half the time is fixed and half is spread (0 ≤ spread < 1), so that what failed together does not come together.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    wait = min(_FIRST * int(_FACTOR ** (attempt - 1)), _LONGEST)
    return at + wait / 2 + wait / 2 * spread


def stuck_at(state: State | str, *, changed_at: datetime, retry_due_at: datetime | None) -> datetime | None:
    """Return from when on an order counts as stuck if nothing happens: nobody but a person moves it on then.

    At once for one that failed for good; a day after it was due again for one that failed; never for an answered one.
    """
    if state == State.FAILED:
        return changed_at if retry_due_at is None else retry_due_at + STUCK_AFTER[State.QUEUED]
    limit = STUCK_AFTER.get(State(state))
    return None if limit is None else changed_at + limit
