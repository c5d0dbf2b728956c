"""Background task that purges old concerns."""

from procrastinate.contrib.django import app

from children.concerns.services import clients_with_old_concerns, purge_concerns
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client

__all__ = ["purge_old_concerns"]

FORGET = "concerns.forget"


@app.periodic(cron="52 3 * * *", periodic_id="forget_old_concerns")
@app.task(name=FORGET, queueing_lock=FORGET, pass_context=False)
def purge_old_concerns(timestamp: int) -> None:
    """Every night, destroy the keys and texts of concerns answered long ago."""
    del timestamp
    with as_officer():
        clients = list_due_clients(clients_with_old_concerns, at=wall_clock_now())
    for client_id in clients:
        with in_client(client_id):
            purge_concerns(client_id, actor=system_actor(FORGET), at=client_now())
