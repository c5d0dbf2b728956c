"""Ways into a client for its staff: a password, unless it does not count there, and what apps above add."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.operations.extensions.points import ExtensionPoint


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Whether passwords count at a client, and which members of its staff (ids of users) need none."""

    passwords: bool = True
    without_password: frozenset[UUID] = frozenset()


ways_in: ExtensionPoint[Callable[[UUID, Collection[UUID], datetime], WaysIn]] = ExtensionPoint(
    "accounts.ways_in", "Ways into a client for these members of its staff; called in the context of the client."
)


def list_ways_in(client_id: UUID, user_ids: Collection[UUID], *, at: datetime) -> WaysIn:
    """Return whether passwords count at a client, and which of these users get in without; in its context."""
    found = [rule(client_id, user_ids, at) for rule in ways_in]
    return WaysIn(
        all(one.passwords for one in found), frozenset[UUID]().union(*(one.without_password for one in found))
    )
