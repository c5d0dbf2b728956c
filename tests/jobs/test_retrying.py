"""Jobs of crashed workers are retried, except periodic ones."""

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.operations.tasks import MAX_ATTEMPTS, RETRY_STALLED
from paktaleem.foundation.tenancy.context import in_global
from tests.working import run_worker

DONE, QUEUE, LOCK = "tests.done", "tests", "tests.lock"


@pytest.fixture
def done():
    noted = []

    @app.task(name=DONE, pass_context=False)
    def note(name):
        noted.append(name)

    yield noted
    app.tasks.pop(DONE)


def asked(name, task=DONE):
    with in_global():
        enqueue_job(task, lock=LOCK, name=name)
        job = ProcrastinateJob.objects.filter(task_name=task).latest("id")
        run("UPDATE procrastinate_jobs SET queue_name = %s WHERE id = %s", QUEUE, job.pk)
        return job.pk


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def in_hand(job, *, of_one_heard_of, **columns):
    with in_global(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval) RETURNING id",
            [of_one_heard_of],
        )
        [worker] = cursor.fetchone()
        values = {"status": "doing", "worker_id": worker, **columns}
        setting = ", ".join(f"{name} = %s" for name in values)
        run(f"UPDATE procrastinate_jobs SET {setting} WHERE id = %s", *values.values(), job)  # noqa: S608 -- constant names


def resume():
    with in_global():
        enqueue_job(RETRY_STALLED, timestamp="0")
        run("UPDATE procrastinate_jobs SET queue_name = %s WHERE task_name = %s", QUEUE, RETRY_STALLED)
    while waits():
        run_worker(QUEUE)


def waits():
    with in_global():
        return ProcrastinateJob.objects.filter(queue_name=QUEUE, status="todo").exists()


def status(job):
    with in_global():
        return ProcrastinateJob.objects.values_list("status", flat=True).get(pk=job)


def test_a_job_of_a_dead_worker_is_done_and_lets_go_of_those_behind_it(committed, done):
    taken, behind = asked("taken"), asked("behind")
    in_hand(taken, of_one_heard_of="3 minutes")
    run_worker(QUEUE)
    assert (done, status(behind)) == ([], "todo"), "its lock holds up the next"
    resume()
    assert done == ["taken", "behind"]
    assert (status(taken), status(behind)) == ("succeeded", "succeeded")


def test_a_job_of_a_worker_that_lives_stays_in_its_hands(committed, done):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of="100 seconds")
    resume()
    assert (done, status(taken)) == ([], "doing")


def test_a_job_whose_worker_is_forgotten_is_done(committed, done):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of="1 hour")
    with in_global():
        run("DELETE FROM procrastinate_workers")
    resume()
    assert done == ["taken"]


def test_what_the_timetable_asks_for_is_left_to_it(committed, done):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of="3 minutes", queueing_lock="tests.periodic")
    resume()
    assert (done, status(taken)) == ([], "failed")


def test_a_job_that_workers_die_of_is_given_up(committed, done):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of="3 minutes", attempts=MAX_ATTEMPTS)
    resume()
    assert (done, status(taken)) == ([], "failed")
