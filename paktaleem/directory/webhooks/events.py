"""Webhook events, their data, and the meaning of a subscription. Pure.

An event corresponds to a kind of ledger entry (``audit.acts``), except ``decision.invalidated`` and ``webhook.test``.
"""

from collections.abc import Iterable
from typing import NamedTuple

from paktaleem.foundation.audit.acts import ACTS

INVALIDATED = "decision.invalidated"
TEST = "webhook.test"


class Event(NamedTuple):
    """One event type: its ledger entry (of which row), the facts it repeats; ``is_shared``: of every client."""

    type: str
    kind: str
    row: str = ""
    facts: tuple[str, ...] = ()
    is_shared: bool = False


EVENTS = tuple(
    Event(event.type or act.kind, act.kind, event.row, event.facts, event.is_shared)
    for act in ACTS
    for event in act.events
)
"""Every event type that corresponds to a ledger entry, from the catalogue of acts."""


class EventUnknown(ValueError):
    """There is no such event; the argument names it."""


def patterns() -> list[str]:
    """List what can be subscribed to: every type, and every family as ``family.*``."""
    types = [*(event.type for event in EVENTS), INVALIDATED]
    return sorted({*types, *(_family(name) for name in types)})


def check_patterns(subscribed: Iterable[str]) -> list[str]:
    """Return a subscription sorted and without duplicates. Raises EventUnknown."""
    known = set(patterns())
    for one in subscribed:
        if one not in known:
            raise EventUnknown(one)
    return sorted(set(subscribed))


def is_subscribed(event: str, subscribed: Iterable[str]) -> bool:
    """Return True if a subscription includes an event."""
    return bool({event, _family(event)} & set(subscribed))


def _family(event: str) -> str:
    return f"{event.partition('.')[0]}.*"
