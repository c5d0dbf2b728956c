"""Run background jobs at once: the waiting jobs, and the jobs they create."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.foundation.tenancy.context import in_global

DONE = "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s"


def work(tasks: Mapping[str, Any]) -> None:
    """Run every waiting job of these tasks, by name, once."""
    while True:
        with in_global():
            waiting = list(ProcrastinateJob.objects.filter(task_name__in=tasks, status="todo"))
        if not waiting:
            return
        for job in waiting:
            tasks[job.task_name](**job.args)
            with in_global(), connection.cursor() as cursor:
                cursor.execute(DONE, [job.pk])


def run_worker(*queues: str) -> None:
    """Run the real worker in this process, with its own connection, until these queues are empty."""

    async def run() -> None:
        async with app.open_async():
            await app.run_worker_async(queues=[*queues], wait=False, install_signal_handlers=False, listen_notify=False)

    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()), connections_closed_after_each_job():
        asyncio.run(run())


@contextmanager
def connections_closed_after_each_job() -> Iterator[None]:
    """Close the connections of the worker's threads after each job, since nothing else would."""
    kept = {alias: values["CONN_MAX_AGE"] for alias, values in connections.databases.items()}
    try:
        for alias in kept:
            connections.databases[alias]["CONN_MAX_AGE"] = 0
        yield
    finally:
        for alias, seconds in kept.items():
            connections.databases[alias]["CONN_MAX_AGE"] = seconds
