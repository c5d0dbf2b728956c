"""What rooms above must do once a change reveals that somebody is a child, in the same transaction: a registry."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.accounts.actors import Actor
from paktaleem.subjects.models import Subject

__all__ = ["is_revealed", "see_to_revealed_child", "when_child_is_revealed"]

type Revealed = Callable[[Subject, Actor, datetime], None]

_SEEN_TO: list[Revealed] = []


def when_child_is_revealed(revealed: Revealed) -> Revealed:
    """Have this called with everybody who was taken for an adult, or for nobody's age, and is known to be a child."""
    if revealed not in _SEEN_TO:
        _SEEN_TO.append(revealed)
    return revealed


def is_revealed(before: datetime | None, after: datetime | None, *, at: datetime) -> bool:
    """Say whether coming of age at ``after``, not ``before``, makes a child of somebody not known as one."""
    return after is not None and at < after and (before is None or before <= at)


def see_to_revealed_child(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """Call all that registered."""
    for revealed in _SEEN_TO:
        revealed(subject, actor, at)
