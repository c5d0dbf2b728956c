"""Resetting: all records about the sandbox's people are deleted, and nothing of other clients."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction

from consent.notices.models import NoticeVersion
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.directory.webhooks.services import add_endpoint
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.operations import list_table_policies
from paktaleem.foundation.tenancy.tables import Scope
from paktaleem.office.sandbox.reset_function import KEPT_MODELS, purged_tables
from paktaleem.office.sandbox.services.registering import NotASandbox, reset_sandbox
from tests.api.callers import Caller
from tests.factories import CAST_AT, SETTING_UP, OrderSpecFactory

ADDRESS = "/api/v1/sandbox/reset"


@pytest.fixture
def played(sandbox):
    """A sandbox with many records: states, a moved clock, webhooks, an order, an emailed link."""
    call = sandbox.caller
    with in_client(sandbox.id):
        add_endpoint(sandbox.id, url="https://lms.example/h", events=["consent.*"], actor=SETTING_UP, at=CAST_AT)
    for state in ("consent_outdated", "consent_expired", "restricted", "agreement_ended", "purpose_inactive"):
        body = {"subject": f"lms-{state}", "state": state}
        assert call.post("/api/v1/sandbox/state", body).status_code == 200
    assert call.post("/api/v1/links", {"subject": "p-adult", "page": "choices"}).status_code == 201
    with in_client(sandbox.id):
        subject, at = Subject.objects.get(external_id="p-adult"), wall_clock_now() + timedelta(days=400)
        assert issue_orders(subject, OrderSpecFactory(categories=("contact_details",), at=at), actor=SETTING_UP, at=at)
    return sandbox


def rows_of(client_id, tables):
    with in_client(client_id), connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE client_id = %s", [client_id])  # noqa: S608
            [found[table]] = cursor.fetchone()
        return found


def readable(tables):
    walls = list_table_policies()
    return [table for table in tables if walls[table].rights]


def test_all_data_of_its_people_is_deleted(played):
    before = rows_of(played.id, readable(purged_tables()))
    assert sum(before.values()) > 40
    answer = played.caller.post(ADDRESS)
    assert answer.status_code == 200, answer.content
    assert answer.json()["people"] == 7
    left = {table: count for table, count in rows_of(played.id, readable(purged_tables())).items() if count}
    assert left == {}
    with in_client(played.id):
        for model in (Subject, SubjectKey, Order, Message, Delivery, Letter):
            assert not model._default_manager.exists(), model


def test_no_request_finds_its_people(cast, played):
    played.caller.post(ADDRESS)
    assert played.caller.reason("p-adult", "support") == "subject_unknown"
    assert played.caller.get("/api/v1/subjects/p-adult").status_code == 404
    assert played.caller.get("/api/v1/orders").json()["orders"] == []
    with as_officer():
        assert not Subject.objects.filter(client_id=played.id).exists()


def test_register_and_keys_stay_and_serve_as_before(played):
    with in_client(played.id):
        purposes = set(Purpose.objects.filter(client_id=played.id).values_list("code", flat=True))
    played.caller.post(ADDRESS)
    with in_client(played.id):
        active = Purpose.objects.filter(client_id=played.id, is_active=True)
        assert set(active.values_list("code", flat=True)) == purposes
        agreement = ServiceAgreement.objects.get(client_id=played.id)
        assert agreement.ends_at is None
        assert NoticeVersion.objects.filter(client_id=played.id, announced_at__gt=wall_clock_now()).count() == 0
    answer = played.caller.put("/api/v1/subjects/p-adult", {"role": "student", "birth_date": "1990-01-01"})
    assert answer.status_code == 201
    assert played.caller.reason("p-adult", "service_delivery") == "permitted"
    assert played.caller.consent("p-adult", "newsletter").status_code == 201
    assert played.caller.reason("p-adult", "newsletter") == "permitted"


def test_the_clock_is_right_again_and_the_ledger_keeps_what_happened(played):
    with in_client(played.id):
        before = set(Entry.objects.values_list("id", flat=True))
    assert played.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] > 0
    assert played.caller.post(ADDRESS).json()["ahead_seconds"] == 0
    assert played.caller.get("/api/v1/sandbox/clock").json()["ahead_seconds"] == 0
    with in_client(played.id):
        assert before <= set(Entry.objects.values_list("id", flat=True))
        [over] = Entry.objects.filter(kind="sandbox.started_over")
        assert '"people":7' in over.body


def test_nothing_of_another_client_is_touched(cast, played):
    tables = readable(table for table, wall in list_table_policies().items() if wall.scope is not Scope.GLOBAL)
    tables = [table for table in tables if table not in {"accounts_client", "accounts_historicalclient"}]
    others = [cast.client_id(code) for code in ("indus", "khyber", "paktaleem")]
    before = [rows_of(client_id, tables) for client_id in others]
    played.caller.post(ADDRESS)
    assert [rows_of(client_id, tables) for client_id in others] == before
    assert Caller(cast.key("indus")).reason("lms-junaid", "support") == "permitted"


def test_it_may_be_played_again(played):
    for _ in range(2):
        assert played.caller.post(ADDRESS).status_code == 200
    body = {"subject": "lms-erased", "state": "erased"}
    for _ in range(2):
        assert played.caller.post("/api/v1/sandbox/state", body).json()["reason"] == "subject_erased"
        assert played.caller.post(ADDRESS).status_code == 200
        assert played.caller.reason("lms-erased", "support") == "subject_unknown"


def test_no_other_client_starts_over(cast):
    with in_client(cast.client_id("indus")):
        with pytest.raises(NotASandbox):
            reset_sandbox(cast.client("indus"), actor=cast.actor("farah"), at=wall_clock_now())
        assert refused("SELECT sandbox_forget(now())", "only a sandbox starts over")
        assert Subject.objects.filter(external_id="lms-danish").exists()


def refused(sql, match):
    """Run a statement in a savepoint; it must be refused with this message."""
    with pytest.raises(DatabaseError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return True


@pytest.mark.parametrize("setting", ["", "sandbox"])
def test_the_app_still_deletes_no_evidence(played, setting):
    with in_client(played.id), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('paktaleem.forgetting', %s, true)", [setting])
        assert refused("DELETE FROM consent_consentevent", "permission denied")
        assert refused("DELETE FROM audit_entry", "permission denied")


def test_the_owner_still_deletes_no_evidence_but_a_sandboxs(committed):
    """The trigger's exception applies to one sandbox, and never to the ledger."""
    indus = committed.client_id("indus")
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('paktaleem.client', %s, true)", [str(indus)])
        cursor.execute("SELECT set_config('paktaleem.forgetting', 'sandbox', true)")
        for table in ("accounts_historicalclient", "audit_entry", "people_historicalsubject"):
            with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(using="owner"):
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608


def test_what_stays_refers_to_nothing_that_goes(db):
    """Otherwise a foreign key would refuse the reset."""
    going, walls = set(purged_tables()), list_table_policies()
    keys = "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    with as_officer(), connection.cursor() as cursor:
        cursor.execute(keys)
        found = [(table, to) for table, to in cursor.fetchall() if to in going and table not in going]
    assert found == []
    assert going <= set(walls)
    assert {model._meta.label for model in apps.get_models()} >= KEPT_MODELS
