"""Decisions: the facts are read in one query, the register is cached in the process. Used by all APIs."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db import connection
from django.utils.translation import gettext

from children.guardians.authority import ChildFacts
from consent.decisions.decision import decide
from consent.decisions.facts import (
    ConsentFact,
    Decision,
    KeptData,
    Objection,
    Question,
    Restriction,
    SubjectFacts,
    add_consents,
    add_record,
)
from consent.decisions.log import Answered, decision_log
from consent.decisions.reasons import Reason
from consent.notices.selectors.registers import (
    RegisterUnsettled,
    cached_register,
    current_register,
    list_register_changes,
    register_as_of,
)
from consent.register.compiled import Period, Register
from paktaleem.directory.people.ages import may_be_child_until
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor, key_actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.services import compute_key_digest
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.tenancy.context import in_client, read_in_one_statement

MAX_PAST_TIMES = 20
"""Maximum number of different past times in one request: each needs its own register."""


class KeyNotLive(Exception):
    """No live API key has this secret."""


class TimeInFuture(Exception):
    """The question is about a time that is in the future by the client's clock."""


class TooManyPastTimes(Exception):
    """The questions are about more than MAX_PAST_TIMES past times; the argument is how many."""


class _Limit(msgspec.Struct):
    id: UUID
    starts_at: datetime
    ends_at: datetime | None
    purpose: str = ""
    kind: str = ""
    category: str = ""

    @property
    def period(self) -> Period:
        return Period(self.starts_at, self.ends_at)


class _Consent(msgspec.Struct):
    purpose: UUID
    event: UUID
    state: str
    recorded_at: datetime
    expires_at: datetime | None
    notice_version: UUID | None
    by: str
    guardian: UUID | None
    informed_at: datetime | None


class _Person(msgspec.Struct):
    id: UUID
    role: str
    other_roles: list[str] | None
    registered_at: datetime
    erasure_started_at: datetime | None
    erased_at: datetime | None
    account_closed: bool
    of_age_at: datetime | None
    of_age_threshold: int | None
    country: str
    restrictions: list[_Limit] | None
    objections: list[_Limit] | None
    kept: list[_Limit] | None
    consents: list[_Consent] | None
    child: ChildFacts | None = None
    linked: "list[_Person] | None" = None

    def facts(self, thresholds: Thresholds, at: datetime) -> SubjectFacts:
        """Return the facts; an age computed for another threshold is unknown until the background task updates it."""
        threshold = thresholds.of(self.country)
        child = self.child or _NO_GUARDIANS
        standing = child.standing(at)
        return SubjectFacts(
            id=self.id,
            role=self.role,
            other_roles=tuple(self.other_roles or ()),
            registered_at=self.registered_at,
            erasure_started_at=self.erasure_started_at,
            erased_at=self.erased_at,
            account_closed=self.account_closed,
            of_age_at=self.of_age_at if self.of_age_threshold in {None, threshold} else None,
            may_be_child_until=may_be_child_until(
                self.of_age_at, computed_for=self.of_age_threshold, threshold=threshold
            ),
            quarantined=child.quarantined,
            service_authorisation=standing.state,
            service_authorised_until=standing.until,
            service_authorisation_id=standing.answer,
            service_strength=standing.strength,
            may_share=standing.may_share,
            guardians=standing.persons,
            restrictions=tuple(
                Restriction(one.period, frozenset({one.purpose}) if one.purpose else None, one.id)
                for one in self.restrictions or ()
            ),
            objections=tuple(Objection(one.purpose, one.period, one.id) for one in self.objections or ()),
            holds=self._list_kept("hold"),
            ended=self._list_kept("ended"),
            country=self.country,
        )

    def _list_kept(self, kind: str) -> tuple[KeptData, ...]:
        return tuple(KeptData(one.category, one.period, one.id) for one in self.kept or () if one.kind == kind)

    def consents_by_code(self, register: Register) -> dict[str, ConsentFact]:
        codes = register.codes
        return {
            codes[one.purpose]: ConsentFact(
                event_id=one.event,
                state=one.state,
                recorded_at=one.recorded_at,
                expires_at=one.expires_at,
                notice_version=one.notice_version,
                by="guardian" if one.by == "guardian" else "self",
                guardian=one.guardian,
                informed_at=one.informed_at,
            )
            for one in self.consents or ()
            if one.purpose in codes
        }


_NO_GUARDIANS = ChildFacts()


class _Key(msgspec.Struct, kw_only=True):
    key: UUID
    client: UUID
    scopes: list[str]
    seconds_ahead: float | None
    version: tuple[int, int]

    def now(self, arrived_at: datetime) -> datetime:
        """Return the time of the client's clock: a sandbox's may be ahead."""
        return arrived_at + timedelta(seconds=self.seconds_ahead) if self.seconds_ahead else arrived_at

    @property
    def actor(self) -> Actor:
        return key_actor(self.key, self.client, self.scopes)


class _KeyFacts(_Key, kw_only=True):
    subject: _Person | None


class _KeyFactsOfMany(_Key, kw_only=True):
    subjects: list[_Person | None]


_key_facts = msgspec.json.Decoder(_KeyFacts)
_key_facts_of_many = msgspec.json.Decoder(_KeyFactsOfMany)
_person = msgspec.json.Decoder(_Person | None)
_people = msgspec.json.Decoder(list[_Person | None])
_FACTS = "SELECT consent_decision_facts(%s, %s, %s)"
_FACTS_OF_MANY = "SELECT consent_decisions_facts(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """One question about one person (LMS id), now or at ``at``; built once a sandbox's clock is read with the facts."""

    person: str
    question: partial[Question]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _DecisionContext:
    register: Register
    subject: SubjectFacts | None
    consents: Mapping[str, ConsentFact]

    def answer(self, question: Question) -> Decision:
        return decide(self.register, self.subject, self.consents, question)

    def answered(self, question: Question) -> Answered:
        return Answered(self.subject.id if self.subject else None, question, self.answer(question))


def decide_with_key(secret: str, asked: EvaluationRequest, *, arrived_at: datetime) -> Decision:
    """Decide one question for the client of an API key, in one query.

    One statement sets the client and returns the key's validity, a sandbox's clock, the facts and the register's
    version; the register is read only if this process lacks that version. One that changes faster than it can be read
    gives `undecidable`. Raises KeyNotLive, NotAllowed if the key lacks the capability, TimeInFuture.
    """
    sent = [compute_key_digest(secret), _sanitize_id(asked.person), arrived_at]
    [[text]] = read_in_one_statement(_FACTS, sent)
    facts = _decode_facts(text, _key_facts)
    require(facts.actor, Capability.REQUEST_DECISIONS, facts.client)
    now = facts.now(arrived_at)
    at, past = asked.at or now, _past_time(asked.at, now)
    question = asked.question(at=at)
    register = None if past else cached_register(facts.client, facts.version)
    if register is not None and facts.subject is not None:
        context = _build_context(register, facts.subject, at)
    else:
        try:
            with in_client(facts.client):
                context = _read_context(facts.client, asked.person, past, at)
        except RegisterUnsettled:
            decision = _undecidable_decision(at)
            decision_log.add(facts.client, facts.key, arrived_at, (), [Answered(None, question, decision)])
            return decision
    answered = context.answered(question)
    decision_log.add(facts.client, facts.key, arrived_at, context.register.purposes, [answered])
    return answered.decision


def decide_many_with_key(
    secret: str, asked: Sequence[EvaluationRequest], *, arrived_at: datetime
) -> list[Decision | TimeInFuture]:
    """Decide many questions for the client of an API key, in order, as ``decide_with_key`` does one.

    Anything that its one statement lacks (a register version, people not found, who may be erased, past times) is read
    in the client's context, one statement per time. A question about the future is answered with TimeInFuture.
    Raises KeyNotLive, NotAllowed if the key lacks the capability, TooManyPastTimes.
    """
    people = list(dict.fromkeys(one.person for one in asked if one.at is None))
    sent = [compute_key_digest(secret), [_sanitize_id(one) for one in people], arrived_at]
    [[text]] = read_in_one_statement(_FACTS_OF_MANY, sent)
    facts = _decode_facts(text, _key_facts_of_many)
    require(facts.actor, Capability.REQUEST_DECISIONS, facts.client)
    now = facts.now(arrived_at)
    register = cached_register(facts.client, facts.version)
    if register is not None and people and all(facts.subjects) and all(one.at is None for one in asked):
        found = zip(people, facts.subjects, strict=True)
        contexts = {name: _build_context(register, person, now) for name, person in found if person}
        answers = [contexts[one.person].answered(one.question(at=now)) for one in asked]
        decision_log.add(facts.client, facts.key, arrived_at, register.purposes, answers)
        return [one.decision for one in answers]
    return _read_and_decide(facts, asked, now, arrived_at)


def _decode_facts[F: _Key](text: str | None, decoder: msgspec.json.Decoder[F]) -> F:
    if text is None:
        raise KeyNotLive
    return decoder.decode(text)


def _read_and_decide(
    key: _Key, asked: Sequence[EvaluationRequest], now: datetime, arrived_at: datetime
) -> list[Decision | TimeInFuture]:
    answerable = [one for one in asked if not _is_future(one.at, now)]
    people: defaultdict[datetime | None, dict[str, None]] = defaultdict(dict)
    for one in answerable:
        people[_past_time(one.at, now)][one.person] = None
    past_times = len(people.keys() - {None})
    if past_times > MAX_PAST_TIMES:
        raise TooManyPastTimes(past_times)
    purposes: set[str] = set()
    try:
        with in_client(key.client):
            contexts = {past: _read_contexts(key.client, names, past, past or now) for past, names in people.items()}
    except RegisterUnsettled:
        undecided = [(one.question(at=one.at or now), _undecidable_decision(one.at or now)) for one in answerable]
        answers = [Answered(None, question, decision) for question, decision in undecided]
    else:
        used = [(contexts[_past_time(one.at, now)][one.person], one) for one in answerable]
        answers = [context.answered(one.question(at=one.at or now)) for context, one in used]
        purposes = {code for context, _one in used for code in context.register.purposes}
    decision_log.add(key.client, key.key, arrived_at, purposes, answers)
    ready = iter(answers)
    return [TimeInFuture() if _is_future(one.at, now) else next(ready).decision for one in asked]


def _undecidable_decision(at: datetime) -> Decision:
    return Decision(False, Reason.UNDECIDABLE, None, (), at)


def _is_future(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now


def _past_time(at: datetime | None, now: datetime) -> datetime | None:
    if _is_future(at, now):
        raise TimeInFuture
    return None if at == now else at


def _read_contexts(
    client_id: UUID, names: Iterable[str], past: datetime | None, at: datetime
) -> dict[str, _DecisionContext]:
    """Read people and register, then or now; only the keyed tombstone still finds an erased person."""
    names = list(names)
    marks = [tombstone_of(client_id, name) for name in names]
    with connection.cursor() as cursor:
        sent = [[_sanitize_id(name) for name in names], past, marks]
        cursor.execute("SELECT consent_facts_of_many_as_of(%s, %s, %s)::text", sent)
        people = _people.decode(cursor.fetchone()[0])
    register = register_as_of(client_id, past) if past else current_register(client_id)
    return {name: _build_context(register, person, at) for name, person in zip(names, people, strict=True)}


def decide_one(actor: Actor, client_id: UUID, external_id: str, question: Question, *, now: datetime) -> Decision:
    """Decide one question in the client's context. Raises NotAllowed."""
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    past = question.at if question.at < now else None
    return _read_context(client_id, external_id, past, question.at).answer(question)


def decide_all_purposes(
    actor: Actor, client_id: UUID, external_id: str, *, role: str | None = None, at: datetime, now: datetime
) -> dict[str, Decision]:
    """Decide processing for each active purpose; ``role`` None: the strictest of the person's. Raises NotAllowed."""
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    context = _read_context(client_id, external_id, at if at < now else None, at)
    return {
        code: context.answer(Question(purpose=code, role=role, at=at))
        for code, rule in sorted(context.register.purposes.items())
        if rule.active
    }


class PastDecision(NamedTuple):
    """A decision, and the facts about the person on which it was made; None for an unknown person."""

    decision: Decision
    facts: SubjectFacts | None


def decide_from_facts(text: str | None, register: Register, question: Question) -> PastDecision:
    """Decide a question on facts as ``consent_subject_facts`` returns them, None for an unknown person; return both."""
    person = _person.decode(text) if text is not None else None
    context = _build_context(register, person, question.at)
    return PastDecision(context.answer(question), context.subject)


def _build_context(register: Register, person: _Person | None, at: datetime) -> _DecisionContext:
    if person is None:
        return _DecisionContext(register, None, {})
    facts, consents = person.facts(register.thresholds, at), person.consents_by_code(register)
    for other in person.linked or ():
        found = other.facts(register.thresholds, at)
        facts = add_record(facts, found, at=at, serves_minors=register.serves_minors)
        consents = add_consents(consents, other.consents_by_code(register))
    return _DecisionContext(register, facts, consents)


def _read_context(client_id: UUID, external_id: str, past: datetime | None, at: datetime) -> _DecisionContext:
    return _read_contexts(client_id, [external_id], past, at)[external_id]


def _sanitize_id(external_id: str) -> str:
    """Replace characters that PostgreSQL rejects (NUL, lone surrogates); no registered id contains them."""
    return external_id.replace("\x00", "\ufffd").encode(errors="replace").decode()


_PAST_FACTS = """
SELECT (SELECT consent_subject_facts(asked.person, asked.past))::text
FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY AS asked (person, past, place)
ORDER BY asked.place
"""


def decide_each(
    actor: Actor, client_id: UUID, asked: Sequence[tuple[str, Question]], *, now: datetime
) -> list[PastDecision]:
    """Decide questions about registered people as ``decide_one`` does, in order, each at its own time up to ``now``.

    One statement reads all facts; each register is compiled once for a period without changes. Raises NotAllowed.
    """
    require(actor, Capability.REQUEST_DECISIONS, client_id)
    if not asked:
        return []
    since = min(question.at for _, question in asked)
    changes = [moment for moment in list_register_changes(client_id, since=since) if moment <= now]
    pairs = list({(person, question.at if question.at < now else None) for person, question in asked})
    with connection.cursor() as cursor:
        cursor.execute(_PAST_FACTS, [[person for person, _ in pairs], [past for _, past in pairs]])
        facts = dict(zip(pairs, (text for (text,) in cursor.fetchall()), strict=True))
    registers: dict[int, Register] = {}
    decisions = []
    for person, question in asked:
        past, place = question.at if question.at < now else None, bisect_right(changes, question.at)
        if place not in registers:
            is_current = place == len(changes)
            registers[place] = current_register(client_id) if is_current else register_as_of(client_id, question.at)
        decisions.append(decide_from_facts(facts[person, past], registers[place], question))
    return decisions


class ChangedAnswer(NamedTuple):
    """One purpose (code) of which the decision differs, and both answers in words."""

    purpose: str
    now: str
    after: str


def compare_answers(before: str, after: str, register: Register, at: datetime) -> Iterator[ChangedAnswer]:
    """Yield each active purpose of which the decision to process differs; the facts are texts of JSON."""
    for code, rule in sorted(register.purposes.items()):
        if not rule.active:
            continue
        question = Question(purpose=code, at=at)
        now, _facts = decide_from_facts(before, register, question)
        then, _facts = decide_from_facts(after, register, question)
        if (now.allowed, now.reason) != (then.allowed, then.reason):
            yield ChangedAnswer(code, _describe(now), _describe(then))


def _describe(decision: Decision) -> str:
    if decision.reason is Reason.PERMITTED:
        return gettext("Allowed")
    return gettext("Denied: {reason}").format(reason=gettext(decision.reason.value.replace("_", " ")))
