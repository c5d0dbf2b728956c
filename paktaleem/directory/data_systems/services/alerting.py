"""Find orders that need manual action, once in each state."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction


class NewAlerts(NamedTuple):
    """Number of newly stuck orders: of the client's own systems, and of PakTaleem's."""

    own: int
    ours: int


_RAISE = """
WITH raised AS (
    INSERT INTO systems_orderalert (id, client_id, order_id, state, attempt, raised_at)
    SELECT gen_random_uuid(), o.client_id, o.id, o.state, o.attempts, %(at)s
    FROM systems_order o
    WHERE o.client_id = %(client)s AND o.ended_at IS NULL AND o.stuck_at <= %(at)s
    ON CONFLICT (client_id, order_id, state, attempt) DO NOTHING
    RETURNING order_id
)
SELECT count(*) FILTER (WHERE o.system_owner = o.client_id), count(*) FILTER (WHERE o.system_owner <> o.client_id)
FROM raised r JOIN systems_order o ON o.client_id = %(client)s AND o.id = r.order_id
"""


@transaction.atomic
def raise_alerts(client_id: UUID, *, at: datetime) -> NewAlerts:
    """Record an alert for each of a client's orders that became stuck, in its context.

    One statement. An order that gets stuck again, in another state or attempt, gets a new alert.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"client": client_id, "at": at})
        return NewAlerts(*cursor.fetchone())
