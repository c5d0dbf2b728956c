"""Retention rules and holdings for tests."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import Purpose
from paktaleem.directory.schools.models import Term
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.changes import decide_proposed_change, find_waiting
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.models import Holding
from retention.schedule.models import Hold, RetentionRule
from retention.schedule.resolution import parse_period
from retention.schedule.services import HoldScope, lift_hold, place_hold, request_earlier_disposal, save_rule
from tests.consent.making import officer
from tests.factories import SETTING_UP

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def build_rule(client_id, purpose, category, *, at, **values: Any) -> RetentionRule:
    """Return an unsaved rule: 30 days after the last collection, then delete."""
    given = {"trigger": "collected", "period": "P30D", "action": "delete", "starts_at": at, **values}
    found = Purpose.objects.filter(code=purpose, client_id__in=[client_id, PAKTALEEM])
    return RetentionRule(
        client_id=client_id,
        category=category,
        purpose=max(found, key=lambda one: one.client_id == client_id),
        ground_en="For a test.",
        ground_ur="جانچ کے لیے۔",
        **given,
    )


def make_rule(client_id, purpose, category, *, at, actor=SETTING_UP, **values: Any) -> RetentionRule:
    rule = build_rule(client_id, purpose, category, at=at, **values)
    try:
        return save_rule(rule, actor=actor, reason=Reason.REVIEW, at=at)
    except WeakensSafeguard:
        return save_by_two(rule, at=at)


def save_by_two(rule: RetentionRule, *, at: datetime) -> RetentionRule:
    """Request a rule by which data is disposed of earlier, as one officer, and approve it as another."""
    change = request_earlier_disposal(rule, ground="The data is no longer needed.", actor=officer(), at=at)
    decide_proposed_change(change, approve=True, actor=officer(), at=at)
    return RetentionRule.objects.select_related("purpose").get(pk=rule.pk)


def make_school_year(client_id, starts_on, ends_on, *, at, **values: Any) -> Term:
    """Create a school year ``[starts_on, ends_on)`` as a roster states it."""
    year = Term(
        client_id=client_id,
        external_id=f"year-{starts_on}-{ends_on}",
        origin="roster",
        title=f"{starts_on:%Y}",
        kind="school_year",
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_at=at,
        changed_at=at,
        **values,
    )
    year.save(force_insert=True)
    return year


def make_holding(subject, category, purposes, *, collected_at, system=None, used_at=None) -> Holding:
    held = Holding(
        client_id=subject.client_id,
        subject=subject,
        category=category,
        system=system,
        system_owner=system.client_id if system else None,
        occasions=["assessment"],
        purposes=list(purposes),
        count=1,
        first_collected_at=collected_at,
        last_collected_at=collected_at,
        last_activity_at=used_at,
    )
    held.save(force_insert=True)
    return held


def lift_hold_by_two(hold: Any, *, by: Any, second: Any, at: datetime, ground: str = "Settled.") -> None:
    lift_hold(hold, ground=ground, actor=by, at=at)
    decide_proposed_change(find_waiting(hold).get(), approve=True, actor=second, at=at)


def end_of_day(day: date, zone: str) -> datetime:
    """Return when a calendar day of a time zone ends: the second implementation of what SQL counts."""
    return datetime.combine(day + DAY, time.min, ZoneInfo(zone)).astimezone(UTC)


def put_on_hold(client: Client, *, at: datetime, kind: str = "legal", actor: Actor = SETTING_UP, **scope: Any) -> Hold:
    """Place a hold that is reviewed in 30 days; ``scope`` narrows it as ``HoldScope`` says."""
    about: dict[str, Any] = {"kind": kind, "scope": HoldScope(**scope), "ground": "Case 12."}
    return place_hold(client, **about, review_on=(at + 30 * DAY).date(), actor=actor, at=at)


def last_kept_day(start: date, rule: RetentionRule, bounds: RetentionRule | None) -> date:
    """Return the last day of the period that a rule counts from a day, within the bounds of PakTaleem's rule."""
    last = parse_period(rule.period).after(start)
    if bounds and bounds.maximum:
        last = min(last, parse_period(bounds.maximum).after(start))
    return max(last, parse_period(bounds.minimum).after(start)) if bounds and bounds.minimum else last
