"""The hourly job for people who reach the age of consent, as the worker runs it: periodic, once, own connection."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.periodic import PeriodicDeferrer

from children.ageing.models import AgeNotice
from children.ageing.tasks import NOTICE
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.client_services import RECOMPUTE_AGES, change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.children.guardians import guardian_of
from tests.factories import SETTING_UP, SubjectFactory
from tests.working import run_worker

QUEUE = "tests"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def real_moment() -> datetime:
    """Use the real clock, as the worker and the database do."""
    return datetime.now(UTC)


def on_the_timetable(at: datetime) -> None:
    """Return a function that enqueues the periodic jobs due at a time, as the worker does each second."""
    found = {task.task.name: (key, task) for key, task in app.periodic_registry.periodic_tasks.items()}
    key, task = found[NOTICE]
    deferrer = PeriodicDeferrer(registry=app.periodic_registry)
    due = [one for one in deferrer.get_previous_tasks(at=at.timestamp()) if one[0].task.name == NOTICE]
    assert (task.cron, key[0]) == ("27 * * * *", NOTICE)

    async def ask() -> None:
        async with app.open_async():
            await deferrer.defer_jobs(due)

    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()):
        asyncio.run(ask())
    with in_global(), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET queue_name = %s WHERE task_name = %s", [QUEUE, NOTICE])


def next_round(at: datetime) -> datetime:
    """Return a time just after the next scheduled run."""
    start = at.replace(minute=27, second=1, microsecond=0)
    return start if start > at else start + HOUR


def statuses(task):
    with in_global():
        return list(ProcrastinateJob.objects.filter(task_name=task).values_list("status", flat=True))


@pytest.fixture
def sana(committed):
    """Sana reaches the age of consent in twenty days; her mother may decide."""
    at = real_moment()
    born = (at + 20 * DAY).date().replace(day=1)
    with in_client(committed.client_id("indus")):
        details = {"birth_date": born.replace(year=born.year - 13), "email": "sana@mail.example", "at": at - DAY}
        sana = SubjectFactory(client=committed.client("indus"), external_id="lms-sana", **details)
        guardian_of(sana, committed.subject("esra"), at=at - DAY)
        moment = at + 20 * DAY
        with connection.cursor() as cursor:
            cursor.execute("UPDATE people_subject SET of_age_at = %s WHERE id = %s", [moment, sana.pk])
        return Subject.objects.get(pk=sana.pk)


def test_each_hour_it_is_queued_and_the_worker_notifies_everyone_once(committed, sana):
    first = next_round(real_moment())
    for turn in range(2):
        on_the_timetable(first + turn * HOUR)
        run_worker(QUEUE)
        assert statuses(NOTICE) == ["succeeded"] * (turn + 1)
        with in_client(sana.client_id):
            [notice] = AgeNotice.objects.filter(subject=sana)
            assert (notice.guardians, notice.person, notice.actor_role) == (1, True, "system")
            kinds = Letter.objects.filter(related_id=notice.pk).values_list("kind", flat=True)
            assert sorted(kinds) == ["of_age_guardian", "of_age_person"]
            [entry] = Entry.objects.filter(kind="subject.age_notice", subject_id=sana.pk)
            assert json.loads(entry.body)["facts"]["notice"] == str(notice.pk)


def test_of_one_round_there_is_one_job_however_many_workers_ask(committed, sana):
    at = next_round(real_moment())
    for _ in range(3):
        on_the_timetable(at)
    assert statuses(NOTICE) == ["todo"]


def test_a_client_that_fails_loses_the_others_nothing_for_good(committed, sana):
    """An interrupted run is repeated in the next hour and notifies the remaining people."""
    at = next_round(real_moment())
    on_the_timetable(at)
    with in_global(), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = %s", [NOTICE])
    on_the_timetable(at + HOUR)
    run_worker(QUEUE)
    assert sorted(statuses(NOTICE)) == ["failed", "succeeded"]
    with in_client(sana.client_id):
        assert AgeNotice.objects.filter(subject=sana).count() == 1


def test_the_worker_computes_a_raised_age_for_everyone(committed):
    client_id, at = committed.client_id("indus"), real_moment()
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        client.age_threshold = 18
        change_client(client, actor=SETTING_UP, reason="law_change", at=at)
    with in_global(), connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET queue_name = %s WHERE task_name = %s", [QUEUE, RECOMPUTE_AGES])
    run_worker(QUEUE)
    assert statuses(RECOMPUTE_AGES) == ["succeeded"]
    with in_client(client_id):
        computed = set(Subject.objects.exclude(of_age_threshold=None).values_list("of_age_threshold", flat=True))
        assert computed == {18}
