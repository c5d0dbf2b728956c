"""Background task that purges the worker's queue."""

from datetime import datetime

from django.db import connection
from procrastinate.contrib.django import app

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.own_kinds import JOBS_DONE, JOBS_FAILED, PURGE_FINISHED
from paktaleem.foundation.upkeep.periods.purging import record_disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

_STATES = {JOBS_DONE: ["succeeded", "cancelled", "aborted"], JOBS_FAILED: ["failed"]}
_AT_ONCE = 5_000
_PURGE = """
DELETE FROM procrastinate_jobs WHERE id IN (
    SELECT j.id FROM procrastinate_jobs j
    WHERE j.status::text = ANY(%(states)s)
        AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at >= %(before)s)
    LIMIT %(most)s
)
"""


@app.periodic(cron="47 * * * *", periodic_id="forget_jobs")
@app.task(name=PURGE_FINISHED, queueing_lock=PURGE_FINISHED, pass_context=False)
def purge_jobs(timestamp: int) -> None:
    """Purge finished jobs and their events every hour, as they contain ids of people.

    Failed jobs are kept longer, for diagnosis. Pending and running jobs are never deleted.
    """
    del timestamp
    for kind, states in _STATES.items():
        with in_client(PAKTALEEM):
            before = get_cutoff(kind, at=wall_clock_now())
        rows = 0
        while done := _purge_batch(states, before):
            rows += done
        record_disposal(kind, rows=rows)


def _purge_batch(states: list[str], before: datetime) -> int:
    with in_global(), connection.cursor() as cursor:
        cursor.execute(_PURGE, {"states": states, "before": before, "most": _AT_ONCE})
        return int(cursor.rowcount)
