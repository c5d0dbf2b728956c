"""Background tasks of answers on paper."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from consent.paper.data_kinds import EXPIRE, UNMATCHED
from consent.paper.services.sheets import (
    CONFIRM_MATCHED,
    clients_with_unmatched,
    confirm_batch,
    expire_unmatched,
    find_limit_of_sheet,
)
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.periods.purging import purge_clients


@app.task(name=CONFIRM_MATCHED, pass_context=False)
def confirm_matched_rows(client: str, sheet: str) -> None:
    """Confirm the matched rows of a sheet, one transaction per person, within the schools of the uploader.

    Idempotent.
    """
    client_id, after = UUID(client), 0
    with in_client(client_id):
        limit = find_limit_of_sheet(UUID(sheet))
    while True:
        with in_client(client_id, schools=limit):
            found = confirm_batch(UUID(sheet), client=Client.objects.get(id=client_id), after=after, at=client_now())
        if found is None:
            return
        after = found


@app.periodic(cron="23 * * * *", periodic_id="expire_unmatched")
@app.task(name=EXPIRE, queueing_lock=EXPIRE, pass_context=False)
def expire_old_rows(timestamp: int) -> int:
    """Expire, every hour, old unmatched rows of answer sheets; return how many."""
    del timestamp
    return purge_clients(UNMATCHED, _expire_batch, due=clients_with_unmatched)


def _expire_batch(client_id: UUID, at: datetime) -> int:
    return expire_unmatched(client_id, actor=system_actor(EXPIRE), at=at)
