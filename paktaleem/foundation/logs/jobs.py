"""Adds the job to all lines that the worker logs while it carries the job out."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from procrastinate import App, JobContext


def name_jobs(app: App) -> None:
    """Make every worker of the app name the job in its log lines."""
    app.worker_defaults["worker_middleware"] = [*(app.worker_defaults.get("worker_middleware") or ()), _name_job]


async def _name_job(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: object) -> Any:
    del worker
    job = context.job
    with structlog.contextvars.bound_contextvars(job=job.task_name, job_id=job.id, attempt=job.attempts):
        return await call_next()
