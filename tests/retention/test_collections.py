"""Collections and activity, one by one and in batches: recorded with the decision, added to the holdings, decided."""

import json
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, NothingToWithdraw, record_answers, withdraw_consent
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_each, decide_one
from consent.register.effects import WeakensSafeguard
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import Purpose
from consent.register.services import change_register, end_period
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Collection, CollectionDecision, FlaggedCollection, Holding, Incident
from retention.holdings.selectors import list_holdings_of
from retention.holdings.services.holdings import (
    DISPOSAL,
    ActivityReport,
    CollectionReport,
    decide_collection,
    report_activity,
    report_collection,
    report_collections,
    request_explanation,
)
from tests.cast import refused_to
from tests.consent.making import execute, officer, shown
from tests.factories import SETTING_UP, SubjectFactory
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
    with pytest.raises((IntegrityError, ProgrammingError), match=name):
        execute(change)


def test_one_holding_of_each(report):
    made, _ = report("hamza")
    held = Holding.objects.get()
    held.pk = made.pk
    with pytest.raises(IntegrityError, match="holding_one_of_each"), transaction.atomic():
        held.save(force_insert=True)


DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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


@pytest.mark.parametrize("name", ["bilal", "sana", "celia", "key"])
def test_others_may_not_decide(cast, flagged, now, name):
    actor = cast.key_actor("indus") if name == "key" else cast.actor(name)
    with pytest.raises(NotAllowed):
        request_explanation(flagged, ground="Yes.", actor=actor, at=now)
    for decision in CollectionDecision:
        with pytest.raises(NotAllowed):
            decide_collection(flagged, decision=decision, ground="Yes.", actor=actor, at=now)


def test_the_database_refuses_a_decision_without_a_ground(flagged):
    with pytest.raises(IntegrityError, match="flaggedcollection_decided_with_ground"):
        execute("UPDATE holdings_flaggedcollection SET decision = 'explained', decided_at = now()")


def report_of(person, at, **values):
    given = {"category": "usage_logs", "occasion": "assessment", "purpose": "support", "collected_at": at, **values}
    return CollectionReport(subject=person, **given)


def send(cast, indus, at, *reports):
    return report_collections(indus.pk, reports, actor=cast.key_actor("indus"), at=at)


def test_each_item_has_its_answer(cast, indus, now):
    found = send(
        cast,
        indus,
        now,
        report_of("lms-hamza", now - HOUR),
        report_of("lms-nobody", now - HOUR),
        report_of("lms-hamza", now - HOUR, category="shoe_size"),
        report_of("lms-junaid", now + HOUR),
        report_of("lms-junaid", now - HOUR, category="billing"),
        report_of("lms-junaid", now - HOUR, purpose=""),
        report_of("lms-junaid", now - HOUR, purpose="newsletter", category="contact_details"),
        report_of("lms-danish", now - HOUR),
    )
    assert [one.errors.keys() for one in found] == [set(), {"subject"}, {"category"}, {"collected_at"}, *[set()] * 4]
    assert [one.collection.reason for one in found if one.collection] == [
        "permitted",
        "category_not_covered",
        "purpose_unknown",
        "consent_missing",
        "guardian_consent_required",
    ]
    assert [one.incident is not None for one in found] == [*[False] * 7, True]
    assert [one.is_flagged for one in found] == [*[False] * 4, *[True] * 4]
    assert (Collection.objects.count(), FlaggedCollection.objects.count()) == (5, 4)
    one, used = report_of("lms-junaid", now), ActivityReport("lms-junaid", now)
    refused_to("farah bilal celia", lambda name: report_collections(indus.pk, [one], actor=cast.actor(name), at=now))
    refused_to("farah bilal celia", lambda name: report_activity(indus.pk, [used], actor=cast.actor(name), at=now))


def test_what_is_held_adds_up_over_batches(cast, indus, now):
    first = [report_of("lms-junaid", now - number * HOUR, count=2) for number in range(1, 4)]
    send(cast, indus, now, *first, report_of("lms-junaid", now - HOUR, category="device"))
    send(cast, indus, now, report_of("lms-junaid", now - 9 * HOUR, purpose="service_delivery", occasion="upload"))
    held = Holding.objects.get(category="usage_logs")
    assert (held.count, held.purposes, held.occasions) == (7, ["service_delivery", "support"], ["assessment", "upload"])
    assert (held.first_collected_at, held.last_collected_at) == (now - 9 * HOUR, now - HOUR)
    assert Holding.objects.count() == 2


def test_the_ledger_has_every_collection(cast, indus, now):
    send(cast, indus, now, *[report_of("lms-junaid", now - HOUR, count=number) for number in (1, 2, 3)])
    bodies = [json.loads(one.body) for one in Entry.objects.filter(kind="collection.reported")]
    assert sorted(body["facts"]["count"] for body in bodies) == [1, 2, 3]
    assert {body["subject"] for body in bodies} == {str(cast.subject_id("junaid"))}


def test_people_who_were_erased_are_refused_one_by_one(cast, indus, now):
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    start_erasure(cast.subject("iqra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    at = now + HOUR
    found = send(cast, indus, at, *[report_of(f"lms-{name}", at - HOUR) for name in ("hamza", "iqra", "junaid")])
    assert [one.errors.get("subject") for one in found] == [
        ["This person was erased."],
        ["This person is being erased."],
        None,
    ]
    assert Collection.objects.count() == 1


def test_another_clients_people_are_unknown(cast, indus, now):
    [one] = send(cast, indus, now, report_of("lms-kiran", now - HOUR))
    assert list(one.errors) == ["subject"]


def test_a_batch_decides_as_single_decisions_do(cast, indus, now):
    chance, at = random.Random(20261127), now  # noqa: S311 -- a seeded choice of steps
    people = [cast.subject(name) for name in ("junaid", "hamza", "danish", "esra")]
    instruction = Instruction.objects.get(client_id=indus.pk)
    for step in range(24):
        at += HOUR
        person = chance.choice(people)
        match chance.randrange(5):
            case 0:
                answers = [Answer("newsletter", ConsentState.GIVEN)]
                token = shown(indus.pk, at)
                record_answers(cast.subject("junaid"), answers=answers, shown=token, actor=SETTING_UP, at=at)
            case 1:
                with suppress(NothingToWithdraw):
                    withdraw_consent(cast.subject("junaid"), purpose="newsletter", actor=SETTING_UP, at=at)
            case 2:
                record_subject_event(person, kind="account_closed", happened_at=at, actor=SETTING_UP, at=at)
            case 3:
                record_subject_event(person, kind="active", happened_at=at, actor=SETTING_UP, at=at)
            case _ if step > 12 and instruction.ends_at is None:
                end_period(instruction, actor=SETTING_UP, reason=Reason.REVIEW, at=at)
            case _:
                purpose = Purpose.objects.get(code="product_research", client_id=indus.pk)
                purpose.is_active = not purpose.is_active
                change_register(purpose, actor=SETTING_UP, reason=Reason.REVIEW, at=at)
    asked = []
    for _ in range(120):
        moment = now + chance.randrange(0, 24 * 60) * timedelta(minutes=1)
        code, category = chance.choice(
            [("newsletter", "contact_details"), ("product_research", "usage_logs"), ("support", "device")]
        )
        person = chance.choice(people).external_id
        asked.append((person, Question(code, "collect", frozenset({category}), at=moment)))
    found = decide_each(SETTING_UP, indus.pk, asked, now=at)
    assert [one.decision for one in found] == [
        decide_one(SETTING_UP, indus.pk, person, question, now=at) for person, question in asked
    ]
    assert len({one.decision.reason for one in found}) > 3


def test_the_number_of_statements_does_not_grow_with_the_batch(cast, indus, now):
    for number in range(40):
        SubjectFactory(client=indus, external_id=f"teacher-{number}", role="instructor")

    def statements(size, at):
        reports = [report_of(f"teacher-{number}", at - number * HOUR) for number in range(size)]
        with CaptureQueriesContext(connection) as queries:
            assert all(one.collection for one in send(cast, indus, at, *reports))
        return len(queries)

    statements(1, now)
    assert statements(40, now + DAY) <= statements(2, now + 2 * DAY) + 1


def test_activity_is_recorded_for_what_the_system_holds(cast, indus, now):
    send(
        cast,
        indus,
        now,
        report_of("lms-junaid", now - 9 * DAY),
        report_of("lms-junaid", now - 9 * DAY, category="device"),
    )
    other = Holding.objects.get(category="device")
    other.system = other.system_owner = None
    other.save()
    found = report_activity(
        indus.pk,
        [
            ActivityReport("lms-junaid", now - HOUR),
            ActivityReport("lms-junaid", now - 2 * HOUR, category="usage_logs"),
            ActivityReport("lms-nobody", now - HOUR),
            ActivityReport("lms-junaid", now + HOUR),
        ],
        actor=cast.key_actor("indus"),
        at=now,
    )
    assert [list(one) for one in found] == [[], [], ["subject"], ["happened_at"]]
    used = dict(Holding.objects.values_list("category", "last_activity_at"))
    assert used == {"usage_logs": now - HOUR, "device": None}
    report_activity(indus.pk, [ActivityReport("lms-junaid", now - DAY)], actor=cast.key_actor("indus"), at=now)
    assert Holding.objects.get(category="usage_logs").last_activity_at == now - HOUR
    body = json.loads(Entry.objects.filter(kind="activity.reported").earliest("id").body)
    assert (body["facts"]["people"], body["facts"]["holdings"]) == (1, 1)


def test_the_use_of_an_account_is_activity(cast, indus, now):
    send(cast, indus, now, report_of("lms-junaid", now - 9 * DAY))
    key = cast.key_actor("indus")
    record_subject_event(cast.subject("junaid"), kind="account_closed", happened_at=now - 2 * DAY, actor=key, at=now)
    assert Holding.objects.get().last_activity_at is None
    record_subject_event(cast.subject("junaid"), kind="active", happened_at=now - HOUR, actor=key, at=now)
    assert Holding.objects.get().last_activity_at == now - HOUR


def test_single_and_batch_agree(cast, indus, now):
    key = cast.key_actor("indus")
    one, incident = report_collection(cast.subject("danish"), report_of("", now - HOUR), actor=key, at=now)
    [two] = send(cast, indus, now, report_of("lms-danish", now - HOUR))
    assert (one.reason, incident) == (two.collection.reason, two.incident)
    assert (Incident.objects.count(), Holding.objects.get().count) == (1, 2)
