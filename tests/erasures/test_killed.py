"""A worker that is killed in any step of an erasure: the next one does the step again, once."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import complete_erasure, replay_erasures
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from tests.api.callers import Caller
from tests.erasures.steps import AFTER, SYSTEM, WHY, approved, go_on, second, waive_all
from tests.subjects.test_erasure_list import (
    CANARIES,
    FULL,
    GONE,
    PERSON,
    Writers,
    nobody_is_back,
    nothing_opens,
    plain_dump,
    wait_for,
)
from tests.traces import forms

MINUTES = timedelta(minutes=5)


class Killed(Exception):
    """The process ends before its transaction commits."""


def kill_after(step, cast):
    def run():
        with in_client(cast.client_id("indus")):
            step()
            raise Killed

    with pytest.raises(Killed):
        run()


def do_step():
    go_on(ErasureProposal.objects.get(), AFTER + MINUTES)


def destroy_key():
    complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=AFTER + MINUTES)


def test_each_step_is_done_again_and_once(committed):
    client_id = committed.client_id("indus")
    with in_client(client_id):
        row = approved(committed)
    kill_after(do_step, committed)
    with in_client(client_id):
        row.refresh_from_db()
        assert (row.stage, Order.objects.count(), Erasure.objects.count()) == ("cooling_off", 0, 0)
    assert replay_erasures(at=AFTER + MINUTES) == 1, "the list was written: what was confirmed is done"
    with in_client(client_id):
        assert Subject.objects.get(pk=row.subject_id).is_being_erased
        row = go_on(row, AFTER + MINUTES)
        assert (row.stage, row.erasure) == ("ordered", Erasure.objects.get())
        assert Order.objects.filter(kind="erase").count() == 2, "ordered once"
        waive_all(committed, AFTER + MINUTES)
    kill_after(destroy_key, committed)
    with in_client(client_id):
        assert go_on(row, AFTER + MINUTES).stage == "ordered"
    replay_erasures(at=AFTER + MINUTES)
    kill_after(do_step, committed)
    with in_client(client_id):
        assert not Certificate.objects.exists()
        for _ in range(2):
            assert go_on(row, AFTER + MINUTES).stage == "certified"
        assert Certificate.objects.count() == 1
        assert Entry.objects.filter(kind="erasure.certified").count() == 1
        assert Entry.objects.filter(kind="subject.erased").count() == 1


WAIT = timedelta(hours=168)
WRITERS = 20


def approve(cast, person, now):
    row = propose_erasure(person, ground="The person asked for it.", actor=cast.actor("amina"), reason=WHY, at=now)
    return decide_erasure(row, approve=True, actor=second(cast), at=now)


def test_twenty_writers_send_it_back_and_then_leave_nothing(committed, now):
    writers, client_id = Writers(committed, now), committed.client_id("indus")
    assert Caller(committed.key("indus")).put(f"/api/v1/subjects/{PERSON}", FULL).status_code == 201
    with in_client(client_id):
        person = Subject.objects.get(external_id=PERSON)
    with ThreadPoolExecutor(WRITERS) as pool:
        at_work = [pool.submit(writers.work, number) for number in range(WRITERS)]

        def written(more):
            seen = len(writers.statuses)
            wait_for(lambda: len(writers.statuses) > seen + more or any(one.done() for one in at_work))

        try:
            with in_client(client_id):
                row = approve(committed, person, now)
            written(100)
            with in_client(client_id):
                back = go_on(row, now + WAIT)
                assert (back.stage, bool(back.changed), Order.objects.count()) == ("changed", True, 0)
            with in_client(client_id), transaction.atomic():
                row = go_on(approve(committed, person, now), now + WAIT)
            assert row.stage == "ordered", "nobody changes a locked person"
            before = plain_dump()
            written(100)
            with in_client(client_id):
                waive_all(committed, now + WAIT, parent_id=row.erasure_id)
                assert complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=now + WAIT)
            written(100)
        finally:
            writers.stopped.set()
    assert [one.result() for one in at_work] == [None] * WRITERS, "no writer met a defect"
    assert {status for status in writers.statuses if status >= 500} == set()
    assert set(writers.statuses[-40:]) <= GONE
    with in_client(client_id):
        assert go_on(ErasureProposal.objects.get(pk=row.pk), now + WAIT).stage == "certified"
        certificate = Certificate.objects.get().body.lower().encode()
    after = plain_dump()
    assert PERSON.encode() in before, "the dump does see the person"
    assert PERSON.encode() not in after
    for text, canary in itertools.product((before, after, certificate), CANARIES):
        assert not [form for form in forms(canary) if form.lower() in text], canary
    nobody_is_back(committed, person)
    nothing_opens(committed, person)
