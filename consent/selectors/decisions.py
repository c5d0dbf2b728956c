"""Answering “may I?”: the facts in one round trip, the register from this process, the rest is calculation."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection

from children.authority import ChildFacts
from consent.decision import ConsentFact, Decision, Objection, Question, Restriction, SubjectFacts, decide
from consent.register import Period, Register
from consent.selectors.registers import cached_register, current_register, register_as_of
from paktaleem.accounts.actors import Actor, key_actor, require
from paktaleem.accounts.roles import Capability
from paktaleem.accounts.services import key_digest
from paktaleem.subjects.selectors import tombstone
from paktaleem.tenancy.context import in_client, read_alone

__all__ = ["Asked", "KeyNotLive", "decide_for", "decide_many_with_key", "decide_with_key", "standing"]


class KeyNotLive(Exception):
    """No live API key has this secret."""


class _Limit(msgspec.Struct):
    id: UUID
    purpose: str
    starts_at: datetime
    ends_at: datetime | None

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


class _Person(msgspec.Struct):
    id: UUID
    role: str
    registered_at: datetime
    erased_at: datetime | None
    of_age_at: datetime | None
    of_age_threshold: int | None
    restrictions: list[_Limit] | None
    objections: list[_Limit] | None
    consents: list[_Consent] | None
    child: ChildFacts | None = None

    def facts(self, threshold: int, at: datetime) -> SubjectFacts:
        """Give the facts; an age computed for another threshold is unknown until the worker has been there."""
        child = self.child or _NO_GUARDIANS
        standing = child.standing(at)
        return SubjectFacts(
            id=self.id,
            role=self.role,
            registered_at=self.registered_at,
            erased_at=self.erased_at,
            of_age_at=self.of_age_at if self.of_age_threshold in {None, threshold} else None,
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
        )

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
            )
            for one in self.consents or ()
            if one.purpose in codes
        }


_NO_GUARDIANS = ChildFacts()


class _Key(msgspec.Struct, kw_only=True):
    key: UUID
    client: UUID
    scopes: list[str]
    version: tuple[int, int]

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
_ONE_ROUND_TRIP = "SELECT consent_decision_facts(%s, %s, %s, %s)"
_ONE_ROUND_TRIP_FOR_MANY = "SELECT consent_decisions_facts(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class _World:
    """What one question is decided on."""

    register: Register
    subject: SubjectFacts | None
    consents: Mapping[str, ConsentFact]

    def answer(self, question: Question) -> Decision:
        return decide(self.register, self.subject, self.consents, question)


def decide_with_key(
    secret: str, external_id: str, question: Question, *, now: datetime, arrived_at: datetime | None = None
) -> Decision:
    """Answer one question for the client of an API key, in one round trip to the database.

    The key's validity, the person, the consents and the register's version come from one statement that sets
    the client itself; only a register this process has not yet seen in that version is read as well. ``now`` is the
    client's, by whose clock it is decided; the key lives by the machine's, ``arrived_at``, where the two differ.
    Raises KeyNotLive, NotAllowed if the key may not ask.
    """
    past = question.at if question.at < now else None
    facts = _facts_of(secret, external_id, arrived_at or now, past)
    require(facts.actor, Capability.ASK_DECISIONS, facts.client)
    register = None if past else cached_register(facts.client, facts.version)
    if register is not None and facts.subject is not None:
        return _world(register, facts.subject, question.at).answer(question)
    with in_client(facts.client):
        return _read_world(facts.client, external_id, past, question.at).answer(question)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about one person, by LMS id."""

    person: str
    question: Question


def decide_many_with_key(
    secret: str, asked: Sequence[Asked], *, now: datetime, arrived_at: datetime | None = None
) -> list[Decision]:
    """Answer many questions for the client of an API key, in their order, as ``decide_with_key`` answers one.

    One statement brings the key's validity, the register's version and the facts of all the people. What this
    process cannot answer from them (a register not yet seen in that version, people not found, who may be
    erased, moments in the past) is read in the client's context, one statement for each moment.
    Raises KeyNotLive, NotAllowed if the key may not ask.
    """
    people = list(dict.fromkeys(one.person for one in asked if one.question.at >= now))
    facts = _facts_of_many(secret, people, arrived_at or now)
    require(facts.actor, Capability.ASK_DECISIONS, facts.client)
    register = cached_register(facts.client, facts.version)
    if register is not None and people and all(facts.subjects) and all(one.question.at >= now for one in asked):
        found = zip(people, facts.subjects, strict=True)
        worlds = {name: _world(register, person, now) for name, person in found if person}
        return [worlds[one.person].answer(one.question) for one in asked]
    with in_client(facts.client):
        return _read_and_answer(facts.client, asked, now)


def _facts_of_many(secret: str, people: Sequence[str], now: datetime) -> _KeyFactsOfMany:
    names = [_sendable(name) for name in people]
    [[text]] = read_alone(_ONE_ROUND_TRIP_FOR_MANY, [key_digest(secret), names, now])
    if text is None:
        raise KeyNotLive
    return _key_facts_of_many.decode(text)


def _read_and_answer(client_id: UUID, asked: Sequence[Asked], now: datetime) -> list[Decision]:
    people: defaultdict[datetime | None, dict[str, None]] = defaultdict(dict)
    for one in asked:
        people[_past(one.question, now)][one.person] = None
    worlds = {past: _read_worlds(client_id, names, past, past or now) for past, names in people.items()}
    return [worlds[_past(one.question, now)][one.person].answer(one.question) for one in asked]


def _past(question: Question, now: datetime) -> datetime | None:
    return question.at if question.at < now else None


def _read_worlds(client_id: UUID, names: Iterable[str], past: datetime | None, at: datetime) -> dict[str, _World]:
    """Read people and register inside the client's context, as ``_read_world`` does for one."""
    names = list(names)
    marks = [tombstone(client_id, name) for name in names]
    with connection.cursor() as cursor:
        sent = [[_sendable(name) for name in names], past, marks]
        cursor.execute("SELECT consent_facts_of_many_as_of(%s, %s, %s)::text", sent)
        people = _people.decode(cursor.fetchone()[0])
    register = register_as_of(client_id, past) if past else current_register(client_id)
    return {
        name: _World(register, None, {}) if person is None else _world(register, person, at)
        for name, person in zip(names, people, strict=True)
    }


def _facts_of(secret: str, external_id: str, now: datetime, past: datetime | None) -> _KeyFacts:
    [[text]] = read_alone(_ONE_ROUND_TRIP, [key_digest(secret), _sendable(external_id), now, past])
    if text is None:
        raise KeyNotLive
    return _key_facts.decode(text)


def decide_for(actor: Actor, client_id: UUID, external_id: str, question: Question, *, now: datetime) -> Decision:
    """Answer one question inside the client's context. Raises NotAllowed."""
    require(actor, Capability.ASK_DECISIONS, client_id)
    past = question.at if question.at < now else None
    return _read_world(client_id, external_id, past, question.at).answer(question)


def standing(actor: Actor, client_id: UUID, external_id: str, *, at: datetime, now: datetime) -> dict[str, Decision]:
    """Answer “may I process?” for every active purpose at once, inside the client's context. Raises NotAllowed."""
    require(actor, Capability.ASK_DECISIONS, client_id)
    world = _read_world(client_id, external_id, at if at < now else None, at)
    return {
        code: world.answer(Question(purpose=code, at=at))
        for code, rule in sorted(world.register.purposes.items())
        if rule.active
    }


def _world(register: Register, person: _Person, at: datetime) -> _World:
    return _World(register, person.facts(register.age_threshold, at), person.consents_by_code(register))


def _read_world(client_id: UUID, external_id: str, past: datetime | None, at: datetime) -> _World:
    """Read person and register inside the client's context, as they stand or as they stood.

    Someone erased is found by the keyed tombstone, the only thing that still knows their LMS id.
    """
    mark = tombstone(client_id, external_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_subject_facts(%s, %s, %s)::text", [_sendable(external_id), past, mark])
        text = cursor.fetchone()[0]
    register = register_as_of(client_id, past) if past else current_register(client_id)
    if text is None:
        return _World(register, None, {})
    return _world(register, _person.decode(text), at)


def _sendable(external_id: str) -> str:
    """Replace what PostgreSQL cannot take in a text (NUL, lone surrogates): no registered id holds it."""
    return external_id.replace("\x00", "\ufffd").encode(errors="replace").decode()
