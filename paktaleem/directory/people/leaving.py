"""What rooms above must see to before a person's key is destroyed, in the same transaction: a registry."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["before_erasure", "see_to_what_leaves"]

type Leaving = Callable[[Subject, Actor, datetime], None]

_SEEN_TO: list[Leaving] = []


def before_erasure(leaving: Leaving) -> Leaving:
    """Have this called, with the person as they still are, before every erasure and every replay of one.

    It may not refuse: an erasure is completed, whatever else is under way.
    """
    if leaving not in _SEEN_TO:
        _SEEN_TO.append(leaving)
    return leaving


def see_to_what_leaves(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """Call all that registered."""
    for leaving in _SEEN_TO:
        leaving(subject, actor, at)
