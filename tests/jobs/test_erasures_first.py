"""The worker takes no job before the database has carried out every erasure of the list."""

import pytest
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.subjects.test_replay import erase, intend
from tests.working import run_worker

NOTES, QUEUE = "tests.notes", "tests"


@pytest.fixture(autouse=True)
def new_worker(monkeypatch):
    monkeypatch.setattr(app.job_manager, "_next_check_at", 0.0)


@pytest.fixture
def noted(committed, now):
    found = []

    @app.task(name=NOTES, pass_context=False)
    def note(at):
        del at
        with in_client(committed.client_id("indus")):
            found.append(committed.subject("danish").erased_at is not None)

    with in_global():
        enqueue_job(NOTES, at="now")
        ProcrastinateJob.objects.filter(task_name=NOTES).update(queue_name=QUEUE)
    yield found
    app.tasks.pop(NOTES)


def status():
    with in_global():
        return ProcrastinateJob.objects.values_list("status", flat=True).get(task_name=NOTES)


def test_the_worker_carries_out_missing_erasures_before_its_first_job(committed, now, noted, erasure_list):
    intend(committed, "danish", now)
    assert erasure_state(at=now.replace(year=2100)) is ErasureState.NOT_REPLAYED
    run_worker(QUEUE)
    assert noted == [True]


def test_the_worker_takes_no_job_while_the_erasure_list_is_damaged(committed, now, noted, erasure_list):
    erase(committed, "danish", now)
    erasure_list.write_text("not ours\n")
    run_worker(QUEUE)
    assert (noted, status()) == ([], "todo")
