"""Systems report collections and query what is held."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

COLLECTIONS, HOLDINGS = "/api/v1/collections", "/api/v1/subjects/lms-hamza/holdings"


@pytest.fixture
def body():
    return {
        "subject": "lms-hamza",
        "category": "usage_logs",
        "occasion": "assessment",
        "purpose": "support",
        "collected_at": (timezone.now() - timedelta(hours=1)).isoformat(),
        "count": 3,
    }


def test_a_report_is_answered_with_its_decision(indus, body):
    answer = indus.post(COLLECTIONS, body)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["category"], told["count"], told["decision"], told["incident"]) == ("usage_logs", 3, "permitted", None)


def test_held_data_is_listed(indus, body):
    indus.post(COLLECTIONS, body)
    indus.post(COLLECTIONS, {**body, "category": "content", "count": 1})
    found = indus.get(HOLDINGS).json()
    assert [(one["category"], one["system"], one["count"]) for one in found["holdings"]] == [
        ("content", "lms", 1),
        ("usage_logs", "lms", 3),
    ]
    again = indus.get(HOLDINGS, headers={"If-None-Match": indus.get(HOLDINGS)["ETag"]})
    assert again.status_code == 304


def test_a_report_about_a_child_without_consent_opens_an_incident(indus, body):
    told = indus.post(COLLECTIONS, {**body, "subject": "lms-danish"}).json()
    assert told["incident"] is not None
    [order] = indus.get("/api/v1/orders").json()["orders"]
    assert (order["kind"], order["subject"], order["ground"]) == ("erase", "lms-danish", "child_without_consent")
    assert indus.reason("lms-danish", "service_delivery") == "quarantined"
    indus.post(f"/api/v1/orders/{order['id']}/accept")
    indus.post(f"/api/v1/orders/{order['id']}/complete", {"result": "done", "counts": {"usage_logs": 3}})
    assert indus.reason("lms-danish", "service_delivery") == "guardian_consent_required"
    assert indus.get("/api/v1/subjects/lms-danish/holdings").json()["holdings"] == []


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"category": "shoe_size"}, "#/category"),
        ({"occasion": ""}, "#/occasion"),
        ({"purpose": None}, "#/purpose"),
        ({"count": 0}, "#/count"),
        ({"count": 2**40}, "#/count"),
        ({"collected_at": "2026-10-01T09:00:00"}, "#/collected_at"),
        ({"collected_at": "2999-01-01T00:00:00Z"}, "#/collected_at"),
        ({"note": "Hamza"}, "#/note"),
    ],
)
def test_invalid_input_names_its_field(indus, body, values, pointer):
    refused = indus.post(COLLECTIONS, {**body, **values})
    assert refused.status_code == 400
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    assert indus.get(HOLDINGS).json()["holdings"] == []


def test_a_person_of_another_client_is_not_found(khyber, body):
    assert khyber.post(COLLECTIONS, body).status_code == 404
    assert khyber.get(HOLDINGS).status_code == 404


def test_the_number_of_queries_does_not_depend_on_the_number_of_holdings(indus, body):
    counts = []
    for categories in (["content"], ["usage_logs", "contact_details", "device"]):
        for category in categories:
            indus.post(COLLECTIONS, {**body, "category": category})
        with CaptureQueriesContext(connection) as asked:
            indus.get(HOLDINGS)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_batch_is_answered_item_by_item(indus, body):
    items = [body, {**body, "category": "billing"}, {**body, "subject": "lms-kiran"}, {**body, "category": "shoe_size"}]
    answer = indus.post(f"{COLLECTIONS}/batch", {"collections": items})
    assert answer.status_code == 200
    found = answer.json()["collections"]
    assert [(one["recorded"], one["decision"], one["flagged"], list(one["problems"])) for one in found] == [
        (True, "permitted", False, []),
        (True, "category_not_covered", True, []),
        (False, None, False, ["subject"]),
        (False, None, False, ["category"]),
    ]
    assert indus.get(HOLDINGS).json()["holdings"][0]["category"] == "billing"


def test_a_batch_with_a_malformed_item_is_refused_as_a_whole(indus, body):
    refused = indus.post(f"{COLLECTIONS}/batch", {"collections": [body, {**body, "count": 0}]})
    assert refused.status_code == 400
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/collections/1/count"]
    assert indus.get(HOLDINGS).json()["holdings"] == []
    assert indus.post(f"{COLLECTIONS}/batch", {"collections": [body] * 1001}).status_code == 400


def test_what_is_held_says_until_when(indus, body):
    indus.post(COLLECTIONS, body)
    [held] = indus.get(HOLDINGS).json()["holdings"]
    assert (held["retention"], held["purpose"], held["last_activity_at"]) == ("kept", "support", None)
    assert held["due_at"] > timezone.now().isoformat()
    at = timezone.now().isoformat()
    answer = indus.post("/api/v1/activity/batch", {"activity": [{"subject": "lms-hamza", "happened_at": at}]})
    assert answer.json() == {"activity": [{"recorded": True, "problems": {}}]}
    [held] = indus.get(HOLDINGS).json()["holdings"]
    assert held["last_activity_at"] is not None


def test_data_for_no_purpose_is_recorded_and_flagged(indus, body):
    del body["purpose"]
    told = indus.post(COLLECTIONS, body).json()
    assert (told["decision"], told["flagged"], told["purpose"]) == ("purpose_unknown", True, "")
    [held] = indus.get(HOLDINGS).json()["holdings"]
    assert (held["retention"], held["due_at"], held["purposes"]) == ("no_rule", None, [])
