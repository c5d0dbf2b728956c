"""A sandbox makes orders, so that the developers of a system can try to carry them out."""

import pytest

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller

ORDERS = "/api/v1/sandbox/orders"


def problem(response):
    return response.status_code, response.json()["type"].removeprefix("urn:paktaleem:problem:")


def test_an_order_is_made_listed_accepted_and_answered(sandbox):
    made = sandbox.caller.post(ORDERS, {"subject": "p-adult", "kind": "erase", "categories": ["usage_logs"]})
    assert made.status_code == 201, made.content
    order = made.json()
    assert (order["subject"], order["kind"], order["categories"]) == ("p-adult", "erase", ["usage_logs"])
    [listed] = sandbox.caller.get("/api/v1/orders").json()["orders"]
    assert (listed["id"], listed["state"]) == (order["id"], "sent")
    assert sandbox.caller.post(f"/api/v1/orders/{order['id']}/accept").status_code == 200
    answer = {"result": "done", "counts": {"usage_logs": 3}}
    done = sandbox.caller.post(f"/api/v1/orders/{order['id']}/complete", answer)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed"), done.content


def test_without_categories_it_is_about_all_that_the_system_holds(sandbox):
    made = sandbox.caller.post(ORDERS, {"subject": "p-adult", "kind": "collect"}).json()
    assert made["categories"] == ["contact_details", "usage_logs"]


def test_a_correction_carries_its_new_values_to_the_system(sandbox):
    made = sandbox.caller.post(
        ORDERS, {"subject": "p-adult", "kind": "correct", "new_values": {"email": "n@x.example"}}
    )
    assert made.json()["fields_to_correct"] == ["email"]
    accepted = sandbox.caller.post(f"/api/v1/orders/{made.json()['id']}/accept").json()
    assert accepted["new_values"] == {"email": "n@x.example"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "forget"}, "#/kind"),
        ({"kind": "erase", "categories": []}, "#/categories"),
        ({"kind": "erase", "categories": ["billing"]}, "#/categories"),
        ({"kind": "erase", "new_values": {"email": None}}, "#/new_values"),
        ({"kind": "correct"}, "#/new_values"),
        ({"kind": "correct", "new_values": {"No code": "x"}}, "#/new_values/No code"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(sandbox, body, pointer):
    response = sandbox.caller.post(ORDERS, {"subject": "p-adult", **body})
    assert response.status_code == 400, response.content
    assert [one["pointer"] for one in response.json()["errors"]] == [pointer]
    with in_client(sandbox.id):
        assert not Order.objects.exists()


def test_no_order_names_an_unknown_person(sandbox):
    assert problem(sandbox.caller.post(ORDERS, {"subject": "nobody", "kind": "erase"})) == (404, "subject-unknown")


def test_other_clients_make_no_orders_by_the_api(cast):
    khyber = Caller(cast.key("khyber"))
    assert problem(khyber.post(ORDERS, {"subject": "lms-kiran", "kind": "erase"})) == (403, "not-a-sandbox")
