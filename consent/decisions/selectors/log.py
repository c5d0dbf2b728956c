"""The decision log since a position, without gaps.

As in ``changes``, a row is returned only when every older transaction has ended. A count that grows moves to the end of
the order, so that a reader sees it again with its new number.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from consent.decisions.models import DecisionLogSetting, LogMode
from consent.decisions.selectors.changes import Position
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability


class LogEntry(NamedTuple):
    """A count of an hour, or one decision with its time and the pseudonym of the person."""

    id: UUID
    at: datetime
    key: UUID
    purpose: str
    action: str
    reason: str
    number: int
    pseudonym: UUID | None


class LogPage(NamedTuple):
    """A page of entries in order, the position after it, and whether there are more."""

    entries: list[LogEntry]
    position: Position
    has_more: bool


_SINCE = """
SELECT id, {columns}, xact FROM {table}
WHERE client_id = %(client)s AND (xact, id) > (%(xact)s, %(last)s)
    AND xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xact, id LIMIT %(most)s
"""
_COUNTS = _SINCE.format(
    table="consent_decisioncount", columns="hour, key_id, purpose, action, reason, number, NULL::uuid"
)
_DECISIONS = _SINCE.format(table="consent_loggeddecision", columns="at, key_id, purpose, action, reason, 1, pseudonym")


def get_log_mode(client_id: UUID) -> LogMode:
    """Return what is logged of a client's decisions; counts, unless it has set something else."""
    mode = DecisionLogSetting.objects.filter(client_id=client_id).values_list("mode", flat=True).first()
    return LogMode.COUNTS if mode is None else LogMode(mode)


def list_log_since(actor: Actor, client_id: UUID, mode: LogMode, position: Position, *, most: int) -> LogPage:
    """List counts, or single decisions for ``LogMode.EVERY``, after a position, at most ``most``. Raises NotAllowed."""
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    with connection.cursor() as cursor:
        sql = _DECISIONS if mode is LogMode.EVERY else _COUNTS
        cursor.execute(sql, {"client": client_id, "xact": position.xact, "last": position.last, "most": most + 1})
        rows = cursor.fetchall()
    page = rows[:most]
    after = Position(position.cluster, page[-1][-1], page[-1][0]) if page else position
    return LogPage([LogEntry(*row[:-1]) for row in page], after, len(rows) > most)
