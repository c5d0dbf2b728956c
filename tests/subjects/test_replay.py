"""Erasure list and database: requests refused while erasures are missing, complete after a replay."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import (
    UNDER_WAY,
    Erasure,
    ErasureCarriedOut,
    ErasureState,
    check_erasures,
    erasure_state,
    missing_erasures,
)
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import is_erased, tombstone_of
from paktaleem.directory.people.services import erasure as erasure_module
from paktaleem.directory.people.services.erasure import (
    AlreadyErased,
    ErasureListBehind,
    complete_erasure,
    erase_subject,
    replay_erasures,
    start_erasure,
)
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.people.tasks import complete_erasures
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.encryption.erasure_list import FileErasureList, Intent, Stage, erasure_list
from paktaleem.foundation.operations.diagnosis import State
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.health import ReadinessMiddleware
from tests.api.callers import Caller, question
from tests.data_systems.test_erasing import answer, orders_of
from tests.tenancy.connections import enter

LATER = timedelta(hours=1)


def replayed(at):
    told: list[str] = []
    replay_erasures(at=at, report=told.append)
    return told


def erase(cast, name, now, code="indus"):
    with in_client(cast.client_id(code)):
        return erase_subject(cast.subject(name), actor=cast.actor("amina"), reason="subject_request", at=now)


def intend(cast, name, now, code="indus"):
    return erasure_list().intend(
        client_id=cast.client_id(code),
        subject_id=cast.subject_id(name),
        role="student",
        tombstone=tombstone_of(cast.client_id(code), f"lms-{name}") or b"",
        at=now,
    )


def test_an_erasure_is_listed_and_carried_out(committed, now):
    erase(committed, "danish", now)
    [intent] = erasure_list().intents().values()
    expected = (committed.client_id("indus"), committed.subject_id("danish"), now, "student")
    assert (intent.client_id, intent.subject_id, intent.at, intent.role) == expected
    assert intent.tombstone == tombstone_of(committed.client_id("indus"), "lms-danish")
    assert erasure_list().finished() == {intent.number}
    known = {"number", "client_id", "subject_id", "role", "tombstone", "at", "mark", "stage", "reason"}
    assert set(Intent.__slots__) == known, "no personal data"
    with in_global():
        assert [(one.number, bytes(one.mark)) for one in ErasureCarriedOut.objects.all()] == [(1, intent.mark)]
    assert erasure_state(at=now + LATER) is ErasureState.CARRIED_OUT
    assert replay_erasures(at=now) == 0


def test_no_one_is_erased_without_an_entry_in_the_erasure_list(committed, now, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for act in (erase, start):
        with pytest.raises(OSError, match="No space"):
            act(committed, "danish", now)
    monkeypatch.undo()
    assert state_of(committed) == (False, False)
    assert committed.has(SubjectKey, subject_id=committed.subject_id("danish"))
    assert not committed.has(Order)


def test_the_line_is_on_disk_before_the_key_is_destroyed(committed, now, monkeypatch):
    seen = []

    def look(intent, at):
        with enter(SUPERUSER) as door:
            keys = door.execute(
                "SELECT count(*) FROM people_subjectkey WHERE subject_id = %s", [committed.subject_id("danish")]
            ).fetchall()
        seen.append((len(FileErasureList(Path(settings.ERASURE_LIST_FILE)).intents()), keys[0][0]))
        return real(intent, at)

    real = erasure_module._record_line
    monkeypatch.setattr(erasure_module, "_record_line", look)
    erase(committed, "danish", now)
    assert seen == [(1, 1)], "listed, and for everybody else still there"


def test_an_erasure_whose_commit_failed_is_completed(committed, now):
    with in_client(committed.client_id("indus")):
        erase_subject(committed.subject("danish"), actor=committed.actor("amina"), reason="subject_request", at=now)
        transaction.set_rollback(True)
    with in_client(committed.client_id("indus")):
        assert committed.subject("danish").erased_at is None
    assert erasure_state(at=now + UNDER_WAY) is ErasureState.CARRIED_OUT, "it may still be under way"
    assert erasure_state(at=now + UNDER_WAY + LATER) is ErasureState.NOT_REPLAYED
    complete_erasures(0)
    with in_client(committed.client_id("indus")):
        danish = committed.subject("danish")
        assert danish.erased_at is not None
        latest = danish.history.order_by("-history_date").first()
        assert (latest.actor_role, latest.history_change_reason) == ("system", "subject_request")
        entry = Entry.objects.get(kind="subject.erased", subject_id=danish.id)
        assert json.loads(entry.body)["facts"] == {"line": 1, "confirmed_at": now.isoformat()}
    assert erasure_state(at=now + LATER * 2) is ErasureState.CARRIED_OUT
    assert erasure_list().finished() == {1}


def forget(*names):
    with enter(SUPERUSER) as door:
        door.execute("ALTER TABLE people_erasurecarriedout DISABLE TRIGGER USER")
        door.execute("DELETE FROM people_erasurecarriedout")


def test_a_replay_reports_the_result_of_each_line(committed, now):
    intend(committed, "danish", now)
    intend(committed, "kiran", now, "khyber")
    erase(committed, "hamza", now)
    forget()
    assert erasure_state(at=now) is ErasureState.NOT_REPLAYED, "at once: a committed erasure is missing"
    stranger = {"client_id": committed.client_id("indus"), "subject_id": new_id(), "role": "student"}
    mark = tombstone_of(committed.client_id("indus"), "lms-later") or b""
    erasure_list().intend(**stranger, tombstone=mark, at=now)
    erasure_list().intend(client_id=new_id(), subject_id=new_id(), role="learner", tombstone=b"x" * 32, at=now)
    started = {**stranger, "subject_id": new_id(), "reason": "subject_request"}
    erasure_list().start(**started, tombstone=tombstone_of(committed.client_id("indus"), "lms-last") or b"", at=now)
    assert sorted(replayed(now + LATER)) == ["erased", "erased", "erased before", *["never here"] * 3]
    with in_client(committed.client_id("khyber")):
        assert committed.subject("kiran").erased_at == now + LATER
    with in_client(committed.client_id("indus")):
        indus = committed.client("indus")
        assert committed.subject("hamza").erased_at == now
        assert is_erased("lms-later", client_id=indus.id)
        assert is_erased("lms-last", client_id=indus.id)
        by = {"actor": committed.key_actor("indus"), "at": now}
        with pytest.raises(AlreadyErased):
            register_subject("lms-later", client=indus, details={"role": "student"}, **by)
        living = Subject.objects.filter(erased_at=None).count()
    assert replay_erasures(at=now) == 0
    with in_client(committed.client_id("indus")):
        assert Subject.objects.filter(erased_at=None).count() == living


def test_an_interrupted_replay_is_continued(committed, now):
    intend(committed, "danish", now)
    intend(committed, "hamza", now)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay_erasures(at=now, report=interrupt)
    assert [intent.subject_id for intent in missing_erasures()] == [committed.subject_id("hamza")]
    assert replay_erasures(at=now) == 1


def test_a_list_that_ends_too_early_is_named_and_gets_no_line(committed, now, erasure_list):
    erase(committed, "danish", now)
    erase(committed, "hamza", now)
    whole = erasure_list.read_text().splitlines(keepends=True)
    erasure_list.write_text("".join(whole[:2]))
    assert erasure_state(at=now) is ErasureState.LIST_BEHIND
    [line] = check_erasures()
    assert (line.state, line.seen.split(":")[0]) == (State.ATTENTION, "erasure_list_behind")
    assert Browser().get("/readyz").status_code == 200
    assert Caller(committed.key("indus")).get("/api/v1/purposes").status_code == 200
    with pytest.raises(ErasureListBehind):
        erase(committed, "iqra", now)
    assert erasure_list.read_text() == "".join(whole[:2])
    with pytest.raises(CommandError, match="Restore the right list") as caught:
        call_command("replay_erasures", stdout=StringIO(), stderr=StringIO())
    assert caught.value.returncode == 2
    complete_erasures(0)
    erasure_list.write_text("".join(whole))
    assert erasure_state(at=now) is ErasureState.CARRIED_OUT
    erase(committed, "iqra", now)


def gone(erasure_list):
    erasure_list.unlink()


def of_root(erasure_list):
    erasure_list.unlink()
    erasure_list.mkdir()  # root reads every file, but no folder as a file


@pytest.mark.parametrize("case", [(gone, "erasure_list_missing"), (of_root, "erasure_list_unreadable")])
def test_a_list_that_cannot_be_read_is_said_in_words(committed, now, looking, erasure_list, case):
    lose, reason = case
    erase(committed, "danish", now)
    lose(erasure_list)
    try:
        refused = Caller(committed.key("indus")).get("/api/v1/purposes")
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:paktaleem:problem:not-ready")
        assert refused.json()["detail"].startswith("The list of erasures cannot be used.")
        assert Browser().get("/readyz").json()["reason"] == reason
        [line] = check_erasures()
        assert (line.state, line.seen.split(":")[0]) == (State.FAILED, reason)
        assert "ERASURE_LIST_FILE" in line.remedy
    finally:
        if erasure_list.is_dir():
            erasure_list.rmdir()


def test_the_command_reports_what_it_did(committed, now):
    out = StringIO()
    call_command("replay_erasures", stdout=out, stderr=StringIO())
    intend(committed, "danish", now)
    call_command("replay_erasures", stdout=out, stderr=StringIO())
    assert out.getvalue().splitlines() == [
        "This database has carried out every erasure of the list.",
        "0 started, 0 started before, 1 erased, 0 erased before, 0 never here.",
    ]


@pytest.fixture
def looking(monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 0.0)


def test_no_request_is_served_before_erasures_are_replayed(committed, now, looking):
    indus, browser = Caller(committed.key("indus")), Browser(raise_request_exception=False)
    ask = question("lms-danish", "service_delivery")
    assert indus.get("/api/v1/purposes").status_code == 200
    assert browser.get("/readyz").json() == {"status": "ready"}
    erase(committed, "danish", now)
    assert indus.get("/api/v1/purposes").status_code == 200
    forget()
    refused = indus.get("/api/v1/purposes")
    assert (refused.status_code, refused["Content-Type"]) == (503, "application/problem+json")
    assert (refused.json()["type"], refused["Retry-After"]) == ("urn:paktaleem:problem:not-ready", "1")
    decision = indus.post("/access/v1/evaluation", ask)
    assert (decision.status_code, decision["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert (browser.get("/admin/login/").status_code, browser.get("/healthz").status_code) == (503, 200)
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["reason"]) == (503, "erasures_not_replayed")
    replay_erasures(at=now)
    assert browser.get("/readyz").status_code == 200
    assert indus.post("/access/v1/evaluation", ask).status_code == 200
    assert browser.get("/admin/login/").status_code == 200


def test_a_damaged_list_stops_the_portal_and_a_restarted_one_is_detected(committed, now, looking, erasure_list):
    erase(committed, "danish", now)
    erasure_list.write_text("not ours\n")
    browser = Browser()
    assert browser.get("/readyz").json()["reason"] == "erasure_list_damaged"
    assert Caller(committed.key("indus")).get("/api/v1/purposes").status_code == 503
    erasure_list.unlink()
    intend(committed, "hamza", now)
    assert erasure_state(at=now) is ErasureState.LIST_DAMAGED


def test_between_two_checks_no_query_is_run(db, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(settings, "READINESS_SECONDS", 60.0)
    gate = ReadinessMiddleware(lambda _: HttpResponse())
    assert gate._may_serve()
    with django_assert_num_queries(0):
        assert gate._may_serve()


def test_rows_of_carried_out_erasures_cannot_be_changed(cast, now):
    erase(cast, "danish", now)
    for sql in ("UPDATE people_erasurecarriedout SET number = 9", "DELETE FROM people_erasurecarriedout"):
        with in_global(), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def start(cast, name, now, code="indus"):
    with in_client(cast.client_id(code)):
        return start_erasure(cast.subject(name), actor=cast.actor("amina"), reason="subject_request", at=now)


def state_of(cast, name="danish", code="indus"):
    with in_client(cast.client_id(code)):
        person = cast.subject(name)
        return person.is_being_erased, person.erased_at is not None


def answer_all(cast, erasure, now):
    with in_client(erasure.client_id):
        for order in orders_of(erasure):
            answer(order, cast, now)
        assert complete_erasure(erasure, actor=system_actor("tests"), at=now)


def restore_to_before_the_confirmation(cast, name="danish"):
    """Put the database where a backup older than the confirmation would: person, key and orders as they were."""
    person = cast.subject_id(name)
    with enter(SUPERUSER) as door:
        door.execute("SET session_replication_role = replica")
        for statement in (
            "DELETE FROM data_systems_orderstep USING data_systems_order o WHERE order_id = o.id AND o.subject_id = %s",
            "DELETE FROM data_systems_order WHERE subject_id = %s",
            "DELETE FROM people_erasure WHERE subject_id = %s",
            "UPDATE people_subject SET erasure_started_at = NULL WHERE id = %s",
        ):
            door.execute(statement, [person])
        door.execute("DELETE FROM people_erasurecarriedout")


def test_a_confirmed_erasure_is_listed(committed, now):
    erasure = start(committed, "danish", now)
    [line] = erasure_list().intents().values()
    expected = (Stage.STARTED, erasure.subject_id, "subject_request", now)
    assert (line.stage, line.subject_id, line.reason, line.at) == expected
    assert line.tombstone == tombstone_of(committed.client_id("indus"), "lms-danish")
    assert erasure_list().finished() == {line.number}
    assert erasure_state(at=now + LATER) is ErasureState.CARRIED_OUT


def test_a_confirmation_whose_commit_failed_is_started_by_the_worker(committed, now):
    with in_client(committed.client_id("indus")):
        danish = committed.subject("danish")
        start_erasure(danish, actor=committed.actor("amina"), reason="subject_request", at=now)
        transaction.set_rollback(True)
    assert state_of(committed) == (False, False)
    complete_erasures(0)
    assert state_of(committed) == (True, False)
    assert committed.has(SubjectKey, subject_id=danish.pk), "the systems have to answer first"
    assert committed.has(Order, kind="erase", parent_kind="erasure")


def test_a_backup_older_than_the_confirmation_starts_it_again(committed, now):
    start(committed, "danish", now)
    restore_to_before_the_confirmation(committed)
    assert erasure_state(at=now + LATER) is ErasureState.NOT_REPLAYED
    assert (replayed(now + LATER), state_of(committed)) == (["started"], (True, False))
    with in_client(committed.client_id("indus")):
        erasure = Erasure.objects.get()
        assert (erasure.reason, erasure.started_at) == ("subject_request", now + LATER)
        assert {one.state for one in orders_of(erasure)} == {"queued"}
        entry = Entry.objects.filter(kind="subject.erasure_started").latest("id")
        assert json.loads(entry.body)["facts"]["confirmed_at"] == now.isoformat()
    assert erasure_state(at=now + LATER) is ErasureState.CARRIED_OUT
    answer_all(committed, erasure, now + 2 * LATER)
    assert state_of(committed) == (False, True)


def test_a_backup_between_confirmation_and_completion_loses_no_erasure(committed, now):
    erasure = start(committed, "danish", now)
    line = intend(committed, "danish", now)  # of the completion, whose commit the backup does not hold
    assert (replayed(now + LATER), state_of(committed)) == (["erased"], (False, True))
    with in_client(committed.client_id("indus")):
        erasure.refresh_from_db()
        assert erasure.completed_at == now + LATER
        assert all(one.named is not None for one in orders_of(erasure)), "the systems are asked again"
    assert line.number in erasure_list().finished()


def test_a_backup_older_than_both_does_not_order_again(committed, now):
    start(committed, "danish", now)
    restore_to_before_the_confirmation(committed)
    intend(committed, "danish", now)
    assert (replayed(now + LATER), state_of(committed)) == (["started before", "erased"], (False, True))
    assert not committed.has(Order)
