"""Background task that retries jobs of crashed workers."""

# Jobs of a dead worker run again after two minutes without a sign, so every task may run twice. Thirty seconds, the
# library's limit, is less than a living worker under load may need.

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

RETRY_STALLED = "worker.resume_jobs"
MAX_ATTEMPTS = 5
"""A job is not retried after this many crashed workers."""


@app.periodic(cron="* * * * *", periodic_id="resume_jobs")
@app.task(name=RETRY_STALLED, queueing_lock=RETRY_STALLED, pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Retry, every minute, the jobs of crashed workers, which would otherwise block all jobs with the same lock.

    Every task is safe to repeat. Periodic jobs fail instead, as they are enqueued again on schedule.
    """
    del timestamp
    jobs, silence = context.app.job_manager, settings.PROCRASTINATE_WORKER_DEFAULTS["stalled_worker_timeout"]
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=silence):
        if job.queueing_lock is None and job.attempts < MAX_ATTEMPTS:
            await jobs.retry_job(job)
        else:
            await jobs.finish_job(job, Status.FAILED, delete_job=False)


def list_periodic_tasks() -> list[str]:
    """Return the names of the tasks that run again at their next time, by name."""
    return sorted({entry.task.name for entry in app.periodic_registry.periodic_tasks.values()})
