"""The job queue: jobs enqueued in the caller's own transaction, and its checks and gauges.

A job is a row that commits or rolls back together with the change that needs it. Procrastinate's own ``defer`` does so
in a web process only: inside the worker it uses a separate connection pool, so a job deferred by a task would survive
the task's rollback.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Q
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, name_some, to_mend, to_watch
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.operations.tasks import list_periodic_tasks
from paktaleem.foundation.tenancy.context import in_client, in_global

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
    waiting = ProcrastinateJob.objects.filter(task_name=task, status=Status.TODO.value, args=arguments)
    may_start = Q(scheduled_at=None) | Q(scheduled_at__lte=wall_clock_now())
    if unless_queued and waiting.filter(may_start).exists():
        return
    configure_task(name=task, job_manager=_queue, lock=lock, schedule_at=due_at, task_kwargs={**arguments}).defer()


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


LONGEST_WAIT = timedelta(minutes=15)
"""A job that is due longer than this is late."""
_COUNT_WORKERS = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %s"
_COUNT_LATE = """
SELECT count(*) FROM procrastinate_jobs job WHERE status = 'todo'
   AND coalesce(scheduled_at, (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id)) < %s
"""
_COUNT_FAILED = """
SELECT task_name, count(*), min(id) FROM procrastinate_jobs failed
 WHERE status = 'failed' AND NOT (task_name = ANY(%s) AND EXISTS (
       SELECT FROM procrastinate_jobs later
        WHERE later.task_name = failed.task_name AND later.status = 'succeeded' AND later.id > failed.id))
 GROUP BY 1 ORDER BY 2 DESC, 1
"""


def check_worker() -> Iterator[Line]:
    silence = timedelta(seconds=settings.PROCRASTINATE_WORKER_DEFAULTS["stalled_worker_timeout"])
    [(workers,)] = _read(_COUNT_WORKERS, wall_clock_now() - silence)
    if workers:
        yield fine("worker", f"{workers} at work")
    else:
        seen = f"none has reported in {silence.total_seconds():.0f} seconds: no messages, reminders or disposals"
        yield to_mend("worker", seen, "Start: manage.py procrastinate worker")


def check_queue() -> Iterator[Line]:
    """Yield how many jobs have been due for longer than LONGEST_WAIT."""
    [(late,)] = _read(_COUNT_LATE, wall_clock_now() - LONGEST_WAIT)
    if late:
        minutes = LONGEST_WAIT.total_seconds() / 60
        seen = f"{late:,} jobs are due for more than {minutes:.0f} minutes"
        yield to_watch("queue", seen, "Start another worker, or find the job that blocks its lock.")
    else:
        yield fine("queue", "no job is late")


def check_failed_jobs() -> Iterator[Line]:
    """Yield the tasks that failed, most failures first, and how they run again; a kill counts as a failure too.

    A periodic task that succeeded since is in order. Officers' period for failed jobs removes the rest.
    """
    periodic = list_periodic_tasks()
    failed = _read(_COUNT_FAILED, periodic)
    if not failed:
        yield fine("failed jobs", "none")
        return
    seen = name_some([f"{task} ({count:,})" for task, count, _ in failed])
    retried = [f"retry {job_id}" for task, _, job_id in failed if task not in periodic]
    remedy = "The worker's log has the errors. Periodic tasks run again at their next time."
    if retried:
        remedy += f" Run the others again, one by one: manage.py procrastinate shell, then {name_some(retried)}."
    yield to_watch("failed jobs", seen, remedy)


def _read(query: str, *values: datetime | list[str]) -> list[tuple[object, ...]]:
    with in_global(), connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[object, ...]] = cursor.fetchall()
    return rows


_QUERY = """
WITH due AS (
    SELECT coalesce(scheduled_at, (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id)) AS since
      FROM procrastinate_jobs job
     WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= %(at)s
     ORDER BY id LIMIT %(most)s
)
SELECT (SELECT count(*) FROM due),
       coalesce(extract(epoch FROM %(at)s - (SELECT min(since) FROM due)), 0)::float,
       (SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status = 'failed' LIMIT %(most)s) AS failed),
       (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %(alive)s)
"""


def read_queue(at: datetime) -> Iterator[Gauge]:
    """Yield the length of the queue, the age of its oldest job, failed jobs, and workers."""
    silence = timedelta(seconds=settings.PROCRASTINATE_WORKER_DEFAULTS["stalled_worker_timeout"])
    values: dict[str, datetime | int] = {"at": at, "alive": at - silence, "most": MOST_COUNTED}
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_QUERY, values)
        [(waiting, oldest, failed, workers)] = cursor.fetchall()
    yield Gauge("jobs_waiting", "Jobs that are due and not yet started.", waiting)
    yield Gauge("jobs_oldest_seconds", "How long the oldest due job has waited.", max(oldest, 0.0))
    yield Gauge("jobs_failed", "Failed jobs that are still stored.", failed)
    yield Gauge("workers", "Workers that have reported lately.", workers)
