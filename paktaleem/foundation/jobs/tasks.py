"""Jobs that a worker had in hand when it died are done again by those that live; those that ended are thrown away."""

from django.conf import settings
from procrastinate import JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

__all__ = ["FORGET", "MOST_ATTEMPTS", "RESUME", "forget_jobs", "resume_jobs"]

FORGET, RESUME = "worker.forget_jobs", "worker.resume_jobs"
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


@app.periodic(cron="47 * * * *", periodic_id="forget_jobs")
@app.task(name=FORGET, queueing_lock=FORGET, pass_context=True)
async def forget_jobs(context: JobContext, timestamp: int) -> None:
    """Throw away, every hour, jobs that ended long ago, with what became of them: they hold ids of people.

    One that failed stays longer, so that somebody can look why. What waits or is being done is never touched.
    """
    del timestamp
    done, failed = 24 * settings.JOBS_KEPT_DAYS, 24 * settings.JOBS_FAILED_KEPT_DAYS
    await remove_old_jobs(context, max_hours=done, remove_cancelled=True, remove_aborted=True)
    await remove_old_jobs(context, max_hours=failed, remove_failed=True)
