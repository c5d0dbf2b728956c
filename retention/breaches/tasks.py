"""Background tasks: reminders of the 72-hour clock, and letters to the people concerned."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client
from retention.breaches.models import Breach
from retention.breaches.services.letters import INFORM_PEOPLE, inform_batch, remind_of_breaches

REMIND = "breaches.remind"


@app.periodic(cron="*/10 * * * *", periodic_id="breaches_remind")
@app.task(name=REMIND, queueing_lock=REMIND, pass_context=False)
def remind_of_all_breaches(timestamp: int) -> None:
    """Every ten minutes, remind staff of breaches whose authority is to be notified."""
    del timestamp
    with as_officer():
        clients = list_due_clients(_list_clients, at=wall_clock_now())
    do_for_clients(clients, lambda client_id, at: remind_of_breaches(client_id, actor=system_actor(REMIND), at=at))


def _list_clients(at: datetime) -> list[UUID]:
    return list(Breach.objects.running(at).order_by().values_list("client_id", flat=True).distinct())


@app.task(name=INFORM_PEOPLE, pass_context=False)
def inform_people(client: str, letter: str) -> None:
    """Inform everyone on the list of a letter, in batches; run again after a crash, it goes on where it stopped."""
    count, client_id = 1, UUID(client)
    while count:
        with in_client(client_id):
            count = inform_batch(UUID(letter), client_id=client_id, actor=system_actor(INFORM_PEOPLE), at=client_now())
