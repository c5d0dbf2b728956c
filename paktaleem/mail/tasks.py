"""What the worker does about letters."""

from uuid import UUID

from django.db.models import Q
from procrastinate.contrib.django import app

from paktaleem.accounts.actors import system_actor
from paktaleem.clock import now_here, real_now
from paktaleem.mail.delivery import deliver_letter
from paktaleem.mail.models import Letter, LetterState
from paktaleem.mail.services import DELIVER, GRACE, queue_again
from paktaleem.tenancy.context import as_officer, in_client

__all__ = ["deliver", "pick_up_forgotten"]


@app.task(name=DELIVER, pass_context=False)
def deliver(client: str, letter: str) -> None:
    """Make one attempt at one letter; run again after it was sent, it does nothing."""
    client_id = UUID(client)
    with in_client(client_id):
        deliver_letter(UUID(letter), client_id=client_id, actor=system_actor(DELIVER), at=now_here())


@app.periodic(cron="*/5 * * * *", periodic_id="pick_up_forgotten")
@app.task(name="mail.pick_up_forgotten", queueing_lock="mail.pick_up_forgotten", pass_context=False)
def pick_up_forgotten(timestamp: int) -> None:
    """Enqueue again, every five minutes, letters whose job died with its worker."""
    del timestamp
    at = real_now()
    with as_officer():
        forgotten = Q(due_at__lt=at - GRACE) | Q(client__is_sandbox=True)  # whose clock may stand ahead
        waiting = Letter.objects.filter(forgotten, state=LetterState.QUEUED)
        clients = list(waiting.order_by().values_list("client_id", flat=True).distinct())
    for client_id in clients:
        with in_client(client_id):
            queue_again(client_id, at=now_here())
