"""Every event follows from its act and becomes messages for subscribers, in the same transaction."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.services import change_register, end_period
from paktaleem.directory.data_systems.models import Order, OrderSet
from paktaleem.directory.data_systems.services.issuing import issue_orders_for_set
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
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.directory.webhooks.selectors import list_unspread_messages
from paktaleem.directory.webhooks.services import (
    copy_to_clients,
    disable_endpoint,
    enable_endpoint,
    payload,
    remove_endpoint,
    replay_since,
)
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.consent.making import approve_by_two, shown
from tests.factories import SETTING_UP, OrderSpecFactory, SubjectFactory
from tests.webhooks.receiving import make_endpoint
from tests.webhooks.stories import AT, DAY, STORIES, World

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
    with in_client(cast.client_id("khyber")):
        assert not Message.objects.exists()


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
