"""The worker's part, done at once: the jobs that wait, and those that come of them."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.tenancy.context import in_global

DONE = "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s"


def work(tasks: Mapping[str, Any]) -> None:
    """Do every waiting job of these tasks, by name, once."""
    while True:
        with in_global():
            waiting = list(ProcrastinateJob.objects.filter(task_name__in=tasks, status="todo"))
        if not waiting:
            return
        for job in waiting:
            tasks[job.task_name](**job.args)
            with in_global(), connection.cursor() as cursor:
                cursor.execute(DONE, [job.pk])
