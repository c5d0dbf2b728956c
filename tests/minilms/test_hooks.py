"""The reference receiver accepts messages signed by the portal, once, and nothing else; and answers inventories."""

import json
from contextlib import closing
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from django.utils import timezone

from integrations.minilms.hooks import KEPT_AS, Hooks, act_upon
from integrations.minilms.inventories import answer_inventories
from integrations.minilms.people import register, store_record
from integrations.minilms.portal import Portal
from integrations.minilms.store import Store
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.webhooks.signing import headers_of, new_secret
from paktaleem.foundation.tenancy.context import in_client
from retention.inventories.models import AskedFor, InventoryLine
from retention.inventories.services import order_inventories
from tests.factories import SETTING_UP
from tests.minilms.connecting import PortalInProcess

MESSAGE = "01a21659-ac51-759b-8151-d906023ab039"
BODY = b'{"type":"decision.invalidated","timestamp":"2026-10-01T09:00:00+00:00","data":{"subject_id":null}}'
NOWHERE = Portal("http://127.0.0.1:9", "no-key")


@pytest.fixture
def secret():
    return new_secret()


@pytest.fixture
def hooks(tmp_path, secret):
    with closing(Store(tmp_path / "lms.sqlite3")) as store:
        store.keep(KEPT_AS, secret)
    hooks = Hooks(tmp_path / "lms.sqlite3", NOWHERE, 0)
    yield hooks
    hooks.server.server_close()


@pytest.fixture
def store(hooks):
    with closing(Store(hooks.path)) as store:
        yield store


def signed(*secrets):
    now = int(datetime.now(UTC).timestamp())
    return headers_of(secrets, message_id=MESSAGE, timestamp=now, body=BODY)


def test_a_signed_message_is_taken_once(hooks, store, secret):
    for _ in range(2):
        assert hooks.take(BODY, signed(secret)) == HTTPStatus.NO_CONTENT
    [row] = store.rows("SELECT * FROM message")
    assert (row["id"], json.loads(row["content"])["type"]) == (MESSAGE, "decision.invalidated")


def test_while_a_secret_is_replaced_either_signature_will_do(hooks, secret):
    assert hooks.take(BODY, signed(new_secret(), secret)) == HTTPStatus.NO_CONTENT


def test_what_is_forged_changed_or_malformed_is_refused(hooks, store, secret):
    good = signed(secret)
    for body, headers in (
        (BODY, signed(new_secret())),
        (BODY.replace(b"invalidated", b"invaliDated"), good),
        (BODY, good | {"webhook-id": "another"}),
        (BODY, good | {"webhook-timestamp": "1"}),
        (BODY, good | {"webhook-signature": "nonsense"}),
        (BODY, {}),
    ):
        assert hooks.take(body, headers) == HTTPStatus.BAD_REQUEST
    assert store.rows("SELECT * FROM message") == []


def test_before_it_has_subscribed_it_takes_nothing(hooks, store, secret):
    store.do("DELETE FROM setting")
    assert hooks.take(BODY, signed(secret)) == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    ("data", "left"),
    [
        ({"subject_id": "portal-1", "purpose": "newsletter"}, {("stu-1", "research"), ("stu-2", "newsletter")}),
        ({"subject_id": "portal-1"}, {("stu-2", "newsletter")}),
        ({"subject_id": "portal-9"}, {("stu-1", "newsletter"), ("stu-1", "research"), ("stu-2", "newsletter")}),
        ({"subject_id": None}, set()),
    ],
)
def test_remembered_decisions_are_dropped_for_whom_they_concern(store, data, left):
    for person in ("1", "2"):
        values = (f"stu-{person}", f"portal-{person}")
        store.do("INSERT INTO person (id, portal_id, language) VALUES (?, ?, 'en')", *values)
    for person, purpose in (("stu-1", "newsletter"), ("stu-1", "research"), ("stu-2", "newsletter")):
        store.do("INSERT INTO decision VALUES (?, ?, 'process', 1, 'permitted', '2026-10-01')", person, purpose)
    act_upon(store, NOWHERE, "decision.invalidated", data)
    assert {(row["person"], row["purpose"]) for row in store.rows("SELECT * FROM decision")} == left


def test_it_answers_an_inventory_and_says_which_erased_person_it_still_holds(cast, store):
    portal, client_id, at = PortalInProcess("", cast.key("khyber")), cast.client_id("khyber"), timezone.now()
    why = {"purpose": "service_delivery", "occasion": "assessment"}
    for person in ("lms-kiran", "lms-zoya"):
        register(store, portal, person, role="learner", birth_date="1990-05-05")
        assert store_record(store, portal, person, "usage_logs", "opened Algebra", **why).allowed
    with in_client(client_id):
        kiran, lms = Subject.objects.get(external_id="lms-kiran"), System.objects.get(client=client_id, code="lms")
        erase_subject(kiran, actor=SETTING_UP, reason="subject_request", at=at)
        [made] = order_inventories(client_id, [lms], asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=at)
    assert (answer_inventories(store, portal), answer_inventories(store, portal)) == (1, 0)
    with in_client(client_id):
        made.refresh_from_db()
        assert (made.erased_asked, made.erased_held) == (1, 1)
        line = InventoryLine.objects.get(inventory=made, category="usage_logs")
        assert (line.counted, line.expected, line.missing, line.still_held) == (2, 1, 0, 1)
