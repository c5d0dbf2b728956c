"""Do the same for each of many rows in a background task, so that one failure does not stop the others."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog

from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client

log = structlog.stdlib.get_logger(__name__)


def do_each[Item](items: Iterable[Item], act: Callable[[Item], object]) -> None:
    """Call ``act`` for each item, in their order, also after one has failed.

    Each call opens its own context, so only its own transaction is rolled back. Raises ExceptionGroup once all are
    done, with the errors of those that failed, so that the job counts as failed.
    """
    failures: list[Exception] = []
    for item in items:
        try:
            act(item)
        except Exception as error:
            log.exception("One of many could not be done; the others go on.")
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some could not be done.", failures)


def do_for_clients(clients: Iterable[UUID], act: Callable[[UUID, datetime], object]) -> None:
    """Call ``act`` with each client and its time, in the client's context and transaction. Raises as ``do_each``."""

    def act_inside(client_id: UUID) -> None:
        with in_client(client_id):
            act(client_id, client_now())

    do_each(clients, act_inside)
