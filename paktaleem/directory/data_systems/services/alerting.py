"""Noticing orders that nobody but a person moves on, each once in each state."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

__all__ = ["Raised", "raise_alerts"]


class Raised(NamedTuple):
    """How many orders were newly found stuck: of the client's own systems, and of PakTaleem's."""

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
def raise_alerts(client_id: UUID, *, at: datetime) -> Raised:
    """Note every order of a client that has become stuck since the last look, by one statement, in its context.

    An order that moves on and stands still again, in another state or attempt, is noted anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, {"client": client_id, "at": at})
        return Raised(*cursor.fetchone())
