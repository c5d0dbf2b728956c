"""A change of any fact that decisions read appears in the changes feed.

Effects of time alone (a birthday, an expiry, a notice taking effect, the end of a period) are not changes of facts:
``valid_until`` of every decision ends before them (tests/consent/test_decision_properties.py).
"""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.decisions.models import SubjectChange
from consent.notices.selectors import registers
from consent.notices.selectors.registers import current_register
from paktaleem.directory.people.services.erasure import approve_readmission, erase_subject, request_readmission
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.consent.lifting import lift_by_two

DAY = timedelta(days=1)


def update(column, value):
    """Change one column of Hamza's in the database, bypassing permissions."""

    def act(cast, now):
        change = sql.SQL("UPDATE subjects_subject SET {} = %s WHERE id = %s").format(sql.Identifier(column))
        with connection.cursor() as cursor:
            cursor.execute(change, [value, cast.subject_id("hamza")])

    return act


def erase(cast, now):
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)


def readmit(cast, now):
    told = {"actor": cast.actor("amina"), "client_id": cast.client_id("indus"), "at": now}
    second = user_actor(new_id(), "privacy_officer", PAKTALEEM)
    approve_readmission(request_readmission("lms-hamza", **told), actor=second, at=now)


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
def test_a_change_of_each_fact_about_a_person_is_noted(cast, now, column):
    with in_client(cast.client_id("indus")):
        for act in COLUMNS[column]:
            before = noted()
            act(cast, now)
            assert noted() > before, column


def test_the_facts_tested_are_those_that_decisions_read(db, cast):
    with in_client(cast.client_id("indus")):
        read = set(re.findall(r"\b[sw]\.(\w+)", function_text())) - {"id", "client_id"}
    assert read == set(COLUMNS)


def test_a_change_that_no_decision_reads_is_not_noted(cast, now):
    with in_client(cast.client_id("indus")):
        before = noted()
        update("language", "ur")(cast, now)
        assert noted() == before


def test_an_age_recomputed_by_the_worker_is_noted(cast, now):
    """Kiran is of age either way; only the threshold used for the computation changes."""
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        client = cast.client("khyber")
        client.age_threshold = 18
        change_client(client, actor=cast.actor("amina"), reason="law_change", at=now)
        of_age_at, before = cast.subject("kiran").of_age_at, noted()
    recompute_ages_of_client(str(khyber))
    with in_client(khyber):
        kiran = cast.subject("kiran")
        assert (kiran.of_age_at, kiran.of_age_threshold) == (of_age_at, 18)
        assert noted() == before + 1


def triggers():
    """Return the triggers of each table."""
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
        read = set(re.findall(r"\bFROM ((?:consent|subjects)_\w+)", function_text()))
        there = triggers()
    past = {"subjects_historicalsubject", "consent_consentevent", "consent_registerversion"}
    assert {"subjects_subject", "consent_consent", "consent_restriction", "consent_objection"} <= read
    for table in {one for one in read if "(" not in one} - past:
        assert {(table, "notes_insert"), (table, "notes_update")} <= there, table


def test_the_start_and_end_of_a_restriction_are_noted(cast, now):
    told = {"actor": cast.actor("amina"), "reason": "subject_request"}
    with in_client(cast.client_id("indus")):
        counts = [noted()]
        limit = restrict_processing(cast.subject("hamza"), purpose_code="newsletter", at=now, **told)
        counts.append(noted())
        lift_by_two(limit, at=now + DAY, **told)
        counts.append(noted())
        object_to_purpose(cast.subject("hamza"), purpose_code="platform_improvement", at=now, **told)
        counts.append(noted())
    assert counts == sorted(set(counts))
