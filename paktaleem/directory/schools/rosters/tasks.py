"""Background jobs of roster imports."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.schools.rosters.data_kinds import PURGE_ROSTERS, ROSTER_FILES
from paktaleem.directory.schools.rosters.importing.uploads import (
    RUN_ROSTER_STEP,
    purge_expired_rosters,
    run_roster_step,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import list_client_ids
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.periods.purging import purge_clients


@app.task(name=RUN_ROSTER_STEP, pass_context=False)
def run_roster_step_job(client: str, roster: str) -> None:
    """Check or import one uploaded roster; run again after it was done, it does nothing."""
    client_id = UUID(client)
    with in_client(client_id):
        run_roster_step(UUID(roster), client=Client.objects.get(id=client_id), at=client_now())


@app.periodic(cron="41 * * * *", periodic_id="expire_rosters")
@app.task(name=PURGE_ROSTERS, queueing_lock=PURGE_ROSTERS, pass_context=False)
def purge_old_rosters(timestamp: int) -> int:
    """Delete, every hour, rosters that were uploaded some time ago; return how many."""
    del timestamp
    return purge_clients(ROSTER_FILES, _purge_batch, clients=list_client_ids())


def _purge_batch(client_id: UUID, at: datetime) -> int:
    return purge_expired_rosters(Client.objects.get(pk=client_id), at=at)
