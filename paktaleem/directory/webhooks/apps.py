"""Django app of webhooks, and the database function ``webhooks_events``, made from the catalogue of acts and events.

It is made after every migrate, so that a new event needs no migration. It is a plain query, which the planner puts
into the statement of ``webhooks_tell_entries``.
"""

from django.db import connections
from django.db.models.signals import post_migrate

from paktaleem.directory.webhooks.events import EVENTS
from paktaleem.foundation.operations import extensions

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


class WebhooksConfig(extensions.PortalAppConfig):
    """Webhook endpoints, the events sent to them, and the log of deliveries."""

    name = "paktaleem.directory.webhooks"
    verbose_name = "webhooks"
    handlers = (
        (
            "paktaleem.foundation.operations.metrics.gauge_readers",
            "paktaleem.directory.webhooks.selectors.read_webhooks",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.doctor_checks",
            "paktaleem.directory.webhooks.selectors.check_webhooks",
        ),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "paktaleem.directory.webhooks.services.MESSAGES"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.webhooks.services.ENDPOINT_SECRETS",
        ),
    )

    def ready(self) -> None:
        super().ready()
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="webhooks.catalogue")
