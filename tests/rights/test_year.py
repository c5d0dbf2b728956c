"""A simulated year at one client: no request is lost by the clock, whatever people do and however long outages last.

Requests arrive, are paused, extended, decided, answered in time, late or never. The scheduler runs once a day, but not
during outages of two days. ``make test-deep`` runs it with 5,000 requests; most that are forgotten are then answered
some weeks after their deadline, since each day without an answer is one more reminder.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global
from rights.requests.models import RequestStep, RightsRequest
from rights.requests.services.clock import (
    NOTIFY_STAFF,
    carry_out_due_steps,
    extend_request,
    list_clients_with_due_requests,
    pause_request,
    resume_request,
)
from rights.requests.services.closing import answer_request
from tests.faults.size import sized
from tests.rights.cases import AT, DAY, decided, received

REQUESTS, OUTAGES = sized(50, 5_000), sized(2, 12)
NEVER_PER_CENT = sized(100, 5)
"""Forgotten requests that are never answered; the others are, three to five weeks after their deadline."""
YEAR = 365
LAST = AT + (YEAR + 75) * DAY
REMINDERS = (7, 3, 1)
KINDS = ("access", "rectification", "question", "complaint")
WORKER = system_actor("tests")
ZONE = ZoneInfo("Asia/Karachi")


@dataclass
class Plan:
    """Events of one request with their times, and the test's own account of its deadline."""

    received_at: datetime
    kind: str
    pause: tuple[datetime, datetime] | None = None
    extended: tuple[datetime, int] | None = None
    answered_at: datetime | None = None
    request: Any = field(default=None)

    def events(self):
        yield self.received_at, "receive"
        if self.pause:
            yield self.pause[0], "pause"
            yield self.pause[1], "resume"
        if self.extended:
            yield self.extended[0], "extend"
        if self.answered_at:
            yield self.answered_at, "answer"

    def deadline(self, at):
        """Return the deadline as policy has it: thirty days, or after a notice later by pauses and extension."""
        due = self.received_at + 30 * DAY
        if self.extended is None or self.extended[0] > at:
            return due
        if self.pause and self.pause[0] <= at < self.pause[1]:
            return None
        paused = self.pause[1] - self.pause[0] if self.pause and self.pause[1] <= at else timedelta()
        return due + paused + self.extended[1] * DAY

    def is_overdue(self, at):
        is_open = self.received_at <= at and (self.answered_at is None or self.answered_at > at)
        deadline = self.deadline(at)
        return is_open and deadline is not None and deadline <= at


def make_plan(chance):
    starts = AT + chance.random() * YEAR * DAY
    plan = Plan(starts, chance.choice(KINDS))
    if chance.random() < 0.25:
        begins = starts + chance.uniform(1, 12) * DAY
        plan.pause = (begins, begins + chance.uniform(1, 12) * DAY)
    if chance.random() < 0.2:
        plan.extended = (starts + chance.uniform(25, 29) * DAY, chance.randint(1, 40))
    days = chance.choice([chance.uniform(0.1, 24), chance.uniform(24.5, 29.9), chance.uniform(30.1, 45), None])
    if chance.random() < 0.7:
        days = chance.uniform(25, 29.5)
    if plan.extended:
        days = chance.choice([chance.uniform(29.5, 40), chance.uniform(40, 72), None])
    latest = max([at for at, _ in plan.events()])
    if days is not None:
        plan.answered_at = max(starts + days * DAY, latest + timedelta(minutes=1))
    elif chance.randrange(100) >= NEVER_PER_CENT and (deadline := plan.deadline(LAST)):
        plan.answered_at = deadline + chance.uniform(21, 35) * DAY
    return plan


def list_ticks(chance):
    outages = {day + late for day in chance.sample(range(30, YEAR, 3), OUTAGES) for late in (0, 1)}
    days = range((LAST - AT).days)
    return [AT + (day + chance.random()) * DAY for day in days if day not in outages]


def carry_out(cast, plan, event, at):
    farah, amina = cast.actor("farah"), cast.actor("amina")
    if event == "receive":
        plan.request = received(cast, plan.kind, at=at)
    elif event == "pause":
        pause_request(plan.request, cause="clarification", actor=farah, at=at)
    elif event == "resume":
        resume_request(plan.request, actor=farah, at=at)
    elif event == "extend":
        extend_request(plan.request, days=(plan.extended or (at, 0))[1], text="Many systems", actor=amina, at=at)
    else:
        request = decided(cast, plan.request, decision="refused", at=at, refusal_code="excessive", reasons="Repeated.")
        answer_request(request, text="Done.", actor=amina, at=at)


def run_scheduler(client_id, at):
    with as_officer():
        clients = list_clients_with_due_requests(at=at)
    for one in clients:
        assert one == client_id
        with in_client(one):
            carry_out_due_steps(one, actor=WORKER, at=at)


def expected_reminders(plan, ticks):
    ends = plan.answered_at or LAST
    number = bisect_left(ticks, ends)
    last = ticks[number - 1] if number else AT
    due = plan.received_at + 30 * DAY
    days = (*REMINDERS, *range(0, -(LAST - due).days - 1, -1))
    return sorted(due - left * DAY for left in days if due - left * DAY <= last)


def test_every_request_is_answered_in_thirty_days_or_seen_overdue_and_no_reminder_is_lost_or_doubled(committed):
    chance = Random(16)  # noqa: S311 -- chance, repeatable
    plans, client_id = [make_plan(chance) for _ in range(REQUESTS)], committed.client_id("indus")
    ticks = list_ticks(chance)
    moments = [(at, number, event) for number, plan in enumerate(plans) for at, event in plan.events()]
    moments += [(at, -1, "run") for at in ticks]
    seen: Counter[Any] = Counter()
    for at, number, event in sorted(moments):
        if event != "run":
            with in_client(client_id):
                carry_out(committed, plans[number], event, at)
            continue
        run_scheduler(client_id, at)
        with in_client(client_id):
            late = set(RightsRequest.objects.overdue(at).values_list("pk", flat=True))
        assert late == {plan.request.pk for plan in plans if plan.request and plan.is_overdue(at)}, at
        seen.update(late)
    check_the_end(client_id, plans, ticks, seen)


def check_the_end(client_id, plans, ticks, seen):
    with in_client(client_id):
        recorded = RequestStep.objects.filter(facts__has_key="on")
        steps = list(recorded.values_list("request_id", "kind", "facts__on", "at"))
    by_request = defaultdict(list)
    for key, kind, on, at in steps:
        by_request[key].append((kind, on, at))
    for plan in plans:
        found = by_request[plan.request.pk]
        answered = plan.answered_at or LAST
        overdue_at = sum(plan.is_overdue(tick) for tick in ticks)
        assert seen[plan.request.pk] == overdue_at, "overdue for everyone to see, at every run"
        missed = overdue_at > 0
        assert any(kind == "overdue" for kind, _on, _at in found) is missed
        assert missed or answered <= plan.received_at + 75 * DAY
        if not plan.extended:
            reminders = sorted((on, at) for kind, on, at in found if kind == "reminded")
            assert reminders == [
                (due_at.astimezone(ZONE).date().isoformat(), ticks[bisect_left(ticks, due_at)])
                for due_at in expected_reminders(plan, ticks)
            ], "carried out by the first run after it was due"
    with in_global():
        emails = {(request, kind, at) for request, kind, _on, at in steps}
        assert ProcrastinateJob.objects.filter(task_name=NOTIFY_STAFF).count() == len(emails), "one of a kind and run"
    assert {len(plan.pause or ()) for plan in plans} == {0, 2}
    assert {kind for _, kind, _, _ in steps} == {"reminded", "escalated", "notice_needed", "overdue"}
