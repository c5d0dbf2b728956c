"""Jobs that a worker had in hand when it died are done again by those that live."""

from django.conf import settings
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

__all__ = ["MOST_ATTEMPTS", "RESUME", "resume_jobs"]

RESUME = "worker.resume_jobs"
MOST_ATTEMPTS = 5
"""A job that so many workers died of is not given to another."""


@app.periodic(cron="* * * * *", periodic_id="resume_jobs")
@app.task(name=RESUME, queueing_lock=RESUME, pass_context=True)
async def resume_jobs(context: JobContext, timestamp: int) -> None:
    """Put back, every minute, what dead workers had in hand: until then it would hold up every job of its lock.

    Every task may be done again. What the timetable asked for has failed instead: it asks again by itself.
    """
    del timestamp
    jobs, silence = context.app.job_manager, settings.PROCRASTINATE_WORKER_DEFAULTS["stalled_worker_timeout"]
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=silence):
        if job.queueing_lock is None and job.attempts < MOST_ATTEMPTS:
            await jobs.retry_job(job)
        else:
            await jobs.finish_job(job, Status.FAILED, delete_job=False)
