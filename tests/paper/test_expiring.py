"""Unmatched rows expire after ninety days: their content is deleted, their existence recorded."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from consent.consents.models import ConsentEvent
from consent.paper.models import AnswerSheet, EntryStep, SheetEntry
from consent.paper.services.forms import AlreadySettled
from consent.paper.services.queue import match_entry
from consent.paper.services.sheets import expire_unmatched
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.keeping import dispose, set_period
from tests.paper.sheets import bring, code_of, entries_of, form_for, line, stands

WORKER = system_actor("paper.expire_unmatched")
LIFE, SECOND = timedelta(days=90), timedelta(seconds=1)
MADE = timedelta(days=20)


@pytest.fixture
def code(cast, indus, now):
    return code_of(form_for(cast, [cast.subject("hamza")], now - MADE), cast.subject("hamza"))


@pytest.fixture
def sheet(cast, code, now):
    return bring(cast, now, line(code), line("1111-1111", note="Ask Mrs Khan"), line("2222-2222"))


def expire(indus, at, **changed):
    return expire_unmatched(indus.pk, **{"actor": WORKER, "at": at, **changed})


def test_unmatched_rows_are_emptied_after_ninety_days(indus, sheet, now):
    assert expire(indus, now + LIFE) == 2
    kept, *gone = entries_of(sheet)
    assert (kept.state, kept.answers) == ("matched", {"newsletter": True})
    assert [(one.state, one.answers, one.details, one.number) for one in gone] == [
        ("expired", {}, None, 3),
        ("expired", {}, None, 4),
    ]
    assert not ConsentEvent.objects.exists()


def test_unmatched_rows_are_kept_until_then(indus, sheet, now):
    assert expire(indus, now + LIFE - SECOND) == 0
    assert [state for state, _ in stands(sheet)] == ["matched", "unmatched", "unmatched"]
    assert all(entry.details for entry in entries_of(sheet))


@pytest.fixture
def period_of_a_week(cast):
    """Requested before the context of a client is open: the period is PakTaleem's."""
    set_period("unmatched_answers", 7)


def test_the_period_can_change(period_of_a_week, indus, sheet, now):
    assert expire(indus, now + timedelta(days=7)) == 2


def test_the_sheets_key_is_deleted_with_its_last_encrypted_row(indus, sheet, now):
    assert AnswerSheet.objects.get(pk=sheet.pk).wrapped is not None
    expire(indus, now + LIFE)
    assert AnswerSheet.objects.get(pk=sheet.pk).wrapped is None


def test_the_ledger_and_the_history_show_rows_time_and_actor(indus, sheet, now):
    expire(indus, now + LIFE)
    entry = Entry.objects.get(kind="answers.expired")
    assert json.loads(entry.body)["facts"] == {"sheet": str(sheet.pk), "rows": [3, 4]}
    assert (entry.actor_id, entry.recorded_at) == (WORKER.id, now + LIFE)
    steps = EntryStep.objects.filter(step="expired").order_by("entry__number")
    assert [(one.entry.number, one.state, one.problem, one.actor_id) for one in steps] == [
        (3, "expired", "code_mistyped", WORKER.id),
        (4, "expired", "code_mistyped", WORKER.id),
    ]


def test_rows_expire_in_batches_and_none_twice(indus, sheet, now):
    assert [expire(indus, now + LIFE, limit=1) for _ in range(3)] == [1, 1, 0]
    assert Entry.objects.filter(kind="answers.expired").count() == 2


def test_an_expired_row_can_no_longer_be_matched(cast, indus, code, sheet, now):
    entry = entries_of(sheet)[1]
    expire(indus, now + LIFE)
    with pytest.raises(AlreadySettled):
        match_entry(entry, code=code, actor=cast.actor("farah"), reason=Reason.CORRECTION, at=now + LIFE)


def test_other_roles_may_not_expire_rows(cast, indus, sheet, now):
    with pytest.raises(NotAllowed):
        expire(indus, now + LIFE, actor=cast.actor("bilal"))


def test_the_database_refuses_to_confirm_an_unmatched_row(indus, sheet):
    entry = SheetEntry.objects.get(sheet=sheet, number=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        SheetEntry.objects.filter(pk=entry.pk).update(state="confirmed")


def test_the_worker_expires_rows_of_every_client(cast, now):
    with in_client(cast.client_id("indus")):
        old = bring(cast, now, line("1111-1111"))
        new = bring(cast, now + LIFE, line("2222-2222"))
    with time_machine.travel(now + LIFE, tick=False):
        assert dispose("unmatched_answers") == 1
    with in_client(cast.client_id("indus")):
        assert [stands(sheet)[0][0] for sheet in (old, new)] == ["expired", "unmatched"]
