"""Background tasks for people: erasures, ages and uploaded rosters."""

import logging
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.people.services import recompute_ages
from paktaleem.directory.people.services.replay import replay_erasures
from paktaleem.directory.rosters.importing.uploads import GO_ON, expire_rosters, go_on
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.services import RECOMPUTE_AGES
from paktaleem.foundation.clock import now_here, real_now
from paktaleem.foundation.encryption.erasure_list import ListDamaged
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["complete_erasures", "go_on_with_roster", "recompute_ages_of_client", "throw_away_old_rosters"]

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *", periodic_id="complete_erasures")
@app.task(name="subjects.complete_erasures", queueing_lock="subjects.complete_erasures", pass_context=False)
def complete_erasures(timestamp: int) -> None:
    """Complete, within a minute, erasures that were confirmed but whose commit failed."""
    del timestamp
    try:
        done = replay_erasures(at=real_now())
    except ListDamaged:
        log.exception("The erasure list is damaged; requests are refused until the right one is restored.")
        return
    if done:
        log.warning("Completed %d confirmed erasures that the database lacked.", done)


@app.task(name=RECOMPUTE_AGES, pass_context=False)
def recompute_ages_of_client(client: str) -> None:
    """Recompute when a client's people reach the age threshold, in batches; idempotent."""
    client_id, after = UUID(client), None
    while True:
        with in_client(client_id):
            after = recompute_ages(
                Client.objects.get(id=client_id), after=after, actor=system_actor(RECOMPUTE_AGES), at=now_here()
            )
        if after is None:
            return


@app.task(name=GO_ON, pass_context=False)
def go_on_with_roster(client: str, roster: str) -> None:
    """Check or import one uploaded roster; does nothing if it is already done."""
    client_id = UUID(client)
    with in_client(client_id):
        go_on(UUID(roster), client=Client.objects.get(id=client_id), at=now_here())


@app.periodic(cron="41 * * * *", periodic_id="expire_rosters")
@app.task(name="subjects.expire_rosters", queueing_lock="subjects.expire_rosters", pass_context=False)
def throw_away_old_rosters(timestamp: int) -> int:
    """Delete, every hour, rosters uploaded a day ago; return how many."""
    del timestamp
    expired = 0
    with as_officer():
        clients = list(Client.objects.all())
    for client in clients:
        with in_client(client.id):
            expired += expire_rosters(client, at=now_here())
    return expired
