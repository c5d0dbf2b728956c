"""The webhooks API: register, list, rotate, test, replay, remove; a client sees only its own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from paktaleem.directory.webhooks.models import Delivery, Endpoint
from paktaleem.directory.webhooks.services import disable_endpoint
from paktaleem.foundation.tenancy.context import in_client
from tests.factories import SETTING_UP
from tests.webhooks.making import URL, make_endpoint, make_given_up


@pytest.fixture
def call(cast, client):
    """Return a function that calls the API with a client's key."""

    def made(method, path, body=None, code="indus", **headers):
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        headers["Authorization"] = f"Bearer {cast.key(code)}"
        return getattr(client, method)(f"/api/v1/webhooks{path}", headers=headers, **sent)

    return made


@pytest.fixture
def endpoint(cast):
    with in_client(cast.client_id("indus")):
        return make_endpoint(cast, "indus", at=timezone.now())


def test_the_secret_of_a_new_webhook_is_shown_once(call):
    made = call("post", "", {"url": URL, "events": ["consent.*", "subject.erased"], "name": "LMS"})
    assert made.status_code == 201
    told = made.json()
    assert told["secret"].startswith("whsec_")
    assert (told["state"], told["failures"], told["events"]) == ("enabled", 0, ["consent.*", "subject.erased"])
    listed = call("get", "").json()["webhooks"]
    assert listed == [{name: value for name, value in told.items() if name != "secret"}]
    assert call("get", f"/{told['id']}").json() == listed[0]
    assert call("get", "", code="khyber").json() == {"webhooks": []}


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("url", {"events": ["consent.*"]}),
        ("url", {"url": 5, "events": ["consent.*"]}),
        ("url", {"url": "https://10.0.0.1/", "events": ["consent.*"]}),
        ("events", {"url": URL}),
        ("events", {"url": URL, "events": []}),
        ("events", {"url": URL, "events": ["all"]}),
        ("events", {"url": URL, "events": "consent.*"}),
        ("colour", {"url": URL, "events": ["consent.*"], "colour": "red"}),
    ],
)
def test_invalid_input_names_its_field(call, field, body):
    answer = call("post", "", body)
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"#/{field}"]


def test_the_same_request_again_registers_once(call):
    body, key = {"url": URL, "events": ["consent.*"]}, {"Idempotency-Key": "one"}
    first, second = (call("post", "", body, **key) for _ in range(2))
    assert first.content == second.content
    assert len(call("get", "").json()["webhooks"]) == 1


def test_an_unchanged_list_is_304_without_a_body(call, endpoint):
    first = call("get", "")
    assert call("get", "", **{"If-None-Match": first["ETag"]}).status_code == 304


def test_a_secret_is_replaced(call, endpoint):
    one, other = (call("post", f"/{endpoint.pk}/rotate").json()["secret"] for _ in range(2))
    assert one != other


def test_a_test_message_waits_to_be_sent(call, endpoint):
    told = call("post", f"/{endpoint.pk}/test")
    assert told.status_code == 202
    assert (told.json()["type"], told.json()["state"]) == ("webhook.test", "waiting")


def test_deliveries_are_listed_newest_first_by_pages(call, cast, endpoint):
    at = timezone.now()
    with in_client(endpoint.client_id):
        made = [make_given_up(endpoint, at=at + timedelta(seconds=number)) for number in range(3)]
    first = call("get", f"/{endpoint.pk}/deliveries?limit=2&state=failed").json()
    assert [one["id"] for one in first["deliveries"]] == [str(made[2].pk), str(made[1].pk)]
    rest = call("get", first["next"].removeprefix("/api/v1/webhooks")).json()
    assert [one["id"] for one in rest["deliveries"]] == [str(made[0].pk)]
    assert rest["next"] is None
    assert call("get", f"/{endpoint.pk}/deliveries?state=delivered").json()["deliveries"] == []
    assert call("get", f"/{endpoint.pk}/deliveries?cursor=made-up").status_code == 400
    assert call("get", f"/{endpoint.pk}/deliveries?state=lost").status_code == 400


def test_failed_messages_are_sent_again(call, endpoint):
    at = timezone.now() - timedelta(hours=1)
    with in_client(endpoint.client_id):
        make_given_up(endpoint, at=at)
    told = call("post", f"/{endpoint.pk}/replay", {"since": (at - timedelta(hours=1)).isoformat()})
    assert (told.status_code, told.json()) == (202, {"count": 1})
    with in_client(endpoint.client_id):
        assert Delivery.objects.get().state == "waiting"
    assert call("post", f"/{endpoint.pk}/replay", {"since": "yesterday"}).status_code == 400


def test_a_disabled_webhook_is_shown_as_such_until_enabled(call, endpoint):
    with in_client(endpoint.client_id):
        disable_endpoint(endpoint, actor=SETTING_UP, reason="review", at=timezone.now())
    refused = call("post", f"/{endpoint.pk}/test")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:paktaleem:problem:webhook-disabled")
    assert call("get", f"/{endpoint.pk}").json()["disabled_because"] == "by_hand"
    assert call("post", f"/{endpoint.pk}/enable").json()["state"] == "enabled"
    assert call("post", f"/{endpoint.pk}/test").status_code == 202


def test_a_removed_webhook_is_not_found(call, endpoint):
    assert call("delete", f"/{endpoint.pk}").status_code == 204
    assert call("delete", f"/{endpoint.pk}").status_code == 404
    assert call("get", "").json() == {"webhooks": []}
    with in_client(endpoint.client_id):
        assert Endpoint.objects.count() == 1
