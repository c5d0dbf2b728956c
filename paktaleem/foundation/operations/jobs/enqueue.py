"""Enqueue background jobs in the caller's own transaction.

A job is a row that commits or rolls back together with the change that needs it. Procrastinate's own ``defer`` does so
in a web process only: inside the worker it uses a separate connection pool, so a job deferred by a task would survive
the task's rollback.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db.models import Q
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client

if TYPE_CHECKING:
    from procrastinate.types import JSONDict


_queue = JobManager(DjangoConnector())


def enqueue_job(
    task: str,
    *,
    lock: str | None = None,
    due_at: datetime | None = None,
    unless_queued: bool = False,
    **arguments: str | None,
) -> None:
    """Enqueue a task by its declared name; the worker runs it once the caller's transaction has committed.

    Arguments are ids, codes and keyed hashes, never personal data. Jobs with the same ``lock`` run one after the
    other; no job starts before ``due_at``. ``unless_queued`` is for tasks that look for unfinished work again and
    again: nothing is enqueued while a job with the same arguments waits that may start now.
    """
    if unless_queued and _is_queued(task, arguments):
        return
    configure_task(name=task, job_manager=_queue, lock=lock, schedule_at=due_at, task_kwargs={**arguments}).defer()


def _is_queued(task: str, arguments: Mapping[str, str | None]) -> bool:
    waiting = ProcrastinateJob.objects.filter(task_name=task, status=Status.TODO.value, args=arguments)
    return waiting.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=wall_clock_now())).exists()


def enqueue_jobs(task: str, jobs: Iterable[Mapping[str, str | None]]) -> None:
    """Enqueue a task once for each set of arguments, in one statement; otherwise as ``enqueue_job``."""
    given: list[JSONDict] = [{**arguments} for arguments in jobs]
    configure_task(name=task, job_manager=_queue).batch_defer(*given)


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
