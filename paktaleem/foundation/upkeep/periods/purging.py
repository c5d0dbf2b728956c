"""Run a disposal client by client, in batches; each batch commits, so that a killed run goes on where it stopped."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.selectors import list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs.enqueue import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.services import record_run


def purge_clients(
    kind: str,
    batch: Callable[[UUID, datetime], int],
    *,
    clients: Iterable[UUID] | None = None,
    due: Callable[..., Iterable[UUID]] | None = None,
) -> int:
    """Call ``batch`` for each client until nothing is due, record the run, and return the number of rows.

    ``batch`` gets a client and its time, runs in its context and transaction, and returns how many rows it disposed of;
    it must make progress whenever it returns more than zero. The clients are ``clients``, or those that ``due`` finds
    and sandboxes whose clock is ahead. A client that fails does not stop the others: raises ExceptionGroup once all
    are done, and records what was disposed of all the same.
    """
    rows = 0

    def purge(client_id: UUID) -> None:
        nonlocal rows
        while done := _run_batch(batch, client_id):
            rows += done

    try:
        do_each(_find_clients(clients, due), purge)
    finally:
        record_disposal(kind, rows=rows)
    return rows


def record_disposal(kind: str, *, rows: int) -> None:
    """Record a run that was not made client by client."""
    with in_client(PAKTALEEM):
        record_run(kind, rows=rows, at=wall_clock_now())


def _find_clients(clients: Iterable[UUID] | None, due: Callable[..., Iterable[UUID]] | None) -> list[UUID]:
    if due is None:
        return list(clients or ())
    with as_officer():
        return list_due_clients(due, at=wall_clock_now())


def _run_batch(batch: Callable[[UUID, datetime], int], client_id: UUID) -> int:
    with in_client(client_id):
        return batch(client_id, client_now())
