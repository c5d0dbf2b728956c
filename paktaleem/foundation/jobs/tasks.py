"""Background tasks that retry jobs of crashed workers and purge finished jobs."""

from django.conf import settings
from procrastinate import JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

__all__ = ["MAX_ATTEMPTS", "PURGE_FINISHED", "RETRY_STALLED", "purge_jobs", "retry_stalled_jobs"]

PURGE_FINISHED, RETRY_STALLED = "worker.forget_jobs", "worker.resume_jobs"
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


@app.periodic(cron="47 * * * *", periodic_id="forget_jobs")
@app.task(name=PURGE_FINISHED, queueing_lock=PURGE_FINISHED, pass_context=True)
async def purge_jobs(context: JobContext, timestamp: int) -> None:
    """Purge finished jobs every hour, as they contain ids of people.

    Failed jobs are kept longer, for diagnosis. Pending and running jobs are never deleted.
    """
    del timestamp
    done, failed = 24 * settings.JOBS_KEPT_DAYS, 24 * settings.JOBS_FAILED_KEPT_DAYS
    await remove_old_jobs(context, max_hours=done, remove_cancelled=True, remove_aborted=True)
    await remove_old_jobs(context, max_hours=failed, remove_failed=True)
