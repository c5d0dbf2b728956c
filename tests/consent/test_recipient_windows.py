"""Random histories of approvals, emails, objections and withdrawals: decisions agree with a plain reading of them."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier, Lock
from typing import Any, NamedTuple

import pytest
from django.db import connections

from consent.consents.models import Consent, ConsentEvent, ConsentState
from consent.consents.selectors.consents import consent_states
from consent.consents.services.recording import Answer, NothingToWithdraw, record_answers, withdraw_consent
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_each, decide_one
from consent.notices.models import NoticeDispatch, NoticeVersion
from consent.notices.notice_tokens import TokenExpired
from consent.notices.services.announcements import open_dispatches
from consent.notices.services.publishing import answer_objection, object_to_announcement, withdraw_objection
from consent.register.models.agreements import RecipientApproval
from consent.register.models.purposes import Purpose
from consent.register.services import change_register, end_period
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.making import approve_by_two, instruct, make_provider, officer, prove, shown
from tests.factories import SETTING_UP, SubjectFactory

DAY = timedelta(days=1)
CODES = ("cloud", "mail")
PEOPLE = {"indus": "lms-hamza", "khyber": "lms-kiran"}
STEPS = 40


@dataclass
class Listed:
    """One approval as its history says: when it was approved and ended, and by client the email and the objections."""

    row: RecipientApproval
    approved_at: datetime
    ended_at: datetime | None = None
    emailed: dict[str, datetime] = field(default_factory=dict)
    objections: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)

    def is_objected(self, client: str, at: datetime) -> bool:
        answers = [what for when, what in self.objections.get(client, []) if when <= at and what != "answered"]
        return bool(answers) and answers[-1] == "objected"

    def says(self, client: str, at: datetime, *, objects: bool) -> str:
        """Return the reason that follows for one client at a time; ``objects``: to any approval of the recipient."""
        if at < self.approved_at or (self.ended_at is not None and at >= self.ended_at):
            return "recipient_not_approved"
        emailed = self.emailed.get(client)
        if emailed is None or at < emailed:
            return "recipient_not_approved"
        if objects:
            return "recipient_objected"
        late = emailed.date() > self.approved_at.date()
        window_ends = (emailed if late else self.approved_at) + 30 * DAY
        return "permitted" if at >= window_ends else "recipient_not_approved"


def plain_reason(approvals: list[Listed], client: str, at: datetime) -> str:
    objects = any(one.is_objected(client, at) for one in approvals)
    said = {one.says(client, at, objects=objects) for one in approvals}
    return next(word for word in ("permitted", "recipient_objected", "recipient_not_approved") if word in said)


def test_decisions_agree_with_a_plain_reading_of_the_history(cast: Cast, now: datetime) -> None:
    chance, at = random.Random(20261128), now  # noqa: S311 -- a seeded choice of steps
    history: dict[str, list[Listed]] = {code: [] for code in CODES}
    hosts = {}
    for code in CODES:
        with in_client(PAKTALEEM):
            hosts[code] = make_provider(PAKTALEEM, at=now, code=code)
    for client in PEOPLE:
        instruct(cast, client, now, ["service_delivery"], CODES)
    for _ in range(STEPS):
        at += chance.choice((2, 5, 9)) * DAY
        code = chance.choice(CODES)
        known = history[code]
        if not known or chance.random() < 0.2:
            with in_client(PAKTALEEM):
                told: dict[str, Any] = {"purposes": ["service_delivery"], "categories": ["contact_details"]}
                row = RecipientApproval(
                    client_id=PAKTALEEM, recipient=hosts[code], starts_at=at, is_integral=True, **told
                )
                known.append(Listed(approve_by_two(row, at=at), at))
            announce(cast, at)
            continue
        one, client = chance.choice(known), chance.choice(list(PEOPLE))
        if chance.random() < 0.1 and one.ended_at is None:
            with in_client(PAKTALEEM):
                one.row = end_period(one.row, actor=officer(), reason=Reason.REVIEW, at=at)
            one.ended_at = at
        elif client not in one.emailed:
            prove(cast, client, NoticeVersion(pk=one.row.announced_as), at)
            one.emailed[client] = at
        else:
            respond(cast, one, client, chance.choice(("objected", "answered", "withdrawn")), at)
    seen = Counter(check(cast, history, client, (now, at), chance) for client in PEOPLE for _ in range(40))
    assert set(seen) == {"permitted", "recipient_objected", "recipient_not_approved"}, seen


def announce(cast: Cast, at: datetime) -> None:
    """Open the announcements to the clients, as the worker does; no email is proven yet."""
    for client in PEOPLE:
        with in_client(cast.client_id(client)):
            open_dispatches(cast.client(client), actor=SETTING_UP, at=at)


def respond(cast: Cast, one: Listed, client: str, what: str, at: datetime) -> None:
    """Object, answer or withdraw; what is not possible then changes nothing."""
    admin = {"indus": "farah", "khyber": "celia"}[client]
    with in_client(cast.client_id(client)):
        dispatch = NoticeDispatch.objects.get(client_id=cast.client_id(client), version_id=one.row.announced_as)
        with suppress(Refused):
            if what == "objected":
                object_to_announcement(dispatch, code="law", actor=cast.actor(admin), at=at)
            elif what == "answered":
                answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=at)
            else:
                withdraw_objection(dispatch, actor=cast.actor(admin), at=at)
            one.objections.setdefault(client, []).append((at, what))


def check(
    cast: Cast, history: dict[str, list[Listed]], client: str, span: tuple[datetime, datetime], chance: random.Random
) -> str:
    """Compare a decision about some time with the plain reading, alone and in a batch; return its reason."""
    (first, last), code, client_id = span, chance.choice(CODES), cast.client_id(client)
    at = first + timedelta(days=chance.randrange((last - first).days + 1))
    question = Question("service_delivery", "share", frozenset({"contact_details"}), code, at=at)
    with in_client(client_id):
        reason = decide_one(SETTING_UP, client_id, PEOPLE[client], question, now=last).reason
        [batched] = decide_each(SETTING_UP, client_id, [(PEOPLE[client], question)], now=last)
    assert reason == batched.decision.reason == plain_reason(history[code], client, at), (client, code, at)
    return str(reason)


# Concurrent consents, withdrawals, refusals, expiries and renewals: events and state always agree.


ROUNDS, PAIR, AT_ONCE = 200, 10, 3
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
ENDS = {ConsentState.REFUSED, ConsentState.WITHDRAWN}
"""States after which a consent needs a notice that was shown later."""
ACTS = ("give", "give", "renew", "withdraw", "withdraw", "refuse")
MONTH = timedelta(days=32)
NOT_DONE = (NothingToWithdraw, TokenExpired)


class Clock:
    """A shared clock; every time is later than those before."""

    def __init__(self) -> None:
        self._now, self._lock = datetime(2026, 10, 1, tzinfo=UTC), Lock()

    def draw(self, by: timedelta = timedelta(milliseconds=1)) -> datetime:
        with self._lock:
            self._now += by
            return self._now


class Done(NamedTuple):
    """One act: when the notice was shown, and whether it was refused."""

    act: str
    shown_at: datetime | None
    error: type[Exception] | None


class World:
    """The people of Khyber, one clock, and threads with their own connections."""

    def __init__(self, cast: Cast, pool: ThreadPoolExecutor) -> None:
        self.client_id, self.actor, self.pool = cast.client_id("khyber"), cast.key_actor("khyber"), pool
        self.clock, self.dice = Clock(), random.Random(20_261_001)  # noqa: S311 -- reproducible, not secret
        with in_client(self.client_id):
            client = cast.client("khyber")
            purpose = Purpose.objects.get(client=client, code="newsletter")
            purpose.consent_months = 1
            change_register(purpose, actor=SETTING_UP, reason=Reason.REVIEW, at=self.clock.draw())
            self.people = [SubjectFactory(client=client, external_id=f"p{one}", role="learner") for one in range(PAIR)]

    def show(self) -> tuple[str, datetime]:
        at = self.clock.draw()
        with in_client(self.client_id):
            return shown(self.client_id, at), at

    def play(self, person: Subject) -> list[Done]:
        stale = self.show()
        acts = [self.dice.choice(ACTS) for _ in range(AT_ONCE)]
        delays = [self.dice.random() / 500 for _ in acts]
        start = Barrier(AT_ONCE + 1)

        def run(act: str, delay: float) -> Done:
            token, shown_at = stale if act == "give" else self.show() if act == "renew" else ("", None)
            start.wait(20)
            time.sleep(delay)
            try:
                self.act(person, act, token)
            except NOT_DONE as error:
                return Done(act, shown_at, type(error))
            return Done(act, shown_at, None)

        with self.held(person) if self.dice.random() < 0.5 else nothing():
            found = [self.pool.submit(run, act, delay) for act, delay in zip(acts, delays, strict=True)]
            start.wait(20)
            time.sleep(0.005)
        return [one.result(20) for one in found]

    def act(self, person: Subject, act: str, token: str) -> None:
        at = self.clock.draw()
        with in_client(self.client_id):
            if act == "withdraw":
                withdraw_consent(person, purpose="newsletter", actor=self.actor, at=at)
                return
            state = ConsentState.REFUSED if act == "refuse" else GIVEN
            answers = [Answer("newsletter", state)]
            record_answers(person, answers=answers, shown=token or None, actor=self.actor, at=at)

    @contextmanager
    def held(self, person: Subject) -> Iterator[None]:
        """Lock the person's row, so that concurrent acts wait."""
        with in_client(self.client_id):
            Subject.objects.select_for_update().get(pk=person.pk)
            yield


@contextmanager
def nothing() -> Iterator[None]:
    yield


@pytest.fixture
def world(committed: Cast) -> Iterator[World]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield World(committed, pool)
        last = Barrier(AT_ONCE)

        def close(_: int) -> None:
            last.wait(20)
            connections.close_all()

        list(pool.map(close, range(AT_ONCE)))


def story(world: World, person: Subject) -> list[ConsentEvent]:
    return list(ConsentEvent.objects.filter(client_id=world.client_id, subject=person).order_by("recorded_at", "id"))


def check_pair(world: World, person: Subject, done: list[Done], before: int) -> None:
    events = story(world, person)
    new = events[before:]
    assert all(one.recorded_at < two.recorded_at for one, two in pairwise(events))
    check_state(world, person, events)
    for place, event in enumerate(events):
        ended = max((one.recorded_at for one in events[:place] if one.state in ENDS), default=None)
        if event.state == GIVEN and ended is not None:
            assert event.shown_at is not None
            assert event.shown_at > ended, "a consent whose text was shown before the withdrawal or refusal undid it"
        if event.state == WITHDRAWN:
            assert events[place - 1].state == GIVEN
    acts = [one for one in done if one.error is None]
    assert sum(one.state == GIVEN for one in new) == sum(one.act in {"give", "renew"} for one in acts)
    assert sum(one.state == WITHDRAWN for one in new) <= sum(one.act == "withdraw" for one in acts)
    for one in done:
        if one.error is TokenExpired:
            assert one.shown_at is not None
            assert any(event.state in ENDS and event.recorded_at >= one.shown_at for event in events)


def check_state(world: World, person: Subject, events: list[ConsentEvent]) -> None:
    """Check that the row matches the last event, and later states follow from it."""
    row = Consent.objects.filter(client_id=world.client_id, subject=person).first()
    if not events:
        assert row is None
        return
    last = events[-1]
    assert row is not None
    assert (row.event_id, row.state, row.recorded_at, row.expires_at) == (
        last.id,
        last.state,
        last.recorded_at,
        last.expires_at,
    )
    for at in (last.recorded_at, last.recorded_at + MONTH):
        expired = last.expires_at is not None and last.expires_at <= at
        [state] = consent_states(person, actor=world.actor, at=at)
        assert state["state"] == ("expired" if expired else last.state)


def test_two_hundred_concurrent_pairs_end_in_a_state_that_the_events_explain(world: World) -> None:
    outcomes: dict[Any, int] = {}
    for number in range(ROUNDS):
        person = world.people[number % PAIR]
        if number % 37 == 36:
            world.clock.draw(MONTH)  # any given consent expires
        with in_client(world.client_id):
            before = len(story(world, person))
        done = world.play(person)
        with in_client(world.client_id):
            check_pair(world, person, done, before)
        for one in done:
            outcomes[one.act, one.error] = outcomes.get((one.act, one.error), 0) + 1
    with in_client(world.client_id):
        kinds = [f"consent.{one}" for one in (GIVEN, WITHDRAWN, ConsentState.REFUSED)]
        assert Entry.objects.filter(kind__in=kinds).count() == ConsentEvent.objects.count()
    assert {("give", None), ("give", TokenExpired), ("renew", None), ("withdraw", None)} <= set(outcomes), outcomes


def test_a_consent_in_progress_does_not_undo_an_earlier_withdrawal(world: World) -> None:
    person = world.people[0]
    world.act(person, "give", world.show()[0])
    on_its_way, _ = world.show()
    world.act(person, "withdraw", "")
    with pytest.raises(TokenExpired):
        world.act(person, "give", on_its_way)
    world.act(person, "give", world.show()[0])
    with in_client(world.client_id):
        assert [one.state for one in story(world, person)] == [GIVEN, WITHDRAWN, GIVEN]
