"""A use that is reported once a retention period is over does not bring the data back."""

import pytest

from paktaleem.directory.people.services.batches import record_subject_event
from retention.disposals.models import Item
from retention.holdings.services.collecting import ActivityReport, report_activity
from retention.schedule.models import HoldKind
from retention.schedule.selectors import DueState, list_due_of_person
from retention.schedule.services.holds import HoldScope, place_hold
from tests.factories import SETTING_UP
from tests.retention.disposals.steps import sweep
from tests.retention.schedule.making import DAY, HOUR, make_holding, make_rule
from tests.retention.test_kept_data_in_decisions import ENDED, decided  # noqa: F401 -- a fixture


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
def test_an_account_that_is_used_again_too_late_does_not_keep_its_data(cast, indus, now, decided, happened):  # noqa: F811
    hold_since(cast, indus, now)
    event(cast, "account_closed", now)
    late = now + 40 * DAY
    sweep(indus.pk, late)
    event(cast, "active", late, now + happened)
    assert cast.subject("junaid").is_account_open
    sweep(indus.pk, late + DAY)
    assert state(cast, late + DAY) is DueState.DUE
    assert decided(late + DAY, person="lms-junaid") == ENDED
    assert Item.objects.filter(is_open=True).count() == 1


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
