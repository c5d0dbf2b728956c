"""Background jobs of roster imports."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.rosters.importing.uploads import (
    RUN_ROSTER_STEP,
    purge_expired_rosters,
    run_roster_step,
)
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["purge_old_rosters", "run_roster_step_job"]


@app.task(name=RUN_ROSTER_STEP, pass_context=False)
def run_roster_step_job(client: str, roster: str) -> None:
    """Check or import one uploaded roster; run again after it was done, it does nothing."""
    client_id = UUID(client)
    with in_client(client_id):
        run_roster_step(UUID(roster), client=Client.objects.get(id=client_id), at=client_now())


@app.periodic(cron="41 * * * *", periodic_id="expire_rosters")
@app.task(name="subjects.expire_rosters", queueing_lock="subjects.expire_rosters", pass_context=False)
def purge_old_rosters(timestamp: int) -> int:
    """Throw away, every hour, what was uploaded a day ago; returns how many."""
    del timestamp
    expired = 0
    with as_officer():
        clients = list(Client.objects.all())
    for client in clients:
        with in_client(client.id):
            expired += purge_expired_rosters(client, at=client_now())
    return expired
