"""Orders as seen by a data system: list, accept, complete, fail; only its own."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order, SystemKey
from paktaleem.directory.data_systems.services.issuing import issue_orders
from paktaleem.directory.data_systems.services.registering import end_system_key
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SETTING_UP, OrderSpecFactory, make_system

ORDERS = "/api/v1/orders"
COUNTED = {"result": "done", "counts": {"usage_logs": 12}}


@pytest.fixture
def issue(cast):
    """Create orders about a person of Indus, by default for its LMS only."""

    def issue(kind="erase", person="danish", categories=("usage_logs",), new_values=None):
        at = timezone.now()
        spec = OrderSpecFactory(kind=kind, categories=categories, at=at)
        with in_client(cast.client_id("indus")):
            return issue_orders(cast.subject(person), spec, new_values=new_values, actor=SETTING_UP, at=at)[0].pk

    return issue


@pytest.fixture
def accept(indus_lms, issue):
    """Create an order as ``issue`` does, and accept it."""

    def accept(*args, **kwargs):
        order = issue(*args, **kwargs)
        indus_lms.post(f"{ORDERS}/{order}/accept")
        return order

    return accept


@pytest.fixture
def upload(indus_lms):
    def upload(order, content, kind="application/pdf", category="content"):
        return indus_lms._client.post(f"{ORDERS}/{order}/files/{category}", content, content_type=kind)

    return upload


def state(order):
    return Order.objects.values_list("state", flat=True).get(pk=order)


def problem(response):
    return response.status_code, response.json()["type"].removeprefix("urn:paktaleem:problem:")


def test_a_system_lists_its_orders(cast, indus_lms, issue):
    order = issue()
    answer = indus_lms.get(ORDERS)
    [found] = answer.json()["orders"]
    assert (answer.status_code, answer.json()["next"], answer["Retry-After"]) == (200, None, "60")
    assert (found["id"], found["kind"], found["subject"], found["state"]) == (str(order), "erase", "lms-danish", "sent")
    assert (found["categories"], found["reason"], found["ground"]) == (
        ["usage_logs"],
        "subject_request",
        "right_of_the_person",
    )


def test_an_unchanged_list_is_304_and_sending_is_recorded_once(cast, indus_lms, issue):
    order = issue()
    assert indus_lms.head(ORDERS).status_code == 200
    with in_client(cast.client_id("indus")):
        assert state(order) == "queued"
    first = indus_lms.get(ORDERS)
    again = indus_lms.get(ORDERS, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again["Retry-After"]) == (304, "60")
    with in_client(cast.client_id("indus")):
        assert state(order) == "sent"
        [entry] = Entry.objects.filter(kind="order.sent")
        assert json.loads(entry.body)["facts"]["orders"] == [str(order)]


def test_pages_list_each_order_once(cast, indus_lms, issue):
    made = [issue(person=name) for name in ("danish", "hamza", "iqra", "junaid", "esra")]
    found, address = [], f"{ORDERS}?limit=2"
    while address:
        answer = indus_lms.get(address)
        found += [one["id"] for one in answer.json()["orders"]]
        assert ("Retry-After" in answer) == (answer.json()["next"] is None)
        address = answer.json()["next"]
    assert found == [str(one) for one in made]


def test_an_order_is_accepted_and_completed(indus_lms, issue, accept):
    order = issue()
    accepted = indus_lms.post(f"{ORDERS}/{order}/accept")
    assert (accepted.status_code, accepted.json()["state"], accepted.json()["new_values"]) == (200, "accepted", {})
    done = indus_lms.post(f"{ORDERS}/{order}/complete", COUNTED)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")
    assert done.json()["answered_at"]
    assert indus_lms.get(ORDERS).json()["orders"] == []
    [answered] = indus_lms.get(ORDERS, state="answered").json()["orders"]
    assert answered["id"] == str(order)
    assert indus_lms.get(f"{ORDERS}/{order}").json() == answered
    unknown = accept(person="hamza")
    assert indus_lms.post(f"{ORDERS}/{unknown}/complete", {"result": "not_found"}).json()["state"] == "not_found"


def test_invalid_answers_name_their_field(indus_lms, accept):
    order = accept()
    for body, field in (
        ({}, "#/result"),
        ({"result": "finished"}, "#/result"),
        ({"result": "done"}, "#/counts"),
        ({"result": "done", "counts": {"usage_logs": -1}}, "#/counts/usage_logs"),
        ({"result": "done", "counts": {"billing": 1}}, "#/counts"),
        ({"result": "not_applicable"}, "#/reason"),
        ({"result": "not_found", "sections": [{"category": "content", "data": 1}]}, "#/sections"),
        ({"result": "done", "note": "Danish is gone"}, "#/note"),
    ):
        answer = indus_lms.post(f"{ORDERS}/{order}/complete", body)
        assert problem(answer) == (400, "invalid-input"), body
        assert field in [one["pointer"] for one in answer.json()["errors"]], (body, answer.json())
    failed = indus_lms.post(f"{ORDERS}/{order}/fail", {"code": "Danish Qureshi was locked"})
    assert problem(failed) == (400, "invalid-input")


def test_steps_out_of_order_are_refused(indus_lms, issue):
    order = issue()
    assert problem(indus_lms.post(f"{ORDERS}/{order}/complete", COUNTED)) == (409, "order-not-there")
    indus_lms.post(f"{ORDERS}/{order}/accept")
    indus_lms.post(f"{ORDERS}/{order}/complete", COUNTED)
    assert indus_lms.post(f"{ORDERS}/{order}/complete", COUNTED).status_code == 200
    assert problem(indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "not_found"})) == (409, "order-answered")
    assert problem(indus_lms.post(f"{ORDERS}/{order}/accept")) == (409, "order-not-there")


def test_a_failed_attempt_returns_the_time_of_the_next_one(indus_lms, accept):
    order = accept()
    failed = indus_lms.post(f"{ORDERS}/{order}/fail", {"code": "database_locked"}).json()
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["retry_at"] > failed["created_at"]
    assert indus_lms.get(ORDERS).json()["orders"] == []
    given_up = accept(person="hamza")
    failed = indus_lms.post(f"{ORDERS}/{given_up}/fail", {"code": "never_again", "again": False}).json()
    assert failed["retry_at"] is None


def test_accepting_a_correction_returns_the_new_values(cast, indus_lms, issue):
    order = issue("correct", new_values={"full_name": "Danish Lodhi"})
    assert "Lodhi" not in indus_lms.get(ORDERS).content.decode()
    accepted = indus_lms.post(f"{ORDERS}/{order}/accept").json()
    assert (accepted["new_values"], accepted["fields_to_correct"]) == ({"full_name": "Danish Lodhi"}, ["full_name"])
    with in_client(cast.client_id("indus")):
        [look] = AccessRecord.objects.filter(actor_id=cast.key_id("indus"))
        assert look.fields == f"order {order}, full_name"
    done = indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "done", "corrected": ["full_name"]})
    assert done.json()["state"] == "confirmed"


def test_collected_data_is_sent_as_sections_and_files(indus_lms, accept, upload):
    order = accept("collect", categories=("content",))
    large = b'[{"essay": "' + b"x" * 2_000_000 + b'"}]'  # a section too large for one request comes as a JSON file
    for content, mime, kind in ((large, "application/octet-stream", "json"), (b"%PDF-1.7", "application/pdf", "pdf")):
        given = upload(order, content, mime)
        assert (given.status_code, given.json()["kind"], given.json()["size"]) == (201, kind, len(content))
    for wrong in (b'[{"essay": ', b"[NaN]", b"[" * 100_000, b'"text"', b"\xff["):
        assert problem(upload(order, wrong, "application/octet-stream")) == (415, "file-kind-refused"), wrong[:20]
    assert problem(upload(order, b"<svg>", "image/png")) == (415, "file-kind-refused")
    assert problem(upload(order, b"%PDF-1.7", category="billing")) == (400, "category-unknown")
    body = {"result": "done", "sections": [{"category": "usage_logs", "data": [{"page": "Algebra"}]}]}
    done = indus_lms.post(f"{ORDERS}/{order}/complete", body)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")


def test_too_much_data_is_refused_and_the_order_stays_open(cast, indus_lms, accept, upload, settings):
    order = accept("collect", categories=("content",))
    settings.FILE_MOST_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 200, 2_000
    assert problem(upload(order, b"%PDF-" + b"x" * 200)) == (413, "file-too-large")
    section = {"category": "content", "data": "x" * 300}
    large = indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "done", "sections": [section]})
    assert problem(large) == (413, "file-too-large")
    larger = indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "done", "sections": [section] * 9})
    assert problem(larger) == (413, "body-too-large")
    small = {"category": "content", "data": "x"}
    many = indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "done", "sections": [small] * 101})
    assert many.status_code in {400, 413}
    with in_client(cast.client_id("indus")):
        assert state(order) == "accepted"
    assert indus_lms.post(f"{ORDERS}/{order}/complete", {"result": "done", "sections": [small]}).status_code == 200


def test_an_order_still_names_a_person_erased_meanwhile(cast, indus_lms, issue):
    order = issue()
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        erase_subject(danish, actor=cast.actor("amina"), reason="subject_request", at=timezone.now())
    assert [one["subject"] for one in indus_lms.get(ORDERS).json()["orders"]] == ["lms-danish"]
    indus_lms.post(f"{ORDERS}/{order}/accept")
    done = indus_lms.post(f"{ORDERS}/{order}/complete", COUNTED).json()
    assert (done["state"], done["subject"]) == ("confirmed", None)


def test_other_systems_and_other_clients_do_not_find_the_order(cast, indus_lms, khyber_lms, issue):
    own = issue()
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "forum", ["credentials"])
    others = issue(categories=("credentials",), person="hamza")
    for caller, order in ((khyber_lms, own), (indus_lms, others), (indus_lms, cast.client_id("indus"))):
        answers = [
            caller.get(f"{ORDERS}/{order}"),
            caller.post(f"{ORDERS}/{order}/accept"),
            caller.post(f"{ORDERS}/{order}/complete", COUNTED),
            caller.post(f"{ORDERS}/{order}/fail", {"code": "x"}),
            caller._client.post(f"{ORDERS}/{order}/files/content", b"%PDF-", content_type="application/pdf"),
        ]
        assert {problem(answer) for answer in answers} == {(404, "order-unknown")}
        assert len({answer.content for answer in answers}) == 1
    assert khyber_lms.get(ORDERS).json()["orders"] == []


def test_a_cursor_is_valid_only_for_its_own_list(indus_lms, khyber_lms, issue):
    for name in ("danish", "hamza"):
        issue(person=name)
    next_page = indus_lms.get(ORDERS, limit=1).json()["next"]
    assert problem(khyber_lms.get(next_page)) == (400, "invalid-input")
    assert problem(indus_lms.get(next_page.replace("limit=1", "state=answered"))) == (400, "invalid-input")


def test_a_key_that_acts_for_no_system_is_refused(cast, indus_lms):
    with in_client(cast.client_id("indus")):
        [acting] = SystemKey.objects.all()
        end_system_key(acting, actor=SETTING_UP, reason=Reason.REVIEW, at=timezone.now())
    assert problem(indus_lms.get(ORDERS)) == (403, "no-system")


def test_the_number_of_queries_does_not_depend_on_the_number_of_orders(indus_lms, issue):
    counts = []
    indus_lms.get(ORDERS)
    for people in (["danish"], ["hamza", "iqra", "junaid", "esra"]):
        for name in people:
            issue(person=name)
        with CaptureQueriesContext(connection) as new:
            indus_lms.get(ORDERS)
        with CaptureQueriesContext(connection) as given:
            indus_lms.get(ORDERS)
        counts.append((len(new), len(given)))
    assert counts[0] == counts[1]
