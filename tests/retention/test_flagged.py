"""Flagged collections: a decision each, with who and why; erasure is decided by the controller and heeds holds."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from consent.register.effects import WeakensSafeguard
from consent.register.services import decide_safeguard_change
from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import CollectionDecision, FlaggedCollection
from retention.holdings.services.holdings import DISPOSAL, decide_collection, request_explanation
from tests.consent.making import officer
from tests.retention.schedule.making import put_on_hold

DAY = timedelta(days=1)


@pytest.fixture
def flagged(report):
    """Usage logs of Junaid, collected for the newsletter, which does not need them."""
    report("junaid", purpose="newsletter")
    return FlaggedCollection.objects.get()


def decide(flagged, cast, now, decision="explained", *, by="farah", ground="As the contract says."):
    told = {"ground": ground, "actor": cast.actor(by), "at": now}
    if decision == "explained":
        decide_safeguard_change(request_explanation(flagged, **told), approve=True, actor=officer(), at=now)
        return FlaggedCollection.objects.get(pk=flagged.pk)
    return decide_collection(flagged, decision=decision, **told)


@pytest.mark.parametrize("decision", ["explained", "register_corrected"])
def test_a_decision_is_recorded_with_who_and_why(cast, flagged, now, decision):
    made = decide(flagged, cast, now, decision)
    assert (made.decision, made.ground) == (decision, "As the contract says.")
    assert not FlaggedCollection.objects.filter(decided_at=None).exists()
    body = json.loads(Entry.objects.get(kind="collection.decided").body)
    assert (body["facts"]["outcome"], body["actor"]["id"]) == (decision, str(made.decided_by))
    assert (made.decided_by == cast.user_id("farah")) is (decision == "register_corrected")
    assert "contract" not in json.dumps(body)
    assert not Order.objects.exists()


def test_one_person_alone_does_not_explain_a_collection(cast, flagged, now):
    told = {"ground": "As the contract says.", "actor": cast.actor("farah"), "at": now}
    with pytest.raises(WeakensSafeguard):
        decide_collection(flagged, decision="explained", **told)
    change = request_explanation(flagged, **told)
    with pytest.raises(ApproverIsRequester), transaction.atomic():
        decide_safeguard_change(change, approve=True, actor=cast.actor("farah"), at=now)
    assert FlaggedCollection.objects.get().is_open
    decide(flagged, cast, now, "register_corrected")
    with pytest.raises(Refused, match="decided already"), transaction.atomic():
        decide_safeguard_change(change, approve=True, actor=cast.actor("amina"), at=now)


def test_disposal_orders_the_erasure_of_the_category(cast, flagged, now):
    decide(flagged, cast, now, CollectionDecision.DISPOSED)
    order = Order.objects.get()
    assert (order.kind, order.categories) == ("erase", ["usage_logs"])
    assert (order.parent_kind, order.parent_id) == (DISPOSAL, flagged.pk)
    assert order.due_at == now + 7 * DAY


def test_the_client_decides_about_erasure_where_it_is_controller(cast, flagged, report, now):
    with pytest.raises(Refused, match="client is controller"):
        decide(flagged, cast, now, CollectionDecision.DISPOSED, by="amina")
    assert FlaggedCollection.objects.get().is_open
    report("junaid", category="content", purpose="security_integrity")
    own = FlaggedCollection.objects.get(category="content")
    assert decide(own, cast, now, CollectionDecision.DISPOSED, by="amina").decision == "disposed"


def test_data_on_hold_is_not_erased(cast, flagged, now):
    put_on_hold(cast.client("indus"), subject=cast.subject("junaid"), at=now)
    with pytest.raises(Refused, match="on hold"):
        decide(flagged, cast, now, CollectionDecision.DISPOSED)
    assert not Order.objects.exists()
    assert decide(flagged, cast, now).decision == "explained"


def test_it_is_decided_once_and_with_a_ground(cast, flagged, now):
    with pytest.raises(ValidationError):
        decide(flagged, cast, now, ground="  ")
    decide(flagged, cast, now)
    with pytest.raises(Refused, match="decided already"):
        decide(flagged, cast, now)


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_others_may_not_decide(cast, flagged, now, name):
    with pytest.raises(NotAllowed):
        decide(flagged, cast, now, by=name)


def test_a_key_may_not_decide(cast, flagged, now):
    with pytest.raises(NotAllowed):
        decide_collection(flagged, decision="explained", ground="Yes.", actor=cast.key_actor("indus"), at=now)


def test_the_database_refuses_a_decision_without_a_ground(flagged):
    refused = pytest.raises(IntegrityError, match="flaggedcollection_decided_with_ground")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE holdings_flaggedcollection SET decision = 'explained', decided_at = now()")
