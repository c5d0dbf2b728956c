"""Holds: placed with a ground, a scope and a review day; lifted by two people of the side that placed them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from consent.agreements.services import end_agreement
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject, start_erasure
from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change, find_waiting
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.schedule.models import Hold, HoldKind
from retention.schedule.selectors import find_holds
from retention.schedule.services import HoldScope, hold_for_case, lift_hold, place_hold, review_hold
from tests.cast import refused_to
from tests.retention.schedule.making import DAY, lift_hold_by_two
from tests.retention.test_incidents import meanwhile

MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(cast, indus, now):
    def place(*, kind=HoldKind.COMPLAINT, by="farah", at=now, days=30, ground="Case 12.", **scope):
        return place_hold(
            indus,
            kind=kind,
            scope=HoldScope(**scope),
            ground=ground,
            review_on=(at + days * DAY).date(),
            actor=cast.actor(by),
            at=at,
        )

    return place


def another_officer(cast):
    return user_actor(cast.user_id("bilal"), "privacy_officer", PAKTALEEM)


def test_a_hold_is_placed_with_its_ground(cast, place, now):
    made = place(subject=cast.subject("junaid"), category="usage_logs")
    stored = Hold.objects.get()
    assert (stored.pk, stored.ground, stored.category, stored.subject_id) == (
        made.pk,
        "Case 12.",
        "usage_logs",
        cast.subject_id("junaid"),
    )
    body = json.loads(Entry.objects.get(kind="hold.placed").body)
    assert (body["subject"], body["facts"]["kind"]) == (str(cast.subject_id("junaid")), "complaint")
    assert "Case" not in json.dumps(body)
    assert Hold.history.get().actor_id == cast.user_id("farah")
    refused_to("bilal sana celia", lambda name: place(by=name))
    refused_to("bilal sana celia", lambda name: lift_hold(made, ground="No.", actor=cast.actor(name), at=now))
    told: Any = {"review_on": now.date(), "reason": Reason.REVIEW, "at": now}
    refused_to("bilal sana celia", lambda name: review_hold(made, **told, actor=cast.actor(name)))


@pytest.mark.parametrize(
    ("values", "field"),
    [({"ground": " "}, "ground"), ({"days": 0}, "review_on"), ({"category": "shoe_size"}, "category")],
)
def test_what_is_missing_is_named(place, values, field):
    with pytest.raises(ValidationError) as refused:
        place(**values)
    assert list(refused.value.message_dict) == [field]


def test_the_review_day_is_a_day_of_the_client(place, now):
    with pytest.raises(ValidationError):
        place(at=now.replace(hour=20), days=1)
    assert place(at=now.replace(hour=10), days=1).is_open


def test_no_hold_of_an_erased_person(cast, place, now):
    junaid = cast.subject("junaid")
    erase_subject(junaid, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    junaid.refresh_from_db()
    with pytest.raises(AlreadyErased):
        place(subject=junaid)


@pytest.mark.parametrize("kind", [HoldKind.LEGAL, HoldKind.COMPLAINT])
def test_a_hold_is_lifted_by_two_people(cast, place, now, kind):
    hold = place(kind=kind, subject=cast.subject("junaid"))
    farah, amina = cast.actor("farah"), cast.actor("amina")
    assert lift_hold(hold, ground="Judgment.", actor=farah, at=now + DAY).is_open
    with pytest.raises(Refused, match="requested already"):
        lift_hold(hold, ground="Judgment.", actor=farah, at=now + DAY)
    lift = find_waiting(hold).get()
    assert Hold.objects.get().is_open
    decide_proposed_change(lift, approve=True, actor=amina, at=now + 2 * DAY)
    stored = Hold.objects.get()
    assert (stored.lifted_by, stored.lift_ground) == (amina.id, "Judgment.")
    assert not find_holds(hold.client_id, subject_id=cast.subject_id("junaid")).exists()
    assert Entry.objects.filter(kind="hold.lifted").count() == 1
    with pytest.raises(Refused, match="lifted already"):
        lift_hold(hold, ground="Again.", actor=farah, at=now + 3 * DAY)


@pytest.mark.parametrize("kind", [HoldKind.LEGAL, HoldKind.COMPLAINT])
def test_the_client_does_not_lift_an_officers_hold_and_an_officer_not_the_clients(cast, place, now, kind):
    farah, amina = cast.actor("farah"), cast.actor("amina")
    with pytest.raises(Refused, match="Only the side that placed"):
        lift_hold(place(kind=kind, by="amina"), ground="Settled.", actor=farah, at=now)
    with pytest.raises(Refused, match="Only the side that placed"):
        lift_hold(place(kind=kind, by="farah"), ground="Settled.", actor=amina, at=now)


def test_a_client_admin_is_no_second_person_for_an_officers_hold(cast, place, now):
    hold = place(kind=HoldKind.LEGAL, by="amina")
    lift_hold(hold, ground="Judgment.", actor=cast.actor("amina"), at=now)
    lift = find_waiting(hold).get()
    with pytest.raises(NotAllowed, match="must be approved by PakTaleem"):
        decide_proposed_change(lift, approve=True, actor=cast.actor("farah"), at=now)
    decide_proposed_change(lift, approve=True, actor=another_officer(cast), at=now)
    assert not Hold.objects.get().is_open


def test_officers_lift_the_holds_of_a_client_that_has_left(cast, place, now):
    hold = place(by="farah")
    agreement = ServiceAgreement.objects.get(client_id=hold.client_id)
    end_agreement(agreement, actor=cast.actor("amina"), reason=Reason.AGREEMENT_CHANGE, at=now)
    lift_hold_by_two(hold, by=cast.actor("amina"), second=another_officer(cast), at=now)
    assert not Hold.objects.get().is_open


@pytest.mark.parametrize("name", ["farah", "amina"])
def test_the_hold_of_an_open_request_is_not_lifted_by_hand(cast, indus, now, name):
    hold = hold_for_case(
        cast.subject("junaid"),
        client=indus,
        kind=HoldKind.OPEN_REQUEST,
        case=Parent("rights_request", new_id()),
        ground="Request.",
        review_at=now + DAY,
        actor=cast.actor(name),
        at=now,
    )
    with pytest.raises(Refused, match="ends when the request ends"):
        lift_hold(hold, ground="Settled.", actor=cast.actor(name), at=now)


def test_a_declined_lifting_leaves_the_hold(cast, place, now):
    hold = place(kind=HoldKind.LEGAL)
    lift_hold(hold, ground="Judgment.", actor=cast.actor("farah"), at=now)
    decide_proposed_change(find_waiting(hold).get(), approve=False, actor=cast.actor("amina"), at=now)
    assert Hold.objects.get().is_open
    assert Entry.objects.filter(kind="hold.lift_declined").count() == 1
    lift_hold(hold, ground="New judgment.", actor=cast.actor("farah"), at=now)
    assert find_waiting(hold).count() == 1


def test_a_review_sets_the_next_day(cast, place, now):
    hold = place(days=5)
    assert not Hold.objects.to_review_at(now + 4 * DAY).exists()
    assert Hold.objects.to_review_at(now + 5 * DAY).get() == hold
    by = {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now + 5 * DAY}
    review_hold(hold, review_on=(now + 90 * DAY).date(), **by)
    assert not Hold.objects.to_review_at(now + 6 * DAY).exists()
    with pytest.raises(ValidationError):
        review_hold(hold, review_on=now.date(), **by)


def test_the_review_day_comes_at_midnight_of_the_client(place, now):
    hold = place(at=now.replace(hour=10, minute=0), days=5)
    midnight = (now + 4 * DAY).replace(hour=19, minute=0, second=0, microsecond=0)
    for at, is_due in ((midnight - MINUTE, False), (midnight, True)):
        assert (Hold.objects.to_review_at(at).exists(), hold.is_to_review(at)) == (is_due, is_due)


def test_the_hold_of_a_person_whose_erasure_starts_meanwhile_recalls_its_orders(committed, now):
    client_id, amina = committed.client_id("indus"), committed.actor("amina")
    told = {"kind": HoldKind.LEGAL, "ground": "Case 12.", "review_on": (now + 30 * DAY).date(), "at": now}
    with in_client(client_id):
        client, junaid = committed.client("indus"), committed.subject("junaid")
    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id), transaction.atomic():
            start_erasure(junaid, actor=amina, reason=Reason.SUBJECT_REQUEST, at=now)
            scope = HoldScope(subject=junaid)
            placed = meanwhile(pool, client_id, lambda: place_hold(client, scope=scope, actor=amina, **told))
        assert placed.result(timeout=30).is_open
    with in_client(client_id):
        assert set(Order.objects.filter(kind="erase").values_list("state", flat=True)) == {"recalled"}


def test_holds_of_a_system_and_a_category_are_found_for_a_part_of_the_data(cast, indus, place):
    system = System.objects.get(code="lms", client_id=indus.pk)
    of_system, of_category = place(system=system), place(category="billing")
    junaid = cast.subject_id("junaid")
    assert set(find_holds(indus.pk, subject_id=junaid)) == {of_system, of_category}
    assert set(find_holds(indus.pk, subject_id=junaid, system_id=new_id())) == {of_category}


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE schedule_hold SET ground = ''", "hold_has_a_ground"),
        ("UPDATE schedule_hold SET lifted_at = placed_at", "hold_lifted_by_someone"),
        ("UPDATE schedule_hold SET related_kind = 'x'", "hold_related_is_whole"),
        ("UPDATE schedule_hold SET system_owner = client_id", "owner"),
    ],
)
def test_the_database_refuses_what_is_broken(cast, place, now, change, name):
    lift_hold(place(kind=HoldKind.LEGAL), ground="Judgment.", actor=cast.actor("farah"), at=now)
    with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
