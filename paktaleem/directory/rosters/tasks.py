"""Background jobs of roster imports."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.rosters.importing.uploads import GO_ON, expire_rosters, go_on
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import now_here
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["go_on_with_roster", "throw_away_old_rosters"]


@app.task(name=GO_ON, pass_context=False)
def go_on_with_roster(client: str, roster: str) -> None:
    """Check or import one uploaded roster; run again after it was done, it does nothing."""
    client_id = UUID(client)
    with in_client(client_id):
        go_on(UUID(roster), client=Client.objects.get(id=client_id), at=now_here())


@app.periodic(cron="41 * * * *", periodic_id="expire_rosters")
@app.task(name="subjects.expire_rosters", queueing_lock="subjects.expire_rosters", pass_context=False)
def throw_away_old_rosters(timestamp: int) -> int:
    """Throw away, every hour, what was uploaded a day ago; returns how many."""
    del timestamp
    expired = 0
    with as_officer():
        clients = list(Client.objects.all())
    for client in clients:
        with in_client(client.id):
            expired += expire_rosters(client, at=now_here())
    return expired
