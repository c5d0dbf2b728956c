"""What rooms above do when somebody who counted as an adult turns out to be a child: a registry.

The gate closes at once; what was collected before is theirs to look after (policy §8).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.audit.by import By

__all__ = ["Revealed", "tell_revealed", "when_child_is_revealed"]

type Revealed = Callable[[UUID, Sequence[UUID], By, datetime], None]
"""Told the client, the people, who changed it, and when; in the same transaction."""

_TOLD: list[Revealed] = []


def when_child_is_revealed(act: Revealed) -> Revealed:
    """Have this called with everybody whom one act, or one chunk of a roster, reveals."""
    if act not in _TOLD:
        _TOLD.append(act)
    return act


def tell_revealed(client_id: UUID, people: Sequence[UUID], *, actor: By, at: datetime) -> None:
    """Call all that registered, once for all the people."""
    if people:
        for act in _TOLD:
            act(client_id, people, actor, at)
