"""The database function ``webhooks_events``, made from the one catalogue of acts and events.

It is made after every migrate, so that a new event needs no migration. It is a plain query, which the planner puts
into the statement of ``webhooks_tell_entries``.
"""

from django.db import connections

from paktaleem.directory.webhooks.events import EVENTS, Event

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
    return _CREATE.format(rows=",\n        ".join(_row(event) for event in EVENTS))


def _row(event: Event) -> str:
    facts = ", ".join(f"'{fact}'" for fact in event.facts)
    shared = str(event.is_shared).lower()
    return f"('{event.type}', '{event.kind}', '{event.row}', ARRAY[{facts}]::text[], {shared})"


def install_after_migrate(using: str, **_: object) -> None:
    """Make the function anew when the owner has migrated; drop it with the tables (a ``post_migrate`` receiver)."""
    if using != "owner":
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.webhooks_message') IS NOT NULL")
        [is_there] = cursor.fetchone() or (False,)
        cursor.execute(events_function() if is_there else _DROP)
