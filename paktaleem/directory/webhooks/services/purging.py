"""Delete old messages with their deliveries (decision 0025)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from paktaleem.foundation.clock import to_client_clock

AT_ONCE = 5_000
"""Maximum number of messages deleted in one transaction."""

_PURGE = """
WITH old AS (
    SELECT m.id FROM webhooks_message m
    WHERE m.client_id = %(client)s AND m.happened_at < %(happened_before)s
        AND (NOT m.is_shared OR m.spread_at IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM webhooks_delivery d
            JOIN webhooks_endpoint e ON e.client_id = d.client_id AND e.id = d.endpoint_id
            WHERE d.client_id = m.client_id AND d.message_id = m.id AND (
                d.queued_at >= %(queued_before)s OR d.state = 'waiting'
                    AND e.removed_at IS NULL AND (e.disabled_at IS NULL OR e.disabled_at >= %(queued_before)s)
            )
        )
    ORDER BY m.happened_at LIMIT %(most)s
), sent AS (
    SELECT d.id FROM webhooks_delivery d JOIN old ON d.client_id = %(client)s AND d.message_id = old.id
), attempts AS (
    DELETE FROM webhooks_attempt a USING sent WHERE a.client_id = %(client)s AND a.delivery_id = sent.id
), deliveries AS (
    DELETE FROM webhooks_delivery d USING sent WHERE d.client_id = %(client)s AND d.id = sent.id
)
DELETE FROM webhooks_message m USING old WHERE m.client_id = %(client)s AND m.id = old.id
"""


@transaction.atomic
def purge_messages(client_id: UUID, *, before: datetime, most: int = AT_ONCE) -> int:
    """Delete messages from before a time, with their deliveries and attempts; return how many (decision 0025).

    One statement in the client's context deletes at most ``most``: call it again while it deletes that many. Messages
    still waiting for delivery, sent again since, or to be copied to other clients are kept; but nothing waits for an
    endpoint that was removed, or disabled before that time. ``before`` is real time, as are deliveries; events are
    compared on the client's clock.
    """
    values: dict[str, Any] = {
        "client": client_id,
        "happened_before": to_client_clock(before),
        "queued_before": before,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PURGE, values)
        return int(cursor.rowcount)
