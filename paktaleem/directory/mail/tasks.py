"""Background tasks for messages."""

from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.directory.mail.delivery import deliver_letter
from paktaleem.directory.mail.services import DELIVER, clients_with_forgotten, queue_again
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import clients_to_look_at
from paktaleem.foundation.clock import now_here, real_now
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["deliver", "pick_up_forgotten"]


@app.task(name=DELIVER, pass_context=False)
def deliver(client: str, letter: str) -> None:
    """Attempt to deliver one message; does nothing once it is sent."""
    client_id = UUID(client)
    with in_client(client_id):
        deliver_letter(UUID(letter), client_id=client_id, actor=system_actor(DELIVER), at=now_here())


@app.periodic(cron="*/5 * * * *", periodic_id="pick_up_forgotten")
@app.task(name="mail.pick_up_forgotten", queueing_lock="mail.pick_up_forgotten", pass_context=False)
def pick_up_forgotten(timestamp: int) -> None:
    """Enqueue stalled messages again, every five minutes."""
    del timestamp
    with as_officer():
        clients = clients_to_look_at(clients_with_forgotten, at=real_now())
    for client_id in clients:
        with in_client(client_id):
            queue_again(client_id, at=now_here())
