"""Collections and activity in batches: an answer per item, decided as single reports are, in few statements."""

import json
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, NothingToWithdraw, record_answers, withdraw_consent
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_each, decide_one
from consent.register.models.agreements import Instruction
from consent.register.models.purposes import Purpose
from consent.register.services import change_register, end_period
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Collection, FlaggedCollection, Holding, Incident
from retention.holdings.services.holdings import (
    ActivityReport,
    CollectionReport,
    report_activity,
    report_collection,
    report_collections,
)
from tests.consent.making import shown
from tests.factories import SETTING_UP, SubjectFactory

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


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
    assert (Collection.objects.count(), FlaggedCollection.objects.count()) == (5, 4)


def test_a_permitted_collection_is_not_flagged(cast, indus, now):
    [one] = send(cast, indus, now, report_of("lms-junaid", now - HOUR))
    assert (one.collection.reason, one.is_flagged) == ("permitted", False)
    assert not FlaggedCollection.objects.exists()


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


@pytest.mark.parametrize("name", ["farah", "bilal", "celia"])
def test_only_systems_report(cast, indus, now, name):
    with pytest.raises(NotAllowed):
        report_collections(indus.pk, [report_of("lms-junaid", now)], actor=cast.actor(name), at=now)
    with pytest.raises(NotAllowed):
        report_activity(indus.pk, [ActivityReport("lms-junaid", now)], actor=cast.actor(name), at=now)


def test_a_batch_decides_as_single_decisions_do(cast, indus, now):
    """Changes of people and of the register at random; each question is decided at its own time."""
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
