"""Collections are recorded with the decision about them, and added to the holdings."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from consent.register.effects import WeakensSafeguard
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Collection, CollectionDecision, FlaggedCollection, Holding
from retention.holdings.selectors import list_holdings_of
from retention.holdings.services.holdings import (
    DISPOSAL,
    CollectionReport,
    decide_collection,
    report_collection,
    request_explanation,
)
from tests.consent.making import officer
from tests.retention.schedule.making import put_on_hold


def test_a_collection_is_recorded_and_held_and_the_ledger_says_who_reported_what(cast, report, now):
    made, incident = report("hamza")
    assert incident is None
    assert (made.category, made.occasion, made.purpose, made.count) == ("usage_logs", "assessment", "support", 3)
    assert made.system is not None
    assert made.system.code == "lms"
    [held] = list_holdings_of(cast.subject("hamza"), actor=cast.actor("farah"))
    assert (held.category, held.system_id, held.count) == ("usage_logs", made.system_id, 3)
    assert (held.first_collected_at, held.ended_at) == (made.collected_at, None)
    body = json.loads(Entry.objects.get(kind="collection.reported").body)
    assert (body["actor"]["id"], body["subject"]) == (str(cast.key_id("indus")), str(cast.subject_id("hamza")))
    assert (body["facts"]["collection"], body["facts"]["decision"]) == (str(made.pk), made.reason)


def test_what_is_held_adds_up_by_category_and_system(cast, report, now):
    earlier = now - timedelta(days=30)
    report("hamza", count=2)
    report("hamza", count=5, purpose="service_delivery", collected_at=earlier)
    report("hamza", category="content")
    found = {one.category: one for one in list_holdings_of(cast.subject("hamza"), actor=cast.actor("farah"))}
    assert {category: one.count for category, one in found.items()} == {"usage_logs": 7, "content": 3}
    assert found["usage_logs"].purposes == ["service_delivery", "support"]
    assert found["usage_logs"].first_collected_at == earlier


def test_data_collected_despite_a_refusal_is_recorded_with_the_reason(cast, report):
    made, incident = report("junaid", category="contact_details", purpose="newsletter")
    assert (made.reason, incident) == ("consent_missing", None)
    made, _ = report("junaid", category="billing", purpose="newsletter")
    assert made.reason == "category_not_covered"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"category": "shoe_size"}, "category"),
        ({"occasion": "breakfast"}, "occasion"),
        ({"purpose": "sale"}, "purpose"),
        ({"collected_at": timedelta(seconds=1)}, "collected_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(cast, indus, now, values, field):
    given = {"category": "usage_logs", "occasion": "assessment", "purpose": "support", "collected_at": now}
    wrong = {name: now + value if isinstance(value, timedelta) else value for name, value in values.items()}
    right, faulty = CollectionReport(**given), CollectionReport(**{**given, **wrong})
    by = {"actor": cast.key_actor("indus"), "at": now}
    report_collection(cast.subject("hamza"), right, **by)
    with pytest.raises(ValidationError) as refused:
        report_collection(cast.subject("hamza"), faulty, **by)
    assert (list(refused.value.message_dict), Collection.objects.count()) == ([field], 1)


def test_a_collection_about_an_erased_person_is_refused(cast, report, now):
    report("hamza")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)
    with pytest.raises(AlreadyErased):
        report("hamza", at=now + timedelta(hours=1))


@pytest.mark.parametrize("name", ["farah", "bilal", "sana", "celia"])
def test_only_systems_report(cast, indus, now, name):
    collected = CollectionReport(category="usage_logs", occasion="assessment", purpose="support", collected_at=now)
    with pytest.raises(NotAllowed):
        report_collection(cast.subject("hamza"), collected, actor=cast.actor(name), at=now)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE holdings_collection SET count = 9", "permission denied"),
        ("DELETE FROM holdings_collection", "permission denied"),
        (
            "UPDATE holdings_holding SET first_collected_at = last_collected_at + interval '1 day'",
            "holding_begins_first",
        ),
        ("UPDATE holdings_holding SET client_id = '01900000-0000-7000-8000-000000000001'", "row-level security"),
        ("UPDATE holdings_holding SET system_owner = NULL", "owner"),
    ],
)
def test_the_database_refuses_what_is_broken(report, change, name):
    report("hamza")
    refused = pytest.raises((IntegrityError, ProgrammingError), match=name)
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_one_holding_of_each(report):
    made, _ = report("hamza")
    held = Holding.objects.get()
    held.pk = made.pk
    with pytest.raises(IntegrityError, match="holding_one_of_each"), transaction.atomic():
        held.save(force_insert=True)


DAY = timedelta(days=1)


@pytest.fixture
def flagged(report):
    """Usage logs of Junaid, collected for the newsletter, which does not need them."""
    report("junaid", purpose="newsletter")
    return FlaggedCollection.objects.get()


def decide(flagged, cast, now, decision="explained", *, by="farah", ground="As the contract says."):
    told = {"ground": ground, "actor": cast.actor(by), "at": now}
    if decision == "explained":
        decide_proposed_change(request_explanation(flagged, **told), approve=True, actor=officer(), at=now)
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
        decide_proposed_change(change, approve=True, actor=cast.actor("farah"), at=now)
    assert FlaggedCollection.objects.get().is_open
    decide(flagged, cast, now, "register_corrected")
    with pytest.raises(Refused, match="decided already"), transaction.atomic():
        decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now)


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
