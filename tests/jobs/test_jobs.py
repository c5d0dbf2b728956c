"""A job exists if its transaction was committed; failed rows, purging, and jobs of crashed workers."""

from datetime import UTC
from uuid import UUID

import pytest
from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import do_each, do_for_clients, enqueue_job
from paktaleem.foundation.operations.tasks import MAX_ATTEMPTS, RETRY_STALLED
from paktaleem.foundation.tenancy.context import current_client, in_client, in_global
from paktaleem.foundation.upkeep.periods.tasks import DISPOSE
from tests.factories import SETTING_UP
from tests.keeping import set_period
from tests.working import run_worker

ASKS, ASKED = "tests.asks", "tests.asked"
QUEUE = "tests"
TASK = "tests.of_long_ago"
ENDED = ("succeeded", "failed", "cancelled", "aborted")
DONE, LOCK = "tests.done", "tests.lock"


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


def test_the_others_are_done_in_order_and_the_error_is_raised_at_the_end():
    done: list[int] = []

    def act(number):
        done.append(number)
        if number in {1, 3}:
            raise ValueError(number)

    with pytest.raises(ExceptionGroup) as raised:
        do_each([1, 2, 3, 4], act)
    assert done == [1, 2, 3, 4]
    assert [error.args for error in raised.value.exceptions] == [(1,), (3,)]


def test_without_a_failure_no_error_is_raised():
    done: list[int] = []
    do_each([1, 2], done.append)
    assert done == [1, 2]


def test_each_client_has_its_own_context_and_a_failure_undoes_only_its_own_work(cast):
    indus, khyber = cast.client_id("indus"), cast.client_id("khyber")

    def act(client_id, at):
        assert (current_client(), at.tzinfo) == (client_id, UTC)
        record_entry("activity.reported", client_id=client_id, facts={}, actor=SETTING_UP, at=at)
        if client_id == indus:
            raise ValueError

    with pytest.raises(ExceptionGroup):
        do_for_clients([indus, khyber], act)
    for client_id in (indus, khyber):
        with in_client(client_id):
            is_recorded = Entry.objects.filter(kind="activity.reported", client_id=client_id).exists()
        assert is_recorded is (client_id == khyber)


def job_of(status, *, days):
    with in_global(), connection.cursor() as cursor:
        enqueue_job(TASK, subject=status)
        job = ProcrastinateJob.objects.filter(task_name=TASK).latest("id").pk
        for step in {"todo": (), "doing": ("doing",)}.get(status, ("doing", status)):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [step, job])
        cursor.execute(
            "UPDATE procrastinate_events SET at = at - make_interval(days => %s) WHERE job_id = %s", [days, job]
        )
        return job


def forget():
    with in_global(), connection.cursor() as cursor:
        enqueue_job(DISPOSE, timestamp="0")
        cursor.execute("UPDATE procrastinate_jobs SET queue_name = %s WHERE task_name = %s", [QUEUE, DISPOSE])
    run_worker(QUEUE)


def left():
    with in_global():
        found = list(ProcrastinateJob.objects.filter(task_name=TASK).values_list("status", flat=True))
        jobs = set(ProcrastinateJob.objects.values_list("pk", flat=True))
        assert set(ProcrastinateEvent.objects.values_list("job_id", flat=True)) == jobs
    return sorted(found)


def test_the_timetable_asks_for_it_every_hour():
    assert [one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task.name == DISPOSE] == [
        "17 * * * *"
    ]


@pytest.mark.parametrize(("days", "kept"), [(0, {*ENDED}), (2, {"failed"}), (29, {"failed"}), (31, set())])
def test_what_ended_goes_and_what_failed_goes_later(committed, days, kept):
    for status in (*ENDED, "todo", "doing"):
        job_of(status, days=days)
    forget()
    assert left() == sorted({*kept, "todo", "doing"})


def test_both_periods_can_change(committed):
    set_period("jobs_done", 5)
    set_period("jobs_failed", 10)
    for status, days in (("succeeded", 4), ("failed", 9)):
        job_of(status, days=days)
    forget()
    assert left() == ["failed", "succeeded"]
    for status, days in (("succeeded", 6), ("failed", 11)):
        job_of(status, days=days)
    forget()
    assert left() == ["failed", "succeeded"]


def test_a_job_that_was_asked_for_long_ago_and_has_just_been_done_stays(committed):
    job = job_of("todo", days=100)
    with in_global(), connection.cursor() as cursor:
        for step in ("doing", "succeeded"):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [step, job])
    forget()
    assert left() == ["succeeded"]


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


@pytest.mark.parametrize(
    ("heard_of", "columns", "becomes"),
    [
        pytest.param("100 seconds", {}, "doing", id="of a worker that lives"),
        pytest.param("3 minutes", {"queueing_lock": "tests.periodic"}, "failed", id="asked for by the timetable"),
        pytest.param("3 minutes", {"attempts": MAX_ATTEMPTS}, "failed", id="that workers die of"),
    ],
)
def test_a_job_is_not_retried(committed, done, heard_of, columns, becomes):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of=heard_of, **columns)
    resume()
    assert (done, status(taken)) == ([], becomes)


def test_a_job_whose_worker_is_forgotten_is_done(committed, done):
    taken = asked("taken")
    in_hand(taken, of_one_heard_of="1 hour")
    with in_global():
        run("DELETE FROM procrastinate_workers")
    resume()
    assert done == ["taken"]
