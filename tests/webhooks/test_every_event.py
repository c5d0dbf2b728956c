"""Every event follows from the real act that causes it, with the facts it declares and no others.

``tests/webhooks/stories.py`` holds the acts. An event in the catalogue that no story causes fails the first test.
"""

import json

import pytest
from django.db import connection

from paktaleem.directory.webhooks.events import (
    EVENTS,
    INVALIDATED,
    EventUnknown,
    check_patterns,
    is_subscribed,
    patterns,
)
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.directory.webhooks.services import copy_to_clients
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.webhooks.receiving import make_endpoint
from tests.webhooks.stories import AT, DAY, STORIES, World

TYPES = {event.type for event in EVENTS}
SHARED = {event.type for event in EVENTS if event.is_shared}
FAMILIES = [pattern for pattern in patterns() if pattern.endswith(".*")]


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
