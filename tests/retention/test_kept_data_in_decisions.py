"""Decisions about data on hold, and about data whose retention period has ended."""

from typing import Any

import pytest

from consent.decisions.facts import Question
from consent.decisions.models import RegisterChange, RetentionFact, SubjectChange
from consent.decisions.selectors.decisions import decide_each, decide_one
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.services.batches import record_subject_event
from retention.disposals.models import Item
from retention.holdings.services.holdings import ActivityReport, report_activity
from retention.schedule.models import HoldKind
from retention.schedule.selectors import DueState, list_due_of_person
from retention.schedule.services import HoldScope, place_hold
from tests.factories import BORN, SETTING_UP
from tests.merges.making import linked, second_record
from tests.retention.disposals.steps import (
    answer,
    approved as approved_batch,
    certify,
    hold_data,
    order_all,
    rule_for,
    sweep,
)
from tests.retention.schedule.making import DAY, HOUR, lift_hold_by_two, make_holding, make_rule

ENDED, HELD = "retention_ended", "legal_hold"


@pytest.fixture
def decided(cast, indus):
    """Ask for a decision about a person's contact details for the newsletter; return its reason."""

    def ask(at, action="process", person="lms-hamza", *, later=None):
        question = Question("newsletter", action, frozenset({"contact_details"}), at=at)
        actor = cast.key_actor("indus")
        one = decide_one(actor, indus.pk, person, question, now=later or at)
        [same] = decide_each(actor, indus.pk, [(person, question)], now=later or at)
        assert same.decision.reason == one.reason
        return str(one.reason)

    return ask


@pytest.fixture
def overdue(cast, indus, now):
    """Hold Hamza's contact details since 60 days, 30 days too long, and run the sweep of the night."""
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    return indus


def test_data_past_its_day_is_not_used_even_years_later(overdue, decided, now):
    assert decided(now + DAY) == ENDED
    sweep(overdue.pk, now + 3650 * DAY)
    assert decided(now + 3650 * DAY) == ENDED
    assert decided(now + DAY, "process", "lms-junaid") != ENDED
    assert {decided(now + DAY, other) for other in ("collect", "store", "delete")}.isdisjoint({ENDED})


def test_data_within_its_period_is_used(cast, indus, decided, now):
    rule_for(indus, at=now, period="P1Y")
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    assert decided(now) != ENDED


def test_data_that_another_system_may_still_keep_is_used(cast, indus, decided, now):
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    hold_data(cast, "hamza", at=now, system=None, collected_at=now - DAY)
    sweep(indus.pk, now)
    assert decided(now) != ENDED


def test_data_collected_again_is_used_again(cast, overdue, decided, report, now):
    report("hamza", "contact_details", at=now + DAY, purpose="newsletter", collected_at=now + DAY)
    assert decided(now + DAY) != ENDED
    sweep(overdue.pk, now + 2 * DAY)
    assert decided(now + 2 * DAY) != ENDED
    assert decided(now, later=now + 2 * DAY) == ENDED, "as of then"


def test_a_late_report_of_an_old_collection_changes_nothing(overdue, decided, report, now):
    report("hamza", "contact_details", at=now + DAY, purpose="newsletter", collected_at=now - 59 * DAY)
    assert decided(now + DAY) == ENDED


def test_held_data_may_be_used_and_not_deleted(cast, overdue, decided, now):
    hold = placed(cast, overdue, now, subject=cast.subject("hamza"))
    assert decided(now) != ENDED
    assert decided(now, "delete") == HELD
    lift_hold_by_two(hold, by=cast.actor("farah"), second=cast.actor("amina"), at=now + DAY)
    assert decided(now + DAY) == ENDED
    assert decided(now + DAY, "delete") != HELD
    assert decided(now, "delete", later=now + DAY) == HELD, "as of then"


def test_disposed_data_is_no_longer_past_its_period(cast, overdue, decided, now):
    batch = order_all(approved_batch(cast, now), now + DAY)
    for order in Order.objects.filter(parent_id=batch.pk):
        answer(cast, order, at=now + DAY)
    certify(batch, now + DAY)
    sweep(overdue.pk, now + 2 * DAY)
    assert decided(now + 2 * DAY) != ENDED


def test_a_longer_rule_ends_the_refusal_with_the_next_sweep(overdue, decided, now):
    rule_for(overdue, at=now + DAY, period="P1Y")
    sweep(overdue.pk, now + 2 * DAY)
    assert decided(now + 2 * DAY) != ENDED


def placed(cast, client, at, kind=HoldKind.LEGAL, **scope):
    told: dict[str, Any] = {"kind": kind, "ground": "Case 12.", "review_on": (at + 30 * DAY).date()}
    return place_hold(client, scope=HoldScope(**scope), actor=cast.actor("farah"), at=at, **told)


@pytest.mark.parametrize("kind", [HoldKind.LEGAL, HoldKind.COMPLAINT])
def test_a_hold_of_everyone_denies_deletion(cast, indus, decided, now, kind):
    counts = RegisterChange.objects.count()
    placed(cast, indus, now, kind)
    assert (decided(now, "delete"), decided(now, "delete", "lms-junaid")) == (HELD, HELD)
    assert RegisterChange.objects.count() > counts


def test_a_hold_covers_every_record_of_the_person(cast, indus, decided, now):
    other = second_record(cast, external_id="lms-hamza-2", role="student", birth_date=BORN["teenager"])
    linked(cast.subject("hamza"), other, cast, now)
    noted = SubjectChange.objects.filter(subject_id=other.pk).count()
    placed(cast, indus, now, subject=other)
    assert decided(now, "delete") == HELD
    assert SubjectChange.objects.filter(subject_id=other.pk).count() > noted


def test_a_hold_of_another_category_denies_nothing(cast, indus, decided, now):
    placed(cast, indus, now, subject=cast.subject("hamza"), category="billing")
    assert decided(now, "delete") != HELD


def test_the_hold_of_an_open_request_leaves_deletion_to_it(cast, indus, decided, now):
    placed(cast, indus, now, HoldKind.OPEN_REQUEST, subject=cast.subject("hamza"))
    assert decided(now, "delete") != HELD
    assert not RetentionFact.objects.exists()


def hold_since(cast, indus, now, *, trigger="account_closed"):
    """Hold Junaid's contact details for the newsletter for 60 days, with a period of 30 days."""
    make_rule(indus.pk, "newsletter", "contact_details", at=now - 60 * DAY, trigger=trigger, period="P30D")
    return make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 60 * DAY)


def event(cast, kind, at, happened_at=None):
    happened_at = happened_at or at
    record_subject_event(cast.subject("junaid"), kind=kind, happened_at=happened_at, actor=SETTING_UP, at=at)


def report_use(cast, indus, at, happened_at):
    report = ActivityReport("lms-junaid", happened_at, "contact_details")
    report_activity(indus.pk, [report], actor=SETTING_UP, at=at)


def state(cast, at):
    [found] = list_due_of_person(cast.subject("junaid"), actor=cast.actor("farah"), at=at)
    return found.state(at)


def test_an_account_that_is_used_again_within_the_period_keeps_its_data(cast, indus, now):
    hold_since(cast, indus, now)
    event(cast, "account_closed", now, now - 20 * DAY)
    event(cast, "active", now + DAY)
    assert state(cast, now + 400 * DAY) is DueState.WAITING


@pytest.mark.parametrize("happened", [40 * DAY, 5 * DAY])
def test_an_account_that_is_used_again_too_late_does_not_keep_its_data(cast, indus, now, decided, happened):
    hold_since(cast, indus, now)
    event(cast, "account_closed", now)
    late = now + 40 * DAY
    sweep(indus.pk, late)
    event(cast, "active", late, now + happened)
    assert cast.subject("junaid").is_account_open
    sweep(indus.pk, late + DAY)
    assert state(cast, late + DAY) is DueState.DUE
    assert (decided(late + DAY, person="lms-junaid"), Item.objects.filter(is_open=True).count()) == (ENDED, 1)


def test_closing_and_opening_an_account_once_more_does_not_keep_it_either(cast, indus, now):
    hold_since(cast, indus, now)
    event(cast, "account_closed", now)
    for hours in (0, 2):
        event(cast, "active", now + 40 * DAY + hours * HOUR)
        event(cast, "account_closed", now + 40 * DAY + (hours + 1) * HOUR)
    event(cast, "active", now + 41 * DAY)
    assert state(cast, now + 42 * DAY) is DueState.DUE


@pytest.mark.parametrize("way", ["event", "report"])
@pytest.mark.parametrize("happened", [DAY, 31 * DAY])
def test_a_use_that_is_reported_after_the_period_moves_no_due_day(cast, indus, now, way, happened):
    held = hold_since(cast, indus, now - 60 * DAY, trigger="last_activity")
    at = now
    used = held.last_collected_at + happened
    event(cast, "active", at, used) if way == "event" else report_use(cast, indus, at, used)
    held.refresh_from_db()
    assert held.last_activity_at is None
    assert state(cast, at) is DueState.DUE


@pytest.mark.parametrize("way", ["event", "report"])
def test_a_use_that_is_reported_within_the_period_moves_the_due_day(cast, indus, now, way):
    held = hold_since(cast, indus, now - 60 * DAY, trigger="last_activity")
    at = held.last_collected_at + 29 * DAY
    event(cast, "active", at) if way == "event" else report_use(cast, indus, at, at)
    assert state(cast, at + 25 * DAY) is DueState.KEPT


def test_data_that_is_collected_again_counts_anew(cast, indus, now):
    held = hold_since(cast, indus, now)
    event(cast, "account_closed", now)
    event(cast, "active", now + 40 * DAY)
    held.last_collected_at = now + 41 * DAY
    held.save()
    assert state(cast, now + 80 * DAY) is not DueState.DUE


def test_a_hold_decides_for_late_data(cast, indus, now):
    hold_since(cast, indus, now)
    event(cast, "account_closed", now)
    event(cast, "active", now + 40 * DAY)
    about = {"kind": HoldKind.COMPLAINT, "ground": "Case 12.", "review_on": (now + 90 * DAY).date()}
    scope = HoldScope(subject=cast.subject("junaid"))
    place_hold(cast.client("indus"), scope=scope, actor=SETTING_UP, at=now + 41 * DAY, **about)
    assert state(cast, now + 42 * DAY) is not DueState.DUE
