"""The background task that disposes of the portal's own data, kind by kind and client by client, in batches.

Each batch commits, so that a killed run goes on where it stopped.
"""

from datetime import datetime
from functools import cache, partial
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.accounts.selectors import list_client_ids, list_due_clients
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.operations import find_table_policy
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, list_kinds
from paktaleem.foundation.upkeep.periods.services import get_cutoff, record_run

DISPOSE = "periods.dispose"
_AT_ONCE = 5_000


def dispose_of(kind: DataKind) -> int:
    """Dispose of everything of a kind that is due, record the run, and return the number of rows.

    A batch must make progress whenever it returns more than zero. A client that fails does not stop the others: raises
    ExceptionGroup once all are done, and records what was disposed of all the same.
    """
    rows, purge, actor = 0, kind.purge or partial(_delete_rows, kind), system_actor(DISPOSE)

    def purge_client(client_id: UUID) -> None:
        nonlocal rows
        done = 1
        while done:
            with in_client(client_id):
                done = purge(client_id, actor=actor, at=client_now())
            rows += done

    try:
        if kind.purge_all is not None:
            rows = kind.purge_all(wall_clock_now())
        else:
            do_each(_list_clients(kind), purge_client)
    finally:
        with in_client(PAKTALEEM):
            record_run(kind.code, rows=rows, at=wall_clock_now())
    return rows


def _list_clients(kind: DataKind) -> list[UUID]:
    find_due = kind.due
    if find_due is None:
        return list_client_ids()
    due = lambda *, at: find_due(at).order_by().values_list("client_id", flat=True).distinct()  # noqa: E731 -- shorter
    with as_officer():
        return list_due_clients(due, at=wall_clock_now())


@transaction.atomic
def _delete_rows(kind: DataKind, client_id: UUID, *, actor: Actor, at: datetime) -> int:
    del actor, at
    before, rows = get_cutoff(kind.code, at=wall_clock_now()) - kind.margin, 0
    for model, column in _list_tables(kind.code):
        own = model._default_manager.filter(client_id=client_id)
        old = own.filter(**{f"{column}__lte": before}).order_by(column).values("pk")[:_AT_ONCE]
        rows += own.filter(pk__in=old).delete()[0]
    return rows


@cache
def _list_tables(code: str) -> list[tuple[type[Model], str]]:
    own = [(model, find_table_policy(model)) for model in apps.get_models() if not model._meta.proxy]
    return [
        (model, wall.disposed_from) for model, wall in own if wall and wall.disposed_from and wall.disposed_as == code
    ]


_PURGE_JOBS = """
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT j.id FROM procrastinate_jobs j
    WHERE j.status::text = ANY(%(states)s)
        AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %(before)s)
    LIMIT %(most)s
)
"""


def _purge_jobs(code: str, states: list[str], at: datetime) -> int:
    """Delete jobs that ended in one of the states, with their events, as they contain ids of people."""
    with in_client(PAKTALEEM):
        before = get_cutoff(code, at=at)
    rows, done = 0, 1
    while done:
        with in_global(), connection.cursor() as cursor:
            cursor.execute(_PURGE_JOBS, {"states": states, "before": before, "most": _AT_ONCE})
            done = cursor.rowcount
        rows += done
    return rows


JOBS_DONE = DataKind(
    code="jobs_done",
    name=_("Finished jobs of the worker"),
    counted_from=_("The end of the job"),
    disposal=Disposal.ROWS,
    bounds=Bounds(1, 1, 30),
    purge_all=partial(_purge_jobs, "jobs_done", ["succeeded", "cancelled", "aborted"]),
)
JOBS_FAILED = DataKind(
    code="jobs_failed",
    name=_("Failed jobs of the worker"),
    counted_from=_("The end of the job"),
    disposal=Disposal.ROWS,
    bounds=Bounds(30, 1, 365),
    purge_all=partial(_purge_jobs, "jobs_failed", ["failed"]),
)


@app.periodic(cron="17 * * * *", periodic_id="dispose")
@app.task(name=DISPOSE, queueing_lock=DISPOSE, pass_context=False)
def dispose_of_old_data(timestamp: int) -> None:
    """Dispose, every hour, of what is due of every kind; a kind that fails does not stop the others."""
    del timestamp
    do_each([kind for kind in list_kinds() if kind.is_counted], dispose_of)
