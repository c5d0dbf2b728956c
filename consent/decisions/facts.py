"""Types of a decision: question, facts and answer, as frozen values.

Facts are those at `Question.at`: for a question about the past, the caller loads the consent and the guardian's
authorisation as they were then. Timestamps are aware datetimes in UTC, periods are `[starts, ends)`.

Of two records of one person these facts of either count for both: a refusal, withdrawal or revocation of consent, a
refusing guardian, a restriction, an objection, a hold, an ended retention period, a quarantine, a closed account, and
the roles. A consent, a guardian's consent and an erasure count only for their own record (decision 0101).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from paktaleem.directory.people.ages import is_child

if TYPE_CHECKING:
    from collections.abc import Mapping, Set as AbstractSet
    from uuid import UUID

    from consent.decisions.reasons import Reason
    from consent.decisions.rules import RuleContext
    from consent.register.compiled import AgreementRule, ClientDeclarations, InstructionRule, Period, Register


class Action(StrEnum):
    """Actions on data; `process` is the default."""

    COLLECT = "collect"
    STORE = "store"
    PROCESS = "process"
    SHARE = "share"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction of processing (GDPR article 18) for some purposes; None: for all."""

    period: Period
    purposes: frozenset[str] | None = None
    id: UUID | None = None

    def covers(self, purpose: str) -> bool:
        return self.purposes is None or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class Objection:
    """A person's objection to one purpose (GDPR article 21; FERPA, 34 CFR 99.37)."""

    purpose: str
    period: Period
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeptData:
    """Data of one category, or of every one (empty), that is on hold, or whose retention period has ended."""

    category: str
    period: Period
    id: UUID | None = None

    def covers(self, categories: AbstractSet[str], at: datetime) -> bool:
        return (not self.category or self.category in categories) and self.period.contains(at)


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """The facts about a person; guardians' answers are about the service as a whole.

    `erasure_started_at` is when the erasure was confirmed, `erased_at` when it was complete. `of_age_at` is when the
    person reaches the client's age threshold; for known adults any time before their first consent; None: age unknown.
    `may_be_child_until` is the latest such time if the age was computed for another threshold. `service_authorisation`
    is the combined answer of all guardians (`children.guardians.authority`), `service_strength` the strength of the
    strongest consent. `holds` is data on hold, `ended` data past its retention period. `country` is
    that of residence; empty: the client's.
    """

    id: UUID
    role: str
    registered_at: datetime
    erasure_started_at: datetime | None = None
    erased_at: datetime | None = None
    account_closed: bool = False
    of_age_at: datetime | None = None
    may_be_child_until: datetime | None = None
    other_roles: tuple[str, ...] = ()
    quarantined: bool = False
    service_authorisation: str | None = None
    service_authorised_until: datetime | None = None
    service_authorisation_id: UUID | None = None
    service_strength: int = 0
    may_share: bool = False
    guardians: frozenset[UUID] = frozenset()
    restrictions: tuple[Restriction, ...] = ()
    objections: tuple[Objection, ...] = ()
    holds: tuple[KeptData, ...] = ()
    ended: tuple[KeptData, ...] = ()
    country: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles of the person, the main one first."""
        return (self.role, *self.other_roles)

    def counts_as_child(self, at: datetime, *, serves_minors: bool) -> bool:
        """Return True if the person is treated as a child, as defined by ``ages.is_child``; in every role alike."""
        until = self.may_be_child_until
        return is_child(self.roles, self.of_age_at, at=at, serves_minors=serves_minors, may_be_until=until)


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """A person's consent to one purpose, as of its latest event; only the state `given` permits.

    `informed_at` is when the notice was shown, or the form collected; None: not later than `recorded_at`.
    """

    event_id: UUID
    state: str
    recorded_at: datetime
    expires_at: datetime | None = None
    notice_version: UUID | None = None
    by: str = "self"
    guardian: UUID | None = None
    informed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question: is this action allowed for this purpose at this time?

    `categories` None or empty means all of the purpose's; `role` None: the strictest of the person's roles counts.
    `is_about_person` and `is_about_purpose` are False if the caller named another type of subject or resource.
    """

    purpose: str
    action: str = Action.PROCESS
    categories: frozenset[str] | None = None
    recipient: str | None = None
    role: str | None = None
    is_about_person: bool = True
    is_about_purpose: bool = True
    at: datetime = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision, valid until `valid_until` (exclusive) while no fact changes.

    `role` decided: the one that the question named (`is_role_named`), else the strictest; None if it is not held.
    `lawful_basis` is that in force, also for refusals; `evidence` are the ids of the rows it is based on.
    `declared` are the client's declarations about children, for refusals about a child (`is_child`).
    """

    allowed: bool
    reason: Reason
    lawful_basis: str | None
    evidence: tuple[UUID, ...]
    valid_until: datetime
    role: str | None = None
    is_role_named: bool = False
    is_child: bool = False
    declared: ClientDeclarations | None = None


_REFUSALS = frozenset({"refused", "withdrawn", "revoked", "invalidated"})
"""States of a consent that count for every record of the person."""
_GUARDIAN_REFUSALS = frozenset({"refused", "withdrawn"})


def add_record(own: SubjectFacts, other: SubjectFacts, *, at: datetime, serves_minors: bool) -> SubjectFacts:
    """Return a record's facts with what counts of another record of the same person."""
    found = replace(
        own,
        other_roles=tuple(dict.fromkeys((*own.other_roles, *(role for role in other.roles if role != own.role)))),
        account_closed=own.account_closed or other.account_closed,
        quarantined=own.quarantined or other.quarantined,
        restrictions=(*own.restrictions, *other.restrictions),
        objections=(*own.objections, *other.objections),
        holds=(*own.holds, *other.holds),
        ended=(*own.ended, *other.ended),
    )
    is_child = other.counts_as_child(at, serves_minors=serves_minors)
    if is_child and not own.counts_as_child(at, serves_minors=serves_minors):
        found = replace(found, of_age_at=other.of_age_at, may_be_child_until=other.may_be_child_until)
    if other.service_authorisation in _GUARDIAN_REFUSALS and own.service_authorisation not in _GUARDIAN_REFUSALS:
        found = replace(
            found,
            service_authorisation=other.service_authorisation,
            service_authorisation_id=other.service_authorisation_id,
        )
    ends = [one for one in (own.service_authorised_until, other.service_authorised_until) if one is not None]
    return replace(found, service_authorised_until=min(ends, default=None))


def add_consents(own: Mapping[str, ConsentFact], other: Mapping[str, ConsentFact]) -> dict[str, ConsentFact]:
    """Return a record's consents by purpose, with the refusals of another record of the same person."""
    refused = {code: fact for code, fact in other.items() if fact.state in _REFUSALS}
    kept = {code: fact for code, fact in own.items() if fact.state in _REFUSALS or code not in refused}
    return {**refused, **kept}


def find_instruction(case: RuleContext, recipient: str | None = None) -> InstructionRule | None:
    """Find one instruction that covers the purpose, all categories and, if given, the recipient."""
    for instruction in case.register.instructions.get(case.purpose.code, ()):
        agreement = case.agreements.get(instruction.agreement)
        if (
            agreement is not None
            and case.categories <= instruction.categories
            and (recipient is None or recipient in instruction.recipients)
            and _instruction_counts(instruction, agreement, case)
        ):
            return instruction
    return None


def _instruction_counts(instruction: InstructionRule, agreement: AgreementRule, case: RuleContext) -> bool:
    """Return True if the instruction is in force, or still counts: for deleting always (GDPR article 28(3)(g))."""
    period = instruction.period
    if case.at < period.starts_at:
        return False
    if case.action is Action.DELETE or period.contains(case.at):
        return True
    return agreement.is_in_exit(case.at) and period.ends_at == agreement.ends_at


ANSWER_STATES = frozenset({"given", "refused", "deferred", "requested", "withdrawn"})
"""The states a person can answer with. The others are set by staff, or follow from time or a notice."""

_REQUESTS = frozenset({"requested", "deferred"})


def changes_state(before: str, event: str) -> bool:
    """Return True if an event changes the state: a request or deferral does not replace a given consent."""
    return not (before == "given" and event in _REQUESTS)


def effective_state(register: Register, purpose: str, fact: ConsentFact, at: datetime) -> str:
    """Return the state at ``at``: a given consent expires, or is outdated."""
    if fact.state != "given":
        return fact.state
    if fact.expires_at is not None and fact.expires_at <= at:
        return "expired"
    ended_at = outdated_at(
        register, purpose, notice_version=fact.notice_version, informed_at=fact.informed_at or fact.recorded_at
    )
    return "outdated" if ended_at is not None and ended_at <= at else "given"


def outdated_at(
    register: Register, purpose: str, *, notice_version: UUID | None, informed_at: datetime
) -> datetime | None:
    """Return when a consent becomes outdated: a later material version takes effect, or the purpose is widened."""
    notice, rule = register.notices.get(purpose), register.purposes.get(purpose)
    changed_at = notice.outdated_at.get(notice_version) if notice and notice_version else None
    widening = rule.widened_since(informed_at) if rule else None
    widened_at = widening.at if widening else None
    return min((each for each in (changed_at, widened_at) if each is not None), default=None)


def renewal_is_due(state: str, *, expires_at: datetime | None, renew_days: int, at: datetime) -> bool:
    """Return True if consent must be requested again: expired, outdated, or expiring within ``renew_days`` days."""
    if state in {"expired", "outdated"}:
        return True
    return state == "given" and expires_at is not None and expires_at - timedelta(days=renew_days) <= at
