"""The changes feed for decisions is complete, whatever the order of commits, and has a change of every fact."""

import re
import threading
import time
from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg import sql

from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.decisions.models import RegisterChange, SubjectChange
from consent.decisions.selectors.changes import Position
from consent.notices.selectors import registers
from consent.notices.selectors.registers import current_register
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import approve_readmission, erase_subject, request_readmission
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.api.callers import Caller
from tests.consent.making import lift_by_two
from tests.factories import SubjectFactory, deactivate_purpose
from tests.keeping import dispose

CHANGES = "/api/v1/changes"


@pytest.fixture
def lms(committed):
    return Caller(committed.key("khyber"))


def begin(lms):
    shown = lms.get(CHANGES).json()
    assert shown["changes"] == []
    assert shown["next"] is None
    return shown["cursor"]


def settle():
    """Wait until all running transactions have ended, of this test's threads and processes."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        ours = cursor.fetchone()[0]
    for _ in range(600):
        with in_global(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > ours:
                return
        time.sleep(0.1)
    raise TimeoutError


def read(lms, cursor):
    settle()
    return look(lms, cursor)


def look(lms, cursor):
    response = lms.get(CHANGES, since=cursor)
    assert response.status_code == HTTPStatus.OK, response.content
    return response.json()


def kinds(lms, cursor):
    return [(one["kind"], one["subject"], one["purpose"]) for one in read(lms, cursor)["changes"]]


def test_a_consent_and_its_withdrawal_are_listed(lms):
    cursor = begin(lms)
    lms.consent("lms-kiran", "newsletter")
    assert kinds(lms, cursor) == [("consent", "lms-kiran", "newsletter")]
    cursor = read(lms, cursor)["cursor"]
    assert kinds(lms, cursor) == []
    lms.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw")
    assert kinds(lms, cursor) == [("consent", "lms-kiran", "newsletter")]


def test_a_new_person_and_a_new_age_are_listed_but_not_a_new_name(lms):
    cursor = begin(lms)
    lms.put("/api/v1/subjects/lms-lala", {"role": "learner"})
    lms.put("/api/v1/subjects/lms-lala", {"role": "learner", "full_name": "Lala"})
    assert kinds(lms, cursor) == [("subject", "lms-lala", None)]
    lms.put("/api/v1/subjects/lms-lala", {"role": "learner", "attested_age": 30})
    assert kinds(lms, cursor) == [("subject", "lms-lala", None)] * 2


def test_a_closed_and_a_reopened_account_are_listed_but_not_further_use(lms):
    events = "/api/v1/subjects/lms-kiran/events"
    cursor = begin(lms)
    lms.post(events, {"kind": "active"})
    assert kinds(lms, cursor) == []
    lms.post(events, {"kind": "account_closed"})
    assert kinds(lms, cursor) == [("subject", "lms-kiran", None)]
    cursor = read(lms, cursor)["cursor"]
    lms.post(events, {"kind": "active"})
    assert kinds(lms, cursor) == [("subject", "lms-kiran", None)]


def test_restrictions_and_objections_are_listed(lms, committed):
    cursor, at = begin(lms), timezone.now()
    told = {"actor": committed.actor("amina"), "at": at}
    with in_client(committed.client_id("khyber")):
        kiran = committed.subject("kiran")
        restriction = restrict_processing(kiran, purpose_code="newsletter", reason="subject_request", **told)
        object_to_purpose(kiran, purpose_code="platform_improvement", reason="subject_request", **told)
    limits = [("objection", "lms-kiran", "platform_improvement"), ("restriction", "lms-kiran", "newsletter")]
    assert sorted(kinds(lms, cursor)) == limits
    cursor = read(lms, cursor)["cursor"]
    with in_client(committed.client_id("khyber")):
        lift_by_two(restriction, reason="subject_request", **told | {"at": at + timedelta(seconds=1)})
    assert kinds(lms, cursor) == limits[1:]


def test_an_erased_person_is_listed_by_id_only(lms, committed):
    cursor = begin(lms)
    with in_client(committed.client_id("khyber")):
        kiran = committed.subject("kiran")
        erase_subject(kiran, actor=committed.actor("amina"), reason="subject_request", at=timezone.now())
    (change,) = read(lms, cursor)["changes"]
    assert (change["kind"], change["subject"], change["id"]) == ("subject", None, str(committed.subject_id("kiran")))


def test_a_changed_register_is_listed_once_for_each_transaction(lms, committed):
    cursor = begin(lms)
    with in_client(committed.client_id("khyber")):
        for code in ("newsletter", "product_research"):
            deactivate_purpose(code, client_id=committed.client_id("khyber"), at=timezone.now())
    assert kinds(lms, cursor) == [("register", None, None)]


def test_a_changed_catalogue_is_listed_for_every_client(lms, committed):
    other = Caller(committed.key("indus"))
    cursors = begin(lms), begin(other)
    with in_client(PAKTALEEM):
        deactivate_purpose("support", client_id=PAKTALEEM, at=timezone.now())
    for caller, cursor in zip((lms, other), cursors, strict=True):
        assert kinds(caller, cursor) == [("register", None, None)]


def test_another_client_sees_no_changes_and_its_cursor_is_refused(lms, committed):
    other = Caller(committed.key("indus"))
    cursor, mine = begin(other), begin(lms)
    lms.consent("lms-kiran", "newsletter")
    assert kinds(other, cursor) == []
    response = other.get(CHANGES, since=mine)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "#/since")


def test_a_transaction_that_commits_late_is_not_missed(lms, committed):
    """An older transaction writes, a younger commits first: a plain counter would miss the older one."""
    cursor = begin(lms)
    wrote, leave = threading.Event(), threading.Event()

    def slowly():
        try:
            with in_client(committed.client_id("khyber")):
                register("lms-old", committed)
                wrote.set()
                assert leave.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slowly)
    thread.start()
    assert wrote.wait(20)
    lms.put("/api/v1/subjects/lms-young", {"role": "learner"})
    meanwhile = look(lms, cursor)
    leave.set()
    thread.join()
    after = read(lms, meanwhile["cursor"])
    assert meanwhile["changes"] == []
    assert [one["subject"] for one in after["changes"]] == ["lms-old", "lms-young"]


def register(name, committed):
    SubjectFactory(client=committed.client("khyber"), external_id=name, role="learner", at=timezone.now())


def test_a_reader_misses_no_change_of_many_writers(lms, committed):
    cursor, seen, writing = begin(lms), [], threading.Event()

    def write(number):
        try:
            for one in range(10):
                with in_client(committed.client_id("khyber")):
                    register(f"lms-{number}-{one}", committed)
                    transaction.set_rollback((number + one) % 3 == 0)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or not writing.is_set():
        if not any(thread.is_alive() for thread in threads):
            writing.set()  # once more after the last writer has ended
            settle()
        page = look(lms, cursor)
        seen += [one["subject"] for one in page["changes"]]
        cursor = page["cursor"]
    with in_client(committed.client_id("khyber")):
        names = Subject.objects.values_list("external_id", flat=True)
        there = {name for name in names if name and name.count("-") == 2}
    assert sorted(seen) == sorted(there)
    assert len(there) == 40


def test_long_lists_come_in_pages(lms):
    cursor = begin(lms)
    people = [{"external_id": f"lms-{n}", "role": "learner"} for n in range(7)]
    assert lms.post("/api/v1/subjects/batch", {"subjects": people}).status_code == 200
    settle()
    address, seen = f"{CHANGES}?since={cursor}&limit=3", []
    while address:
        response = lms.get(address)
        shown = response.json()
        assert len(shown["changes"]) <= 3
        seen += [one["subject"] for one in shown["changes"]]
        address = shown["next"]
        assert response.headers.get("Link") == (f'<{address}>; rel="next"' if address else None)
    assert sorted(seen) == [f"lms-{n}" for n in range(7)]


def test_nothing_new_is_304(lms, committed):
    cursor = begin(lms)
    etag = lms.get(CHANGES, since=cursor)["ETag"]
    assert lms.get(CHANGES, since=cursor, headers={"If-None-Match": etag}).status_code == HTTPStatus.NOT_MODIFIED
    lms.consent("lms-kiran", "newsletter")
    settle()
    assert lms.get(CHANGES, since=cursor, headers={"If-None-Match": etag}).status_code == HTTPStatus.OK


def test_an_expired_cursor_and_one_of_another_database_are_answered_with_410(lms, committed, monkeypatch):
    with time_machine.travel(timezone.now() - timedelta(days=7, minutes=1)):
        cursor = begin(lms)
    response = lms.get(CHANGES, since=cursor)
    assert (response.status_code, response.json()["type"]) == (410, "urn:paktaleem:problem:cursor-expired")
    cursor, another = begin(lms), Position(1, 1, committed.client_id("khyber"))  # of another database
    monkeypatch.setattr("consent.decisions.api.get_latest_position", lambda: another)
    assert lms.get(CHANGES, since=cursor).status_code == HTTPStatus.GONE


@pytest.mark.parametrize("since", ["", "0", "x" * 501, "a:b:c", "\x00"])
def test_an_invalid_cursor_is_refused(lms, since):
    response = lms.get(CHANGES, since=since)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "#/since")


def test_changes_older_than_every_cursor_are_purged(lms, committed):
    lms.consent("lms-kiran", "newsletter")
    for days, is_purged in ((7, False), (9, True)):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            assert (dispose("change_feed") > 1) is is_purged
    assert not committed.has(SubjectChange, "khyber")
    assert not committed.has(RegisterChange, "khyber")


DAY = timedelta(days=1)


def update(column, value):
    """Change one column of Hamza's in the database, bypassing permissions."""

    def act(cast, now):
        change = sql.SQL("UPDATE people_subject SET {} = %s WHERE id = %s").format(sql.Identifier(column))
        with connection.cursor() as cursor:
            cursor.execute(change, [value, cast.subject_id("hamza")])

    return act


def erase(cast, now):
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)


def readmit(cast, now):
    told = {"actor": cast.actor("amina"), "client_id": cast.client_id("indus"), "at": now}
    second = user_actor(new_id(), "privacy_officer", PAKTALEEM)
    approve_readmission(request_readmission("lms-hamza", ground="They asked for it.", **told), actor=second, at=now)


COLUMNS = {
    "role": [update("role", "instructor")],
    "other_roles": [update("other_roles", ["instructor"]), update("other_roles", [])],
    "registered_at": [update("registered_at", "2026-08-01T00:00:00Z")],
    "of_age_at": [update("of_age_at", "2030-01-01T00:00:00Z"), update("of_age_at", None)],
    "of_age_threshold": [update("of_age_threshold", 18), update("of_age_threshold", None)],
    "country": [update("country", "DE"), update("country", "")],
    "is_enabled": [update("is_enabled", False), update("is_enabled", True)],
    "account_closed_at": [update("account_closed_at", "2026-08-01T00:00:00Z"), update("account_closed_at", None)],
    "external_id": [update("external_id", "lms-another")],
    "erasure_started_at": [update("erasure_started_at", "2026-08-01T00:00:00Z")],
    "same_person": [update("same_person", new_id()), update("same_person", None)],
    "erased_at": [erase],
    "tombstone": [erase, readmit],
}


def function_text():
    """Return the SQL with which decisions read about a person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(pg_get_functiondef(oid), '') FROM pg_proc WHERE proname LIKE 'consent%facts%'"
        )
        return cursor.fetchone()[0]


def noted():
    return SubjectChange.objects.count()


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_each_fact_about_a_person_is_noted(cast, indus, now, column):
    for act in COLUMNS[column]:
        before = noted()
        act(cast, now)
        assert noted() > before, column


def test_the_facts_tested_are_those_that_decisions_read_and_no_other_change_is_noted(cast, indus, now):
    assert set(re.findall(r"\b[sw]\.(\w+)", function_text())) - {"id", "client_id"} == set(COLUMNS)
    before = noted()
    update("language", "ur")(cast, now)
    assert noted() == before


def test_an_age_recomputed_by_the_worker_is_noted(cast, now):
    """Kiran is of age either way; only the threshold used for the computation changes."""
    khyber_lms = cast.client_id("khyber")
    with in_client(khyber_lms):
        client = cast.client("khyber")
        client.age_threshold = 18
        change_client(client, actor=cast.actor("amina"), reason="law_change", at=now)
        of_age_at, before = cast.subject("kiran").of_age_at, noted()
    recompute_ages_of_client(str(khyber_lms))
    with in_client(khyber_lms):
        kiran = cast.subject("kiran")
        assert (kiran.of_age_at, kiran.of_age_threshold) == (of_age_at, 18)
        assert noted() == before + 1


def triggers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal")
        return set(cursor.fetchall())


def test_every_register_table_that_decisions_read_raises_the_version(cast, monkeypatch):
    monkeypatch.setattr(registers, "_CACHE", {})
    with in_client(cast.client_id("indus")):
        with CaptureQueriesContext(connection) as sent:
            current_register(cast.client_id("indus"))
        read = {table for one in sent.captured_queries for table in re.findall(r'FROM "(\w+)"', one["sql"])}
        there = triggers()
    assert {"consent_purpose", "consent_noticeversion", "accounts_client"} <= read
    raising = {table for table in read if (table, "raises_register_version") in there}
    both = {f"raises_register_version_{event}" for event in ("insert", "update")}  # with their own conditions
    assert read - raising == {table for table in read if both <= {name for of, name in there if of == table}}
    assert ("consent_registerversion", "notes_register") in there


def test_every_table_about_people_that_decisions_read_notes_its_changes(cast):
    with in_client(cast.client_id("indus")):
        read = set(re.findall(r"\bFROM ((?:consent|people)_\w+)", function_text()))
        there = triggers()
    past = {"people_historicalsubject", "people_personmerge", "consent_consentevent", "consent_registerversion"}
    assert {"people_subject", "consent_consent", "consent_restriction", "consent_objection"} <= read
    for table in {one for one in read if "(" not in one} - past:
        assert {(table, "notes_insert"), (table, "notes_update")} <= there, table


def test_the_start_and_end_of_a_restriction_are_noted(cast, indus, now):
    told = {"actor": cast.actor("amina"), "reason": "subject_request"}
    counts = [noted()]
    limit = restrict_processing(cast.subject("hamza"), purpose_code="newsletter", at=now, **told)
    counts.append(noted())
    lift_by_two(limit, at=now + DAY, **told)
    counts.append(noted())
    object_to_purpose(cast.subject("hamza"), purpose_code="platform_improvement", at=now, **told)
    assert [*counts, noted()] == sorted({*counts, noted()})
