"""Five simulated years at one client: nothing is disposed of early or on hold, and nothing that is due is forgotten.

Data is collected, used, put on hold and released; a rule is replaced. The worker sweeps, the client approves, systems
answer. The test keeps its own account of what is due. ``make test-deep`` runs it with 3,000 people and weekly sweeps.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from retention.disposals.models import Batch, Item
from retention.disposals.services.batches import approve_disposal
from retention.holdings.models import Holding
from tests.factories import SubjectFactory
from tests.faults.size import sized
from tests.retention.disposals.steps import answer, certify, lms, order_all, sweep
from tests.retention.schedule.making import DAY, lift_hold_by_two, make_holding, make_rule, put_on_hold

PEOPLE, STEP = sized(60, 3_000), sized(30, 7) * DAY
SWEPT, ORDERED = sized(11, 331), sized(7, 97)
"""Holdings in a chunk: few, so that sweeps and orders take several chunks, but not a hundred for each week."""
YEARS, UNTIL_SETTLED = 5 * 365 * DAY, 400 * DAY
"""Data collected and holds placed in the five years are settled up to 400 days later."""
ZONE = ZoneInfo("Asia/Karachi")
CATEGORY = "contact_details"


@dataclass
class Life:
    collected_at: datetime
    uses: list[datetime]
    hold: tuple[datetime, datetime] | None
    is_from_last_use: bool
    holding: Any = field(default=None)
    placed: Any = field(default=None)

    def events(self):
        yield self.collected_at, "collect"
        for used_at in self.uses:
            yield used_at, "use"
        if self.hold:
            yield self.hold[0], "hold"
            yield self.hold[1], "lift"

    def is_held(self, at):
        return self.hold is not None and self.hold[0] <= at < self.hold[1]

    def due_at(self, at, periods):
        """Return when the data is due, as known at a time; None if it was used after the event that counts."""
        if self.collected_at > at:
            return None
        uses = [used_at for used_at in self.uses if used_at <= at]
        latest = max([self.collected_at, *uses])
        if not self.is_from_last_use and latest > self.collected_at:
            return None
        day = latest.astimezone(ZONE).date() + periods.at(at) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=ZONE)


@dataclass
class Periods:
    first: relativedelta
    second: relativedelta
    changed_at: datetime

    def at(self, moment):
        return self.second if moment >= self.changed_at else self.first


def plan(chance, start):
    collected_at = start + chance.random() * 3 * 365 * DAY
    uses = sorted(collected_at + chance.random() * 500 * DAY for _ in range(chance.choice([0, 0, 1, 3])))
    begins = collected_at + chance.random() * 600 * DAY
    hold = (begins, begins + chance.uniform(10, 400) * DAY) if chance.random() < 0.3 else None
    return Life(collected_at, uses, hold, is_from_last_use=chance.random() < 0.5)


def carry_out(cast, life, event, at, system):
    """Carry out one event; data whose disposal is ordered is used no more."""
    if event == "collect":
        subject = SubjectFactory(client=cast.client("indus"))
        purpose = "newsletter" if life.is_from_last_use else "product_research"
        life.holding = make_holding(subject, CATEGORY, [purpose], collected_at=at, system=system)
    elif event == "use":
        ordered = Item.objects.unanswered().values("holding_id")
        current = Holding.objects.filter(pk=life.holding.pk, ended_at=None).exclude(pk__in=ordered)
        if not current.update(last_activity_at=at):
            life.uses.remove(at)
    elif event == "hold":
        life.placed = put_on_hold(cast.client("indus"), kind="complaint", subject=life.holding.subject, at=at)
    else:
        lift_hold_by_two(
            life.placed, by=user_actor(new_id(), "privacy_officer", PAKTALEEM), second=cast.actor("amina"), at=at
        )


def run_once(cast, at):
    for order in Order.objects.open():
        answer(cast, order, at=at)
    for batch in Batch.objects.filter(stage="verifying"):
        certify(batch, at)
    before = set(Order.objects.values_list("pk", flat=True))
    for batch in Batch.objects.filter(stage="scheduled"):
        order_all(batch, at, size=ORDERED)
    sweep(cast.client_id("indus"), at, size=SWEPT)
    for batch in Batch.objects.filter(stage="review"):
        approve_disposal(batch, actor=cast.actor("farah"), at=at)
    return list(Order.objects.exclude(pk__in=before).values_list("subject_id", flat=True))


def check(lives, ordered, at, periods):
    by_person = {life.holding.subject_id: life for life in lives if life.holding is not None}
    assert len(ordered) == len(set(ordered)), "nothing is ordered twice"
    for person in ordered:
        due_at = by_person[person].due_at(at, periods)
        assert due_at is not None, "used after the event that counts"
        assert due_at <= at, "early"
        assert not by_person[person].is_held(at), "on hold"
    seen = set(Item.objects.filter(state__in=["flagged", "ordered", "disposed"]).values_list("holding_id", flat=True))
    for life in by_person.values():
        due_at = life.due_at(at, periods)
        if due_at is not None and due_at <= at and not life.is_held(at):
            assert life.holding.pk in seen, "due and forgotten"


def set_rules(cast, at, period):
    for purpose, trigger in (("newsletter", "last_activity"), ("product_research", "collected")):
        client_id = cast.client_id("indus")
        make_rule(client_id, purpose, CATEGORY, at=at, trigger=trigger, period=period)


def test_nothing_early_nothing_on_hold_and_nothing_due_forgotten(cast, now, settings):
    settings.DISPOSAL_ALONE_MOST = PEOPLE
    chance = Random(17)  # noqa: S311 -- chance, repeatable
    lives = [plan(chance, now) for _ in range(PEOPLE)]
    periods = Periods(relativedelta(months=13), relativedelta(months=7), now + 900 * DAY)
    moments = [(at, number, event) for number, life in enumerate(lives) for at, event in life.events()]
    moments += [(now + STEP * tick, -1, "run") for tick in range(1, (YEARS + UNTIL_SETTLED) // STEP + 1)]
    with in_client(cast.client_id("indus")):
        set_rules(cast, now, "P13M")
        system = lms()
        for at, number, event in sorted([*moments, (periods.changed_at, -1, "rule")]):
            if event == "rule":
                set_rules(cast, at, "P7M")
            elif event == "run":
                check(lives, run_once(cast, at), at, periods)
            else:
                carry_out(cast, lives[number], event, at, system)
        open_holdings = set(Holding.objects.filter(ended_at=None).values_list("pk", flat=True))
    kept = {life.holding.pk for life in lives if not life.is_from_last_use and life.uses}
    assert open_holdings == kept, "at the end only what is in use is still held"
    assert kept
