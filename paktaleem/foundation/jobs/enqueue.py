"""Handing work to the worker: the one place where a job is put into its queue.

A job is a row written in the caller's own transaction: what needed it and the job commit together or not at all. The
library's ``defer`` does so in a web process alone: within the worker its application is bound to a pool of the
worker's own, so that a job asked for there would outlive the rollback of the task that asked.
"""

from datetime import datetime

from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

__all__ = ["enqueue_job"]

_queue = JobManager(DjangoConnector())


def enqueue_job(task: str, *, lock: str | None = None, due_at: datetime | None = None, **arguments: str | None) -> None:
    """Have the worker do a task, named as it is declared, once the caller's transaction has committed.

    The arguments are ids, codes and keyed hashes, never personal data. Jobs under one ``lock`` are done one after the
    other; none is begun before ``due_at``.
    """
    configure_task(name=task, job_manager=_queue, lock=lock, schedule_at=due_at, task_kwargs={**arguments}).defer()
