"""Webhook events, their data, the meaning of a subscription, and the database function that lists the events.

An event corresponds to a kind of ledger entry, except ``decision.invalidated`` and ``webhook.test``. The function
``webhooks_events`` is made after every migrate, so that a new event needs no migration. It is a plain query, which the
planner puts into the statement of ``webhooks_tell_entries``.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connections

from paktaleem.foundation.audit.names import ENTRY_KINDS

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
    Event(event.type or entry.kind, entry.kind, event.row, tuple(event.facts.split()), event.is_shared)
    for entry in ENTRY_KINDS
    for event in entry.events
)
"""Every event type that corresponds to a ledger entry, from what apps declare."""


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
    return bool({event, _family(event)} & set(subscribed))


def _family(event: str) -> str:
    return f"{event.partition('.')[0]}.*"


_DROP = "DROP FUNCTION IF EXISTS webhooks_events()"
_CREATE = """
CREATE OR REPLACE FUNCTION webhooks_events()
RETURNS TABLE (type text, kind text, about text, facts text[], is_shared boolean)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT * FROM (VALUES
        {rows}
    ) AS event (type, kind, about, facts, is_shared)
$$
"""


def events_function() -> str:
    """Write the function that lists every event: its type, the ledger entries it follows from, the facts it repeats."""
    rows = []
    for event in EVENTS:
        facts, shared = ", ".join(f"'{fact}'" for fact in event.facts), str(event.is_shared).lower()
        rows.append(f"('{event.type}', '{event.kind}', '{event.row}', ARRAY[{facts}]::text[], {shared})")
    return _CREATE.format(rows=",\n        ".join(rows))


def install_after_migrate(using: str, **_: object) -> None:
    """Make the function anew when the owner has migrated; drop it with the tables (a ``post_migrate`` receiver)."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.webhooks_message') IS NOT NULL")
        [is_there] = cursor.fetchone() or (False,)
        cursor.execute(events_function() if is_there else _DROP)
