"""Pre-erasure hooks: callbacks run before a person's key is destroyed, in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["before_erasure", "see_to_what_leaves"]

type ErasureHook = Callable[[Subject, Actor, datetime], None]

_HOOKS: list[ErasureHook] = []


def before_erasure(hook: ErasureHook) -> ErasureHook:
    """Register a callback for every erasure, and every replay of one, while the person's data still exists.

    The callback must not refuse: an erasure is always completed.
    """
    if hook not in _HOOKS:
        _HOOKS.append(hook)
    return hook


def see_to_what_leaves(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """Run all registered pre-erasure hooks."""
    for hook in _HOOKS:
        hook(subject, actor, at)
