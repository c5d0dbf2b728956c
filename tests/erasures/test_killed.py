"""A worker that is killed in any step of an erasure: the next one does the step again, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import complete_erasure, replay_erasures
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import Certificate, ErasureProposal
from tests.cast import Cast
from tests.erasures.steps import AFTER, SYSTEM, approved, go_on, waive_all

MINUTES = timedelta(minutes=5)


class Killed(Exception):
    """The process ends before its transaction commits."""


def kill_after(step: Callable[[], object], cast: Cast) -> None:
    """Do a step in a transaction that does not commit."""

    def run() -> None:
        with in_client(cast.client_id("indus")):
            step()
            raise Killed

    with pytest.raises(Killed):
        run()


def do_step() -> None:
    go_on(ErasureProposal.objects.get(), AFTER + MINUTES)


def destroy_key() -> None:
    complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=AFTER + MINUTES)


def test_each_step_is_done_again_and_once(committed: Cast) -> None:
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
