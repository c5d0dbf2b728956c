"""Gauges of the worker's queue."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from paktaleem.foundation.operations.metrics.gauges import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import in_global

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
