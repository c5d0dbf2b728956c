"""Background task that makes evidence about people who were erased long ago anonymous."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from procrastinate.contrib.django import app

from paktaleem.directory.staff.administration.data_kinds import EVIDENCE, PURGE_EVIDENCE, list_linked_evidence
from paktaleem.foundation.upkeep.periods.purging import purge_clients

_AT_ONCE = 5_000
_UNLINK = """
UPDATE subjects_subject SET tombstone = uuid_send(gen_random_uuid())
WHERE client_id = %(client)s AND id = ANY(%(people)s)
"""


@app.periodic(cron="52 2 * * *", periodic_id="unlink_evidence")
@app.task(name=PURGE_EVIDENCE, queueing_lock=PURGE_EVIDENCE, pass_context=False)
def unlink_old_evidence(timestamp: int) -> int:
    """Every night, replace the tombstones of people who were erased long ago by random values; return how many.

    A tombstone, a keyed hash of the LMS id, is the last link from the evidence to the person. Evidence is append-only
    and stays; without the link it is about no one.
    """
    del timestamp
    return purge_clients(EVIDENCE, _unlink_batch, due=_list_clients)


def _list_clients(*, at: datetime) -> list[UUID]:
    return list(list_linked_evidence(at).order_by().values_list("client_id", flat=True).distinct())


def _unlink_batch(client_id: UUID, at: datetime) -> int:
    """Unlink up to 5,000 people; the tombstone is in no history, so the table is written in one statement."""
    due = list_linked_evidence(at).filter(client_id=client_id).order_by("pk")
    people = list(due.values_list("pk", flat=True)[:_AT_ONCE])
    with connection.cursor() as cursor:
        cursor.execute(_UNLINK, {"client": client_id, "people": people})
        return int(cursor.rowcount)
