"""Pre-erasure hooks: what apps above do before a person's key is destroyed, in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = ["before_erasure", "run_pre_erasure_hooks"]

type PreErasureHook = Callable[[Subject, Actor, datetime], None]

before_erasure: ExtensionPoint[PreErasureHook] = ExtensionPoint(
    "people.before_erasure", "Called with a person before every erasure and every replay of one. It may not refuse."
)


def run_pre_erasure_hooks(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """Call every pre-erasure hook with the person as they still are."""
    for hook in before_erasure:
        hook(subject, actor, at)
