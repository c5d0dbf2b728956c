"""The doctor's checks of the worker and its queue."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis.lines import Line, fine, name_some, to_mend, to_watch
from paktaleem.foundation.operations.tasks import list_periodic_tasks
from paktaleem.foundation.tenancy.context import in_global

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
    """Yield how many workers are alive by their heartbeat."""
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
