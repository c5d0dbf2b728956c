"""Every event becomes a message with its declared facts, for subscribers of the event or its family."""

import pytest

from paktaleem.directory.webhooks.events import EVENTS
from paktaleem.directory.webhooks.models import Delivery, Message
from paktaleem.directory.webhooks.services.sharing import copy_to_clients
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from tests.factories import SETTING_UP
from tests.webhooks.making import make_endpoint


def happen(event, client_id, at):
    """Record the event's ledger entry, with one fact more than the event publishes."""
    facts = {name: f"a {name}" for name in event.facts} | {"kept_to_ourselves": "x"}
    if event.row:
        facts["row"] = event.row
    return record_entry(event.kind, client_id=client_id, facts=facts, actor=SETTING_UP, at=at)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_sent_with_its_own_facts_only(cast, now, event):
    client_id = cast.client_id("indus")
    family = f"{event.type.partition('.')[0]}.*"
    with in_client(client_id):
        asked = {make_endpoint(cast, "indus", at=now, events=[one]).pk for one in (event.type, family)}
        make_endpoint(cast, "indus", at=now, events=["decision.invalidated"])
        entry = happen(event, client_id, now)
        [message] = Message.objects.filter(type=event.type)
        assert message.entry_id == entry.pk
        assert message.data == {name: f"a {name}" for name in event.facts}
        assert set(Delivery.objects.filter(message=message).values_list("endpoint_id", flat=True)) == asked


@pytest.mark.parametrize("event", [event for event in EVENTS if event.is_shared], ids=lambda event: event.type)
def test_a_shared_event_is_sent_to_every_subscribed_client(cast, now, event):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        endpoint = make_endpoint(cast, "khyber", at=now, events=[event.type])
    with in_client(PAKTALEEM):
        entry = happen(event, PAKTALEEM, now)
        message = Message.objects.get(type=event.type, entry_id=entry.pk)
    assert copy_to_clients(message.pk, client_ids=[client_id, PAKTALEEM], at=now) == 1
    with in_client(client_id):
        assert Delivery.objects.get().endpoint_id == endpoint.pk
