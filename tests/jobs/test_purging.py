"""Finished jobs are purged with their events; pending and running jobs are not."""

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.upkeep.periods.purging import DISPOSE
from tests.keeping import set_period
from tests.working import run_worker

QUEUE, TASK = "tests", "tests.of_long_ago"
ENDED = ("succeeded", "failed", "cancelled", "aborted")


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
