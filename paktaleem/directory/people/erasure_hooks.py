"""Extension points of an erasure: its start, whether it still waits, its locks, and the end of the key."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.people.models import Erasure, Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint

__all__ = [
    "before_erasure",
    "erasure_blockers",
    "erasure_locks",
    "erasure_started",
    "is_waiting",
    "report_started_erasure",
    "run_pre_erasure_hooks",
    "take_locks",
]

type PreErasureHook = Callable[[Subject, Actor, datetime], None]
type StartedHandler = Callable[[Erasure, Actor, datetime], None]
type ErasureBlocker = Callable[[Erasure], bool]
type ErasureLock = Callable[[Subject], None]

erasure_started: ExtensionPoint[StartedHandler] = ExtensionPoint(
    "people.erasure_started",
    "Called in the transaction that confirms an erasure, to issue its orders, and again before the key is destroyed.",
)
erasure_blockers: ExtensionPoint[ErasureBlocker] = ExtensionPoint(
    "people.erasure_blockers", "Asked whether an erasure still waits for an answer before the key may be destroyed."
)
erasure_locks: ExtensionPoint[ErasureLock] = ExtensionPoint(
    "people.erasure_locks", "Called before a person is locked for erasure, with rows that others lock before a person."
)
before_erasure: ExtensionPoint[PreErasureHook] = ExtensionPoint(
    "people.before_erasure", "Called with a person before every erasure and every replay of one. It may not refuse."
)


def report_started_erasure(erasure: Erasure, *, actor: Actor, at: datetime) -> None:
    """Call every handler with an erasure that was just confirmed, or whose key is to be destroyed."""
    for handler in erasure_started:
        handler(erasure, actor, at)


def is_waiting(erasure: Erasure) -> bool:
    """Return True if an erasure still waits for an answer."""
    return any(blocks(erasure) for blocks in erasure_blockers)


def take_locks(subject: Subject) -> None:
    """Take the locks that precede the lock of the person, so that an erasure and an answer do not deadlock."""
    for lock in erasure_locks:
        lock(subject)


def run_pre_erasure_hooks(subject: Subject, *, actor: Actor, at: datetime) -> None:
    """Call every pre-erasure hook with the person as they still are."""
    for hook in before_erasure:
        hook(subject, actor, at)
