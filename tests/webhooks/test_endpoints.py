"""Endpoints: added, changed, rotated, disabled and removed, over the API too, with history and evidence."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from paktaleem.directory.people.key_epochs.services import keys_by_epoch, rewrap_other_kinds
from paktaleem.directory.webhooks.models import Delivery, Endpoint, EndpointSecret
from paktaleem.directory.webhooks.services import (
    MOST_ENDPOINTS,
    AlreadyRemoved,
    add_endpoint,
    change_endpoint,
    disable_endpoint,
    enable_endpoint,
    live_secrets,
    remove_endpoint,
    rotate_secret,
)
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.context import as_officer, in_client
from tests.factories import SETTING_UP
from tests.webhooks.receiving import URL, make_endpoint, make_given_up


def audit(cast, at, name="farah"):
    return {"actor": cast.actor(name), "reason": Reason.CLIENT_INSTRUCTION, "at": at}


def test_an_endpoint_is_added_with_history_evidence_and_a_secret(cast, indus, now):
    endpoint, secret = add_endpoint(indus.pk, url=URL, events=["notice.*", "consent.given"], **audit(cast, now))
    assert endpoint.is_enabled
    assert endpoint.events == ["consent.given", "notice.*"]
    assert live_secrets(endpoint, at=now) == [secret]
    assert endpoint.history.get().history_change_reason == Reason.CLIENT_INSTRUCTION
    entry = Entry.objects.get(kind="webhook.added")
    assert str(endpoint.pk) in entry.body
    assert secret not in entry.body
    row = EndpointSecret.objects.get(endpoint=endpoint)
    assert secret.encode() not in bytes(row.wrapped)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("url", {"url": "http://lms.example/hooks"}),
        ("url", {"url": "https://127.0.0.1/hooks"}),
        ("url", {"url": "https://lms.example:8080/hooks"}),
        ("url", {"url": "https://user:pass@lms.example/hooks"}),
        ("url", {"url": "lms.example"}),
        ("url", {"url": ""}),
        ("events", {"events": []}),
        ("events", {"events": ["everything"]}),
    ],
)
def test_invalid_urls_and_unknown_events_name_their_field(cast, indus, now, field, values):
    with pytest.raises(ValidationError) as refused:
        add_endpoint(indus.pk, **{"url": URL, "events": ["consent.*"], **values}, **audit(cast, now))
    assert list(refused.value.message_dict) == [field]
    assert not Endpoint.objects.exists()


def test_the_number_of_endpoints_of_a_client_is_limited(cast, indus, now):
    for _ in range(MOST_ENDPOINTS):
        first = make_endpoint(cast, "indus", at=now)
    with pytest.raises(ValidationError, match="remove one first"):
        make_endpoint(cast, "indus", at=now)
    remove_endpoint(first, **audit(cast, now))
    make_endpoint(cast, "indus", at=now)


def test_after_rotation_both_secrets_are_valid_for_a_day(cast, indus, now):
    endpoint, old = add_endpoint(indus.pk, url=URL, events=["consent.*"], **audit(cast, now))
    later = now + timedelta(hours=1)
    new = rotate_secret(endpoint, **audit(cast, later))
    assert live_secrets(endpoint, at=later) == [new, old]
    assert live_secrets(endpoint, at=later + timedelta(hours=24)) == [new]
    newest = rotate_secret(endpoint, **audit(cast, later + timedelta(hours=1)))
    assert live_secrets(endpoint, at=later + timedelta(hours=1)) == [newest, new]


def test_an_endpoint_is_disabled_and_enabled_again(cast, indus, now):
    endpoint = make_endpoint(cast, "indus", at=now)
    off = disable_endpoint(endpoint, **audit(cast, now))
    assert (off.is_enabled, off.disabled_because) == (False, "by_hand")
    assert disable_endpoint(endpoint, **audit(cast, now)).disabled_at == off.disabled_at
    assert enable_endpoint(endpoint, **audit(cast, now)).is_enabled
    assert Entry.objects.filter(kind__in=["webhook.disabled", "webhook.enabled"]).count() == 2


def test_a_removed_endpoint_cannot_be_changed(cast, indus, now):
    endpoint = make_endpoint(cast, "indus", at=now)
    remove_endpoint(endpoint, **audit(cast, now))
    remove_endpoint(endpoint, **audit(cast, now))
    assert Entry.objects.filter(kind="webhook.removed").count() == 1
    for act in (change_endpoint, enable_endpoint, disable_endpoint, rotate_secret):
        with pytest.raises(AlreadyRemoved):
            act(endpoint, **audit(cast, now))


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_other_roles_may_not_manage_endpoints(cast, indus, now, name):
    endpoint = make_endpoint(cast, "indus", at=now)
    with pytest.raises(NotAllowed):
        add_endpoint(indus.pk, url=URL, events=["consent.*"], **audit(cast, now, name))
    for act in (change_endpoint, enable_endpoint, disable_endpoint, rotate_secret, remove_endpoint):
        with pytest.raises(NotAllowed):
            act(endpoint, **audit(cast, now, name))


def test_officers_cannot_read_secrets(cast, now):
    with in_client(cast.client_id("indus")):
        make_endpoint(cast, "indus", at=now)
    with as_officer():
        assert Endpoint.objects.count() == 1
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            EndpointSecret.objects.count()


def test_the_database_refuses_a_secret_of_another_clients_endpoint(cast, now):
    with in_client(cast.client_id("indus")):
        endpoint = make_endpoint(cast, "indus", at=now)
    with in_client(cast.client_id("khyber")), pytest.raises(IntegrityError, match="same_client"), transaction.atomic():
        EndpointSecret.objects.create(
            client_id=cast.client_id("khyber"), endpoint_id=endpoint.pk, epoch=1, wrapped=b"x", starts_at=now
        )


def test_secrets_are_counted_as_keys_of_their_epoch(cast, now):
    before = keys_by_epoch()[1]
    with in_client(cast.client_id("indus")):
        make_endpoint(cast, "indus", at=now)
    assert keys_by_epoch()[1] == before + 1


def test_secrets_are_rewrapped_under_the_current_epoch(cast, indus, now, settings):
    endpoint, secret = add_endpoint(indus.pk, url=URL, events=["consent.*"], **audit(cast, now))
    settings.KEYRING = settings.KEYRING.replace('"current": 1', '"current": 2').replace(
        '"epochs": {', '"epochs": {"2": "dGVzdHMtd3JhcHBpbmcta2V5LW5vdC1zZWNyZXQtMDI=", '
    )
    assert keyring().current_epoch == 2
    assert rewrap_other_kinds(indus.pk) == {1}
    assert rewrap_other_kinds(indus.pk) == set()
    assert EndpointSecret.objects.get().epoch == 2
    assert live_secrets(endpoint, at=now) == [secret]


@pytest.fixture
def call(cast, client):
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


def test_the_same_request_again_registers_once_and_an_unchanged_list_is_304(call):
    body, key = {"url": URL, "events": ["consent.*"]}, {"Idempotency-Key": "one"}
    first, second = (call("post", "", body, **key) for _ in range(2))
    assert first.content == second.content
    listed = call("get", "")
    assert len(listed.json()["webhooks"]) == 1
    assert call("get", "", **{"If-None-Match": listed["ETag"]}).status_code == 304


def test_a_secret_is_replaced_and_a_test_message_waits_to_be_sent(call, endpoint):
    one, other = (call("post", f"/{endpoint.pk}/rotate").json()["secret"] for _ in range(2))
    assert one != other
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


def test_a_disabled_webhook_is_shown_as_such_until_enabled_and_a_removed_one_is_not_found(call, endpoint):
    with in_client(endpoint.client_id):
        disable_endpoint(endpoint, actor=SETTING_UP, reason="review", at=timezone.now())
    refused = call("post", f"/{endpoint.pk}/test")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:paktaleem:problem:webhook-disabled")
    assert call("get", f"/{endpoint.pk}").json()["disabled_because"] == "by_hand"
    assert call("post", f"/{endpoint.pk}/enable").json()["state"] == "enabled"
    assert call("post", f"/{endpoint.pk}/test").status_code == 202
    assert call("delete", f"/{endpoint.pk}").status_code == 204
    assert call("delete", f"/{endpoint.pk}").status_code == 404
    assert call("get", "").json() == {"webhooks": []}
    with in_client(endpoint.client_id):
        assert Endpoint.objects.count() == 1
