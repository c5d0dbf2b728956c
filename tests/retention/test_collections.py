"""Collections are recorded with the decision about them, and added to the holdings."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction

from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from retention.holdings.models import Collection, Holding
from retention.holdings.selectors import list_holdings_of
from retention.holdings.services.collecting import CollectionReport, report_collection


def test_a_collection_is_recorded_and_held(cast, report, now):
    made, incident = report("hamza")
    assert incident is None
    assert (made.category, made.occasion, made.purpose, made.count) == ("usage_logs", "assessment", "support", 3)
    assert made.system is not None
    assert made.system.code == "lms"
    [held] = list_holdings_of(cast.subject("hamza"), actor=cast.actor("farah"))
    assert (held.category, held.system_id, held.count) == ("usage_logs", made.system_id, 3)
    assert (held.first_collected_at, held.ended_at) == (made.collected_at, None)


def test_the_ledger_says_who_reported_what(cast, report):
    made, _ = report("hamza")
    entry = Entry.objects.get(kind="collection.reported")
    body = json.loads(entry.body)
    assert body["actor"]["id"] == str(cast.key_id("indus"))
    assert body["subject"] == str(cast.subject_id("hamza"))
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
    assert list(refused.value.message_dict) == [field]
    assert Collection.objects.count() == 1


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
