"""Hooks for when a person who counted as an adult is found to be a child.

The age gate closes at once; the other apps handle the data collected before (policy §8).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.audit.by import By

__all__ = ["Revealed", "tell_revealed", "when_child_is_revealed"]

type Revealed = Callable[[UUID, Sequence[UUID], By, datetime], None]
"""Called with the client, the people, the actor and the time, in the same transaction."""

_CALLBACKS: list[Revealed] = []


def when_child_is_revealed(act: Revealed) -> Revealed:
    """Register a callback that receives all people whom one act, or one chunk of a roster, reveals as children."""
    if act not in _CALLBACKS:
        _CALLBACKS.append(act)
    return act


def tell_revealed(client_id: UUID, people: Sequence[UUID], *, actor: By, at: datetime) -> None:
    """Run all registered callbacks once for all the people."""
    if people:
        for act in _CALLBACKS:
            act(client_id, people, actor, at)
