"""Background jobs of roster imports."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.schools.rosters.importing.uploads import RUN_ROSTER_STEP, run_roster_step
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client


@app.task(name=RUN_ROSTER_STEP, pass_context=False)
def run_roster_step_job(client: str, roster: str) -> None:
    """Check or import one uploaded roster; run again after it was done, it does nothing."""
    client_id = UUID(client)
    with in_client(client_id):
        run_roster_step(UUID(roster), client=Client.objects.get(id=client_id), at=client_now())
