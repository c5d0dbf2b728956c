"""Common parts of the services of disposals: locking a batch, its facts in the ledger, and its errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from retention.disposals.models.batches import Batch, Stage

PARENT = "disposal"
"""The kind of case that the orders of a batch serve."""
CONTINUE = "disposals.continue"
"""The task that continues a batch."""


class BatchMovedOn(PortalError):
    """The batch is in a stage that does not allow this, because someone or the worker was faster."""

    console_message = "The disposal has moved on in the meantime: check it again."


def lock_batch(batch_id: UUID, *, client_id: UUID) -> Batch:
    """Return a batch, locked until the end of the transaction."""
    found: Batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch_id, client_id=client_id)
    return found


def require_stage(batch: Batch, *stages: Stage) -> None:
    """Raise BatchMovedOn unless the batch is in one of these stages."""
    if batch.stage not in stages:
        raise BatchMovedOn


def record_batch(
    kind: str, batch: Batch, actor: Actor, at: datetime, *, facts: Mapping[str, Any] | None = None
) -> None:
    """Record a step of a batch in the ledger; ``facts`` are codes, ids, counts and times."""
    case = {"kind": batch.case_kind, "id": str(batch.case_id)} if batch.case_id else None
    about = {
        "disposal": str(batch.pk),
        "ground": batch.ground,
        "decider": batch.decider,
        "size": batch.size,
        "case": case,
        **(facts or {}),
    }
    record_entry(kind, client_id=batch.client_id, facts=about, actor=actor, at=at)


def execute(statement: str, values: Mapping[str, Any]) -> int:
    """Execute a statement; return the number of rows it wrote or returned."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    return written


@contextmanager
def joined_at_once() -> Iterator[None]:
    """Have PostgreSQL join the tables of a chunk by hash or merge, in statements in this block, not row by row.

    Every table has the condition of the chunk; the planner multiplies them, takes a chunk for one row, and would
    compare each of its thousands of holdings with each other one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def fetch(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
