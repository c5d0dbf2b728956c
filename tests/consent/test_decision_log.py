"""The decision log: counts by hour or every decision, written beside the answers and read since a cursor."""

import os
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, connections
from prometheus_client import REGISTRY

from consent.decisions import log
from consent.decisions.facts import Decision, Question
from consent.decisions.log import decision_log, make_pseudonym, pseudonym_key, purge_decisions
from consent.decisions.models import DecisionCount, DecisionLogSetting, LoggedDecision, LogMode
from consent.decisions.reasons import Reason as Reasons
from consent.decisions.services import set_decision_log
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.office.demo.supervision import free_port
from rights.erasures.selectors import list_remaining
from tests.api.callers import Caller
from tests.api.test_changes import settle
from tests.factories import SETTING_UP
from tests.serving import call, serving, set_environment

EVALUATION, EVALUATIONS, LOG = "/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/decision-log"


@pytest.fixture(autouse=True)
def empty_log():
    decision_log.discard()
    yield
    decision_log.discard()


@pytest.fixture
def client_id(cast):
    return cast.client_id("indus")


def about(person="lms-junaid", purpose="newsletter", action="process"):
    return {
        "subject": {"type": "end_user", "id": person},
        "action": {"name": action},
        "resource": {"type": "purpose", "id": purpose},
    }


def set_mode(client_id, mode, *, at, ground="", days=30, actor=SETTING_UP):
    with in_client(client_id):
        row = DecisionLogSetting.objects.filter(client_id=client_id).first() or DecisionLogSetting(client_id=client_id)
        row.mode, row.ground, row.days_kept = mode, ground, days
        return set_decision_log(row, actor=actor, reason=Reason.REVIEW, at=at)


def counted(client_id):
    with in_client(client_id):
        rows = DecisionCount.objects.filter(client_id=client_id).order_by("purpose", "action", "reason")
        return list(rows.values_list("purpose", "action", "reason", "number"))


def test_decisions_are_counted_by_hour_without_a_setting(client_id, indus_lms):
    for _ in range(3):
        indus_lms.post(EVALUATION, about())
    decision_log.flush()
    indus_lms.post(EVALUATIONS, {"evaluations": [about(), about("lms-nobody"), about(purpose="service_delivery")]})
    decision_log.flush()
    rows = counted(client_id)
    assert sum(number for *_, number in rows) == 6
    assert ("newsletter", "process", "subject_unknown", 1) in rows
    assert max(number for purpose, *_, number in rows if purpose == "newsletter") == 4
    with in_client(client_id):
        assert not LoggedDecision.objects.exists()
        [hour] = DecisionCount.objects.values_list("hour", flat=True).distinct()
    assert hour == wall_clock_now().replace(minute=0, second=0, microsecond=0)


def test_what_a_caller_made_up_is_not_logged(client_id, indus_lms):
    indus_lms.post(EVALUATION, about(purpose="amina@example.com", action="telephone 0300"))
    decision_log.flush()
    assert [row[:2] for row in counted(client_id)] == [("", "")]


def test_standing_is_a_question_about_each_purpose(client_id, indus_lms):
    asked = indus_lms.get("/api/v1/subjects/lms-junaid/standing").json()["purposes"]
    decision_log.flush()
    assert {row[0] for row in counted(client_id)} == set(asked)


def test_nothing_is_logged_if_the_log_is_off(client_id, indus_lms, now):
    set_mode(client_id, LogMode.OFF, at=now, ground="A trial.")
    indus_lms.post(EVALUATION, about())
    decision_log.flush()
    assert counted(client_id) == []


def test_every_decision_has_a_pseudonym_that_leads_to_the_person_with_the_key_only(client_id, indus_lms, now):
    setting = set_mode(client_id, LogMode.EVERY, at=now)
    indus_lms.post(EVALUATIONS, {"evaluations": [about(), about("lms-nobody")]})
    decision_log.flush()
    with in_client(client_id):
        [known] = LoggedDecision.objects.exclude(pseudonym=None)
        subject = Subject.objects.get(client_id=client_id, external_id="lms-junaid")
        assert LoggedDecision.objects.get(pseudonym=None).reason == "subject_unknown"
        [kept] = [one.what for one in list_remaining(subject, now) if one.code == "logged_decisions"]
    assert kept == "Single decisions, under a pseudonym, for at most 30 days"
    assert known.pseudonym == make_pseudonym(pseudonym_key(setting), subject.pk) != subject.pk
    assert (known.purpose, known.action) == ("newsletter", "process")
    assert sum(number for *_, number in counted(client_id)) == 2


def test_turning_the_log_down_takes_a_ground_and_unlinks_its_pseudonyms(client_id, now):
    first = set_mode(client_id, LogMode.EVERY, at=now).pseudonyms
    for mode, days in ((LogMode.COUNTS, 30), (LogMode.EVERY, 29)):
        with pytest.raises(ValidationError) as refused:
            set_mode(client_id, mode, at=now, days=days)
        assert set(refused.value.error_dict) == {"ground"}
    setting = set_mode(client_id, LogMode.COUNTS, at=now, ground="Fewer data are enough.")
    assert (setting.every_since, setting.pseudonyms != first) == (None, True)
    with in_client(client_id):
        kinds = Entry.objects.filter(kind__startswith="decision_log").order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["decision_log.changed", "decision_log.turned_down"]
        assert [row.mode for row in DecisionLogSetting.history.order_by("history_id")] == ["every", "counts"]


def test_only_those_who_administer_the_client_set_its_log(cast, client_id, now):
    set_mode(client_id, LogMode.EVERY, at=now, actor=cast.actor("farah"))
    for stranger in ("celia", "bilal"):
        with pytest.raises(NotAllowed):
            set_mode(client_id, LogMode.OFF, at=now, ground="No.", actor=cast.actor(stranger))


def test_a_client_has_one_setting(client_id, now):
    set_mode(client_id, LogMode.EVERY, at=now)
    row = DecisionLogSetting(client_id=client_id, mode=LogMode.EVERY)
    with in_client(client_id), pytest.raises(ValidationError, match="set already"):
        set_decision_log(row, actor=SETTING_UP, reason=Reason.REVIEW, at=now)


def test_a_decision_is_answered_and_kept_while_the_log_cannot_be_written(client_id, indus_lms, monkeypatch):
    def fail(*_: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(log, "_write", fail)
        assert indus_lms.post(EVALUATION, about()).status_code == 200
        decision_log.flush()
        broken.setattr(log, "MOST_PENDING", 1)
        before = REGISTRY.get_sample_value("paktaleem_decision_log_lost_total") or 0
        for _ in range(2):
            indus_lms.post(EVALUATION, about())
        assert REGISTRY.get_sample_value("paktaleem_decision_log_lost_total") == before + 1
    decision_log.flush()
    assert sum(number for *_, number in counted(client_id)) == 2


def test_rows_that_cannot_be_written_cost_no_other_client_its_rows(cast, client_id, indus_lms, now, monkeypatch):
    bad = cast.client_id("khyber")
    known: set[str] = set()
    answers = [
        log.Answered(None, Question(purpose="support", at=now), Decision(False, Reasons.UNDECIDABLE, None, (), now))
    ]
    decision_log.add(bad, client_id, now, known, answers)
    indus_lms.post(EVALUATION, about())
    before = REGISTRY.get_sample_value("paktaleem_decision_log_lost_total") or 0
    with monkeypatch.context() as broken:
        broken.setattr(log, "_describe", lambda _answer, purposes: ("x" * (64 if purposes is known else 1), "", "no"))
        decision_log.flush()
    assert [number for *_, number in counted(client_id)] == [1]
    assert (counted(bad), REGISTRY.get_sample_value("paktaleem_decision_log_lost_total")) == ([], before + 1)


def test_many_counts_wait_and_single_decisions_do_not(client_id, indus_lms, now, monkeypatch):
    set_mode(client_id, LogMode.EVERY, at=now)
    indus_lms.post(EVALUATION, about())
    monkeypatch.setattr(log, "MANY_COUNTS", 0)
    decision_log.flush(may_wait=True)
    assert counted(client_id) == []
    with in_client(client_id):
        assert LoggedDecision.objects.count() == 1
    decision_log.flush()
    assert [number for *_, number in counted(client_id)] == [1]


def test_a_day_is_a_partition_that_is_closed_by_itself(client_id, indus_lms, now):
    set_mode(client_id, LogMode.EVERY, at=now, days=1)
    indus_lms.post(EVALUATION, about())
    decision_log.flush()
    today = wall_clock_now()
    assert days() >= {f"consent_loggeddecision_{today:%Y%m%d}"}
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [f"consent_loggeddecision_{today:%Y%m%d}"])
        assert cursor.fetchone() == (False,)


def test_old_days_are_dropped_and_the_next_ones_added(client_id, indus_lms, now):
    set_mode(client_id, LogMode.EVERY, at=now, days=2)
    indus_lms.post(EVALUATION, about())
    decision_log.flush()
    today = wall_clock_now()
    purge_decisions(today)
    with in_client(client_id):
        assert LoggedDecision.objects.count() == 1
    assert f"consent_loggeddecision_{today + timedelta(days=3):%Y%m%d}" in days()
    purge_decisions(today + timedelta(days=4))
    assert f"consent_loggeddecision_{today:%Y%m%d}" not in days()
    with in_client(client_id):
        assert not LoggedDecision.objects.exists()


def days():
    with in_global(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'consent_loggeddecision'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def lms(committed):
    return Caller(committed.key("khyber"))


def test_the_log_is_read_in_pages_since_a_cursor_and_a_count_that_grew_comes_again(lms, committed):
    lms.post(EVALUATIONS, {"evaluations": [about("lms-kiran", code) for code in ("newsletter", "support", "none")]})
    decision_log.flush()
    settle()
    first = lms.get(LOG, limit=2).json()
    assert (first["mode"], first["log"], len(first["entries"])) == ("counts", "counts", 2)
    rest = lms.get(first["next"]).json()
    assert (rest["next"], {one["purpose"] for one in first["entries"] + rest["entries"]}) == (
        None,
        {"newsletter", "support", None},
    )
    lms.post(EVALUATION, about("lms-kiran"))
    decision_log.flush()
    settle()
    [again] = lms.get(LOG, since=rest["cursor"]).json()["entries"]
    assert (again["purpose"], again["number"], again["pseudonym"]) == ("newsletter", 2, None)
    assert lms.get(LOG, since=rest["cursor"], log="every").status_code == 400
    assert Caller(committed.key("indus")).get(LOG).json()["entries"] == []


def test_an_entry_of_a_transaction_that_commits_late_is_not_missed(lms, committed):
    client_id = committed.client_id("khyber")
    set_mode(client_id, LogMode.EVERY, at=wall_clock_now())
    wrote, leave = threading.Event(), threading.Event()

    def slowly():
        try:
            with in_global():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_xact_id()")
                wrote.set()
                assert leave.wait(20)
                log._write(batch)
        finally:
            connections.close_all()

    lms.post(EVALUATION, about("lms-kiran", "support"))
    [batch] = decision_log._sort(decision_log._calls, may_wait=False)
    decision_log.discard()
    thread = threading.Thread(target=slowly)
    thread.start()
    assert wrote.wait(20)
    meanwhile = lms.get(LOG).json()
    leave.set()
    thread.join()
    settle()
    assert meanwhile["entries"] == []
    [entry] = lms.get(LOG, since=meanwhile["cursor"]).json()["entries"]
    assert (entry["purpose"], entry["number"], entry["pseudonym"] is None) == ("support", 1, False)


def test_a_batch_whose_commit_was_not_heard_of_is_not_written_twice(lms, committed):
    lms.post(EVALUATION, about("lms-kiran", "support"))
    [batch] = decision_log._sort(decision_log._calls, may_wait=False)
    decision_log.discard()
    log._write(batch)
    log._write(batch)
    assert [number for *_, number in counted(committed.client_id("khyber"))] == [1]


def test_a_process_that_is_killed_loses_at_most_its_last_second(committed, tmp_path):
    """Two seconds are allowed: one until the next write, and one to write on a busy machine."""
    client_id, port = committed.client_id("khyber"), free_port()
    set_mode(client_id, LogMode.EVERY, at=wall_clock_now())
    headers = {"Authorization": f"Bearer {committed.key('khyber')}"}
    answered = list[float]()
    with set_environment(), serving(tmp_path, port) as web:
        ends_at = time.monotonic() + 5
        while time.monotonic() < ends_at:
            assert call(port, "POST", EVALUATION, about("lms-kiran"), **headers)[0] == 200
            answered.append(time.monotonic())
        os.killpg(web.process.pid, signal.SIGKILL)
        killed_at = time.monotonic()
    with in_client(client_id):
        written = LoggedDecision.objects.count()
    assert 0 < sum(at < killed_at - 2 for at in answered) <= written <= len(answered)
