"""Periodic tasks that do the same for one client after the other."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from uuid import UUID

from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.client_services import adopt_law
from paktaleem.foundation.accounts.selectors import list_client_ids, list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_for_clients
from paktaleem.foundation.tenancy.context import as_officer, in_client

type ClientWork = Callable[[UUID, Actor, datetime], object]
type DueClients = Callable[..., Iterable[UUID]]


def each_client(
    name: str, *, cron: str, due: DueClients | None = None
) -> Callable[[ClientWork], Task[[int], None, []]]:
    """Declare ``work(client_id, actor, at)`` as a periodic task of this name, called in the context of each client.

    Each client has its own time and transaction, and one that fails does not stop the others. With ``due`` only the
    clients that it finds have their turn, and sandboxes whose clock is ahead. The task is the actor.
    """

    def declare(work: ClientWork) -> Task[[int], None, []]:
        @app.periodic(cron=cron, periodic_id=name)
        @app.task(name=name, queueing_lock=name, pass_context=False)
        @wraps(work)
        def run(timestamp: int) -> None:
            del timestamp
            if due is None:
                clients = list_client_ids()
            else:
                with as_officer():
                    clients = list_due_clients(due, at=wall_clock_now())
            do_for_clients(clients, lambda client_id, at: work(client_id, system_actor(name), at))

        return run

    return declare


def repeat_in_client(client_id: UUID, name: str, step: Callable[[Actor, datetime], object]) -> None:
    """Call ``step`` in one transaction after the other until it returns False, 0 or None; ``name``: the task."""
    more: object = True
    while more:
        with in_client(client_id):
            more = step(system_actor(name), client_now())


@each_client("clients.adopt_law", cron="3 * * * *")
def adopt_law_of_client(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Let a new period of a law profile take effect for the ages of a client, within an hour of its first day."""
    adopt_law(client_id, actor=actor, at=at)
