"""Endpoints: added, changed, rotated, disabled and removed, over the API too, with history and evidence."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.services import change_register, end_period
from paktaleem.directory.data_systems.models import Order, OrderSet
from paktaleem.directory.data_systems.services.issuing import issue_orders_for_set
from paktaleem.directory.people.key_epochs.services import keys_by_epoch, rewrap_other_kinds
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.webhooks.events import (
    EVENTS,
    INVALIDATED,
    EventUnknown,
    check_patterns,
    is_subscribed,
    patterns,
)
from paktaleem.directory.webhooks.models import Delivery, Endpoint, EndpointSecret, Message
from paktaleem.directory.webhooks.selectors import list_unspread_messages
from paktaleem.directory.webhooks.services import (
    MOST_ENDPOINTS,
    AlreadyRemoved,
    add_endpoint,
    change_endpoint,
    copy_to_clients,
    disable_endpoint,
    enable_endpoint,
    live_secrets,
    payload,
    remove_endpoint,
    replay_since,
    rotate_secret,
)
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.keyring import keyring
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import refused_to
from tests.consent.making import approve_by_two, shown
from tests.factories import SETTING_UP, OrderSpecFactory, SubjectFactory
from tests.webhooks.receiving import URL, make_endpoint, make_given_up
from tests.webhooks.stories import AT, DAY, STORIES, World


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
    new: Any = {"url": URL, "events": ["consent.*"]}
    refused_to("bilal sana celia", lambda name: add_endpoint(indus.pk, **new, **audit(cast, now, name)))
    for act in (change_endpoint, enable_endpoint, disable_endpoint, rotate_secret, remove_endpoint):
        for name in ("bilal", "sana", "celia"):
            with pytest.raises(NotAllowed):
                act(endpoint, **audit(cast, now, name))


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


# Every event follows from its act and becomes messages for subscribers, in the same transaction.


TYPES = {event.type for event in EVENTS}
SHARED = {event.type for event in EVENTS if event.is_shared}
FAMILIES = [pattern for pattern in patterns() if pattern.endswith(".*")]


def give(cast, at, name="hamza", state=ConsentState.GIVEN):
    person, by = cast.subject(name), {"actor": cast.key_actor("indus"), "at": at}
    [event] = record_answers(person, answers=[Answer("newsletter", state)], shown=shown(person.client_id, at), **by)
    return event


def types():
    return sorted(Message.objects.values_list("type", flat=True))


def test_a_consent_event_holds_only_ids_and_codes(cast, indus, now):
    endpoint = make_endpoint(cast, "indus", at=now)
    event = give(cast, now)
    message = Message.objects.get()
    entry = Entry.objects.get(kind="consent.given", subject_id=event.subject_id)
    ids = {"id": str(entry.pk), "subject_id": str(event.subject_id), "event": str(event.pk)}
    data = {**ids, "purpose": "newsletter", "expires_at": None}
    assert json.loads(payload(message)) == {"type": "consent.given", "timestamp": now.isoformat(), "data": data}
    assert payload(message) == payload(Message.objects.get())
    delivery = Delivery.objects.get()
    assert (delivery.endpoint_id, delivery.message_id, delivery.state) == (endpoint.pk, message.pk, "waiting")


def test_no_message_is_stored_without_an_endpoint(cast, indus, now):
    give(cast, now)
    assert not Message.objects.exists()
    make_endpoint(cast, "indus", at=now, events=["notice.*"])
    give(cast, now, state=ConsentState.REFUSED)
    assert types() == []


def test_a_rolled_back_act_sends_no_event(cast, indus, now):
    make_endpoint(cast, "indus", at=now)
    answers = [Answer("newsletter", ConsentState.GIVEN), Answer("product_research", ConsentState.EXPIRED)]
    by = {"actor": cast.key_actor("indus"), "at": now}
    with pytest.raises(ValueError, match="is not an answer"):
        record_answers(cast.subject("hamza"), answers=answers, shown=shown(indus.pk, now), **by)
    assert not Message.objects.exists()


def test_another_client_gets_no_event(cast, now):
    with in_client(cast.client_id("khyber")):
        make_endpoint(cast, "khyber", at=now)
    with in_client(cast.client_id("indus")):
        give(cast, now)
        assert not Message.objects.exists()
    assert not cast.has(Message, "khyber")


def test_each_endpoint_gets_the_events_it_subscribed_to(cast, indus, now):
    all_of_it = make_endpoint(cast, "indus", at=now)
    some = make_endpoint(cast, "indus", at=now, events=["consent.withdrawn", "subject.erased"])
    give(cast, now)
    give(cast, now, state=ConsentState.WITHDRAWN)
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    for one, heard in (
        (all_of_it, ["consent.given", "consent.withdrawn"]),
        (some, ["consent.withdrawn", "subject.erased"]),
    ):
        assert sorted(Delivery.objects.filter(endpoint=one).values_list("message__type", flat=True)) == heard


def test_an_endpoint_enabled_again_gets_only_the_events_it_missed(cast, indus, now):
    told = {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now}
    endpoint = make_endpoint(cast, "indus", at=now)
    give(cast, now)
    Delivery.objects.update(state="delivered", done_at=now)
    disable_endpoint(endpoint, **told)
    give(cast, now, state=ConsentState.WITHDRAWN)
    assert Delivery.objects.count() == 1
    endpoint = enable_endpoint(endpoint, **told)
    later = now.replace(hour=now.hour + 1)
    assert replay_since(endpoint, since=now, **{**told, "at": later}) == 1
    states = dict(Delivery.objects.values_list("message__type", "state"))
    assert states == {"consent.given": "delivered", "consent.withdrawn": "waiting"}
    remove_endpoint(endpoint, **told)
    give(cast, now, state=ConsentState.REFUSED)
    assert Message.objects.count() == 2


def test_a_change_about_one_person_is_sent_for_that_person(cast, indus, now):
    make_endpoint(cast, "indus", at=now, events=["decision.invalidated"])
    give(cast, now)
    message = Message.objects.get()
    assert (message.type, message.data) == ("decision.invalidated", {"purpose": "newsletter"})
    assert message.subject_id == cast.subject_id("hamza")


def test_a_change_about_many_people_is_sent_once_without_a_person(cast, indus, now):
    for number in range(25):
        SubjectFactory(client=indus, external_id=f"many-{number}", at=now)
    make_endpoint(cast, "indus", at=now, events=["decision.*"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_subject SET of_age_at = %s WHERE external_id LIKE 'many-%%'", [now])
    assert list(Message.objects.values_list("subject_id", "data")) == [(None, {})]


def test_a_set_of_orders_is_sent_once_with_its_number(cast, indus, now):
    make_endpoint(cast, "indus", at=now, events=["order.*"])
    students = Subject.objects.filter(role="student")
    made = issue_orders_for_set(students, OrderSpecFactory(at=now), client_id=indus.pk, actor=SETTING_UP, at=now)
    assert isinstance(made, OrderSet)
    assert Order.objects.filter(order_set=made).count() == made.size > 1
    message = Message.objects.get()
    assert (message.type, message.subject_id) == ("order.set_created", None)
    assert message.data == {"set": str(made.pk), "kind": "erase", "count": made.size}


def test_a_change_of_the_clients_register_is_sent(cast, indus, now):
    make_endpoint(cast, "indus", at=now, events=["decision.invalidated", "recipient.*"])
    change_register(recipient(indus.pk), actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    assert types() == ["decision.invalidated", "recipient.added"]
    assert set(Message.objects.get(type="recipient.added").data) == {"id"}


def test_an_approved_recipient_is_sent_with_the_end_of_the_objection_period(cast, indus, now):
    make_endpoint(cast, "indus", at=now, events=["recipient.*"])
    host = change_register(recipient(indus.pk), actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    until = now + timedelta(days=30)
    told = {"client_id": indus.pk, "recipient": host, "purposes": ["newsletter"], "categories": ["contact_details"]}
    approval = RecipientApproval(**told, starts_at=now, objection_until=until)
    approval = approve_by_two(approval, at=now)
    end_period(approval, actor=SETTING_UP, reason=Reason.REVIEW, at=until)
    facts = {"id": str(approval.pk), "recipient": str(host.pk), "objection_until": until.isoformat()}
    for kind in ("recipient.approved", "recipient.approval_changed"):
        assert Message.objects.get(type=kind).data == facts


def test_a_change_by_paktaleem_for_all_clients_is_sent_once_to_each_subscribed_client(cast, now):
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            make_endpoint(cast, code, at=now, events=["recipient.*"] if code == "indus" else ["consent.*"])
    with in_client(PAKTALEEM):
        before = list_unspread_messages(most=100)
        change_register(recipient(PAKTALEEM), actor=SETTING_UP, reason=Reason.REVIEW, at=now)
        waiting = [one for one in list_unspread_messages(most=100) if one not in before]
        kinds = sorted(Message.objects.filter(pk__in=waiting).values_list("type", flat=True))
    assert kinds == ["decision.invalidated", "recipient.added"]
    clients = [cast.client_id("indus"), cast.client_id("khyber"), PAKTALEEM]
    for _ in range(2):  # again after a crash: nothing twice
        for message in waiting:
            copy_to_clients(message, client_ids=clients, at=now)
    with in_client(PAKTALEEM):
        assert list_unspread_messages(most=100) == before
    with in_client(cast.client_id("indus")):
        assert types() == ["recipient.added"]
        assert Delivery.objects.count() == 1
    with in_client(cast.client_id("khyber")):
        assert types() == []


def recipient(client_id):
    return Recipient(client_id=client_id, code="host", name="Host", service="Hosting", agreement_reference="A1")


@pytest.fixture
def world(cast, time_machine, settings, tmp_path):
    time_machine.move_to(AT, tick=False)
    return World(cast, time_machine, settings, tmp_path)


def subscribe(world, events, code="indus"):
    with in_client(world.cast.client_id(code)):
        return make_endpoint(world.cast, code, at=AT - DAY, events=events)


def expected_data(message, entry):
    facts = json.loads(entry.body)["facts"]
    declared = [
        event.facts
        for event in EVENTS
        if (event.type, event.kind) == (message.type, entry.kind) and event.row in {"", facts.get("row")}
    ]
    assert len(declared) == 1, message.type
    return {name: facts[name] for name in declared[0] if name in facts}


def told(client_id):
    with in_client(client_id):
        messages = list(Message.objects.exclude(type="decision.invalidated"))
        entries = Entry.objects.in_bulk([one.entry_id for one in messages])
        for one in messages:
            entry = entries[one.entry_id]
            assert one.data == expected_data(one, entry), one.type
            assert (one.subject_id, one.happened_at) == (entry.subject_id, entry.recorded_at), one.type
    return messages


def test_every_event_has_an_act_that_causes_it():
    caused = set().union(*STORIES.values())
    assert sorted(TYPES - caused) == [], "events without an act that causes them: write a story"
    assert sorted(caused - TYPES) == [], "events that are not in the catalogue"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_each_act_causes_its_events(world, story):
    everything = subscribe(world, FAMILIES)
    each = subscribe(world, sorted(STORIES[story]))
    subscribe(world, ["decision.invalidated"])
    story(world)
    messages = told(world.client_id) + told(PAKTALEEM)
    assert sorted(STORIES[story] - {one.type for one in messages}) == [], "events that were not caused"
    with in_client(world.client_id):
        for one in messages:
            if one.client_id == world.client_id and one.type in STORIES[story]:
                to = set(Delivery.objects.filter(message_id=one.pk).values_list("endpoint_id", flat=True))
                assert to == {everything.pk, each.pk}, one.type


@pytest.mark.parametrize(
    "story", [one for one, types in STORIES.items() if types & SHARED], ids=lambda story: story.__name__
)
def test_shared_events_are_sent_to_every_subscribed_client(world, story):
    wanted = sorted(STORIES[story] & SHARED)
    endpoint = subscribe(world, wanted, "khyber")
    story(world)
    khyber = world.cast.client_id("khyber")
    with in_client(PAKTALEEM):
        shared = list(Message.objects.filter(type__in=wanted, is_shared=True))
    assert {one.type for one in shared} == set(wanted)
    for message in shared:
        assert copy_to_clients(message.pk, client_ids=[khyber, PAKTALEEM], at=AT) == 1
    with in_client(khyber):
        assert {one.endpoint_id for one in Delivery.objects.all()} == {endpoint.pk}
        assert set(Message.objects.values_list("type", flat=True)) == set(wanted)


def test_the_database_function_lists_the_same_events(db):
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT type, kind, about, facts, is_shared FROM webhooks_events()")
        found = [(*names, tuple(facts), shared) for *names, facts, shared in cursor.fetchall()]
    assert [tuple(event) for event in EVENTS] == found


@pytest.mark.parametrize("name", ["", "*", "consent", "consent.", "consent.gone", "webhook.test", "CONSENT.*"])
def test_unknown_events_may_not_be_subscribed_to(name):
    with pytest.raises(EventUnknown):
        check_patterns(["consent.*", name])


def test_every_type_and_every_family_may_be_subscribed_to_and_a_family_includes_its_types_only():
    assert {"consent.withdrawn", "consent.*", INVALIDATED, "decision.*", "subject.erased"} <= set(patterns())
    assert check_patterns(["subject.*", "consent.given", "subject.*"]) == ["consent.given", "subject.*"]
    assert is_subscribed("consent.given", ["consent.*"])
    assert is_subscribed("consent.given", ["consent.given"])
    assert not is_subscribed("consent.given", ["consent.withdrawn", "notice.*"])
