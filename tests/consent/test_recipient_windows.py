"""Random histories of approvals, emails, objections and withdrawals: decisions agree with a plain reading of them."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_each, decide_one
from consent.notices.models import NoticeDispatch, NoticeVersion
from consent.notices.services.announcements import open_dispatches
from consent.notices.services.publishing import answer_objection, object_to_announcement, withdraw_objection
from consent.register.models.agreements import RecipientApproval
from consent.register.services import end_period
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.making import approve_by_two, instruct, make_provider, officer, prove
from tests.factories import SETTING_UP

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
