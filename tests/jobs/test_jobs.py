"""A job exists if and only if its transaction was committed, in a request or in a task."""

from uuid import UUID

import pytest
from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.working import run_worker

ASKS, ASKED, QUEUE = "tests.asks", "tests.asked", "tests"


class Broken(Exception):
    """Aborts a transaction after a job was enqueued."""


@pytest.fixture
def asking():
    def asks(client, fails):
        with in_client(UUID(client)):
            enqueue_job(ASKED, client=client)
            if fails:
                raise Broken

    @app.task(name=ASKS, pass_context=False)
    def asks_and_closes(client, fails):
        try:
            asks(client, fails)
        finally:
            connections.close_all()  # the thread ends with the worker

    yield
    app.tasks.pop(ASKS)


def ask_and_work(client, *, fails=""):
    with in_global():
        enqueue_job(ASKS, client=str(client), fails=fails)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET queue_name = %s WHERE task_name = %s", [QUEUE, ASKS])
    run_worker(QUEUE)


def jobs(name):
    with in_global():
        return list(ProcrastinateJob.objects.filter(task_name=name).values_list("status", flat=True))


def test_a_job_asked_for_by_a_task_is_there_when_the_task_commits(committed, asking):
    ask_and_work(committed.client_id("indus"))
    assert jobs(ASKS) == ["succeeded"]
    assert jobs(ASKED) == ["todo"]


def test_a_job_asked_for_by_a_task_goes_with_the_transaction_that_failed(committed, asking):
    ask_and_work(committed.client_id("indus"), fails="yes")
    assert jobs(ASKS) == ["failed"]
    assert jobs(ASKED) == []


def test_a_job_asked_for_in_a_page_goes_with_the_transaction_that_failed(committed):
    def ask():
        with in_client(committed.client_id("indus")):
            enqueue_job(ASKED)
            raise Broken

    with pytest.raises(Broken):
        ask()
    assert jobs(ASKED) == []
