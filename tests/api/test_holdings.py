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


def test_a_report_is_answered_with_its_decision_and_held_data_is_listed(indus_lms, body):
    answer = indus_lms.post(COLLECTIONS, body)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["category"], told["count"], told["decision"], told["incident"]) == ("usage_logs", 3, "permitted", None)
    indus_lms.post(COLLECTIONS, {**body, "category": "content", "count": 1})
    found = indus_lms.get(HOLDINGS).json()
    assert [(one["category"], one["system"], one["count"]) for one in found["holdings"]] == [
        ("content", "lms", 1),
        ("usage_logs", "lms", 3),
    ]
    bases = [(one["rests_on"], one["confirmed_at"], one["is_declared"]) for one in found["holdings"]]
    assert bases == [("not_confirmed", None, False)] * 2
    again = indus_lms.get(HOLDINGS, headers={"If-None-Match": indus_lms.get(HOLDINGS)["ETag"]})
    assert again.status_code == 304


def test_a_report_about_a_child_without_consent_opens_an_incident(indus_lms, body):
    told = indus_lms.post(COLLECTIONS, {**body, "subject": "lms-danish"}).json()
    assert told["incident"] is not None
    [order] = indus_lms.get("/api/v1/orders").json()["orders"]
    assert (order["kind"], order["subject"], order["ground"]) == ("erase", "lms-danish", "child_without_consent")
    assert indus_lms.reason("lms-danish", "service_delivery") == "quarantined"
    indus_lms.post(f"/api/v1/orders/{order['id']}/accept")
    indus_lms.post(f"/api/v1/orders/{order['id']}/complete", {"result": "done", "counts": {"usage_logs": 3}})
    assert indus_lms.reason("lms-danish", "service_delivery") == "guardian_consent_required"
    assert indus_lms.get("/api/v1/subjects/lms-danish/holdings").json()["holdings"] == []


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
def test_invalid_input_names_its_field(indus_lms, body, values, pointer):
    refused = indus_lms.post(COLLECTIONS, {**body, **values})
    assert refused.status_code == 400
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    assert indus_lms.get(HOLDINGS).json()["holdings"] == []


def test_the_number_of_queries_does_not_depend_on_the_number_of_holdings(indus_lms, body):
    counts = []
    for categories in (["content"], ["usage_logs", "contact_details", "device"]):
        for category in categories:
            indus_lms.post(COLLECTIONS, {**body, "category": category})
        with CaptureQueriesContext(connection) as asked:
            indus_lms.get(HOLDINGS)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_batch_is_answered_item_by_item(indus_lms, body):
    items = [body, {**body, "category": "billing"}, {**body, "subject": "lms-kiran"}, {**body, "category": "shoe_size"}]
    answer = indus_lms.post(f"{COLLECTIONS}/batch", {"collections": items})
    assert answer.status_code == 200
    found = answer.json()["collections"]
    assert [(one["recorded"], one["decision"], one["flagged"], list(one["problems"])) for one in found] == [
        (True, "permitted", False, []),
        (True, "category_not_covered", True, []),
        (False, None, False, ["subject"]),
        (False, None, False, ["category"]),
    ]
    assert indus_lms.get(HOLDINGS).json()["holdings"][0]["category"] == "billing"


def test_a_batch_with_a_malformed_item_is_refused_as_a_whole(indus_lms, body):
    refused = indus_lms.post(f"{COLLECTIONS}/batch", {"collections": [body, {**body, "count": 0}]})
    assert refused.status_code == 400
    assert [one["pointer"] for one in refused.json()["errors"]] == ["#/collections/1/count"]
    assert indus_lms.get(HOLDINGS).json()["holdings"] == []
    assert indus_lms.post(f"{COLLECTIONS}/batch", {"collections": [body] * 1001}).status_code == 400


def test_what_is_held_says_until_when(indus_lms, body):
    indus_lms.post(COLLECTIONS, body)
    [held] = indus_lms.get(HOLDINGS).json()["holdings"]
    assert (held["retention"], held["purpose"], held["last_activity_at"]) == ("kept", "support", None)
    assert held["due_at"] > timezone.now().isoformat()
    at = timezone.now().isoformat()
    answer = indus_lms.post("/api/v1/activity/batch", {"activity": [{"subject": "lms-hamza", "happened_at": at}]})
    assert answer.json() == {"activity": [{"recorded": True, "problems": {}}]}
    [held] = indus_lms.get(HOLDINGS).json()["holdings"]
    assert held["last_activity_at"] is not None


def test_data_for_no_purpose_is_recorded_and_flagged(indus_lms, body):
    del body["purpose"]
    told = indus_lms.post(COLLECTIONS, body).json()
    assert (told["decision"], told["flagged"], told["purpose"]) == ("purpose_unknown", True, "")
    [held] = indus_lms.get(HOLDINGS).json()["holdings"]
    assert (held["retention"], held["due_at"], held["purposes"]) == ("no_rule", None, [])
