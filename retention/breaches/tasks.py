"""Background tasks: reminders of the 72-hour clock, and letters to the people concerned."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.tasks import each_client, repeat_in_client
from retention.breaches.models import Breach
from retention.breaches.services import INFORM_PEOPLE, inform_batch, remind_of_breaches


def _list_clients(at: datetime) -> list[UUID]:
    return list(Breach.objects.running(at).order_by().values_list("client_id", flat=True).distinct())


@each_client("breaches.remind", cron="*/10 * * * *", due=_list_clients)
def remind_of_all_breaches(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Every ten minutes, remind staff of breaches whose authority is to be notified."""
    remind_of_breaches(client_id, actor=actor, at=at)


@app.task(name=INFORM_PEOPLE, pass_context=False)
def inform_people(client: str, letter: str) -> None:
    """Inform everyone on the list of a letter, in batches; run again after a crash, it goes on where it stopped."""
    client_id, key = UUID(client), UUID(letter)
    repeat_in_client(
        client_id, INFORM_PEOPLE, lambda actor, at: inform_batch(key, client_id=client_id, actor=actor, at=at)
    )
