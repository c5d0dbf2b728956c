"""Background tasks of disposals: a sweep of each client a day, and what continues sweeps and batches."""

from datetime import datetime
from uuid import UUID

from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.tasks import each_client, repeat_in_client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from retention.disposals.models import Batch, Stage, Sweep
from retention.disposals.services.batches import (
    CONTINUE,
    SWEEP,
    enqueue_continuation,
    enqueue_sweep,
    flag_chunk,
    start_sweep,
)
from retention.disposals.services.executing import certify_if_answered, order_chunk

CONTINUE_ALL = "disposals.continue_all"


@each_client("disposals.sweep_all", cron="5 19 * * *")
def sweep_all_clients(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Once a day, just after midnight in Pakistan, start a sweep of each client, in a transaction each."""
    start_sweep(client_id, actor=actor, at=at)


@app.task(name=SWEEP, pass_context=False)
def sweep_client(client: str, sweep: str) -> None:
    """Flag the holdings of one sweep, chunk by chunk in a transaction each; idempotent."""
    client_id, key = UUID(client), UUID(sweep)
    sweeps = Sweep.objects.filter(pk=key, client_id=client_id)
    repeat_in_client(client_id, SWEEP, lambda actor, at: flag_chunk(sweeps.get(), actor=actor, at=at))


@app.task(name=CONTINUE, pass_context=False)
def continue_disposal(client: str, batch: str) -> None:
    """Do what is due for one batch: flag, order chunk by chunk in a transaction each, or certify; idempotent."""
    client_id, key = UUID(client), UUID(batch)
    batches = Batch.objects.filter(pk=key, client_id=client_id)
    with in_client(client_id):
        found = batches.get()
    if found.stage == Stage.FLAGGING:
        sweep_client(client, str(found.sweep_id))
    repeat_in_client(client_id, CONTINUE, lambda actor, at: order_chunk(batches.get(), actor=actor, at=at))
    with in_client(client_id):
        certify_if_answered(batches.get(), actor=system_actor(CONTINUE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="disposals_continue_all")
@app.task(name=CONTINUE_ALL, queueing_lock=CONTINUE_ALL, pass_context=False)
def continue_all_disposals(timestamp: int) -> None:
    """Every ten minutes, continue open sweeps and approved batches, also those whose own job failed."""
    del timestamp
    with as_officer():
        sweeps = list(Sweep.objects.filter(ended_at=None).order_by("pk"))
        batches = list(Batch.objects.working().filter(paused_at=None).order_by("pk"))
    rows: list[Sweep | Batch] = [*sweeps, *batches]
    do_each(rows, _enqueue)


def _enqueue(row: Sweep | Batch) -> None:
    with in_client(row.client_id):
        if isinstance(row, Sweep):
            enqueue_sweep(row, unless_queued=True)
        elif row.starts_at is None or row.starts_at <= client_now():
            enqueue_continuation(row, unless_queued=True)
