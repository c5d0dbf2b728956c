"""The register of one client, compiled: the configuration a decision reads, as plain frozen values.

The rows of the client and of the shared catalogue become look-ups once per `register_version`; after that a
question costs a few dictionary reads. Past and coming rows are kept beside those in force, so that the same
register answers for any moment. Every moment is an aware datetime in UTC; every period is `[starts, ends)`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from consent.register.versions import NoticeRule, TextRule
    from paktaleem.foundation.accounts.thresholds import Thresholds


class Basis(StrEnum):
    """The lawful bases of the privacy policy, section 3 (GDPR article 6)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Capacity(StrEnum):
    """PakTaleem's part in a processing (GDPR article 4(7) and 4(8); privacy policy, section 7)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time `[starts_at, ends_at)`; open-ended when `ends_at` is None."""

    starts_at: datetime
    ends_at: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Say whether the moment lies within: the start does, the end does not."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def moments(self) -> Iterator[datetime]:
        """Give the moments at which being within changes."""
        yield self.starts_at
        if self.ends_at is not None:
            yield self.ends_at


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """One purpose a client may process for, with the codes of the data categories it needs.

    `owner` is whose row it is, the client's own or PakTaleem's; `consent_months` how long consent to it lasts (None:
    until it is withdrawn).
    """

    id: UUID
    code: str
    active: bool
    is_sale: bool
    categories: frozenset[str]
    owner: UUID
    consent_months: int | None = None


@dataclass(frozen=True, slots=True)
class BasisRule:
    """The lawful basis of one purpose for one role during a period.

    `basis` and `capacity` stay plain words, so that one this code does not know is carried to the decision
    and denied there. `balancing_test_at` is when an officer signed the balancing test (legitimate interest
    only). `shared` marks a default of PakTaleem's catalogue, beaten by any row of the client's in force.
    """

    id: UUID
    purpose: str
    role: str
    basis: str
    capacity: str
    period: Period
    balancing_test_at: datetime | None = None
    shared: bool = False

    def moments(self) -> Iterator[datetime]:
        """Give the moments at which this row may change an answer."""
        yield from self.period.moments()
        if self.balancing_test_at is not None:
            yield self.balancing_test_at


@dataclass(frozen=True, slots=True)
class AgreementRule:
    """A signed service agreement (drafts are left out): its term, its suspensions, its exit.

    `exit_until` is the end of the exit time after the term, during which data may still be stored; None: no
    exit time at all.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    suspended: tuple[Period, ...] = ()
    exit_until: datetime | None = None

    def has_ended(self, at: datetime) -> bool:
        """Say whether the term is over at the moment."""
        return self.ends_at is not None and self.ends_at <= at

    def is_suspended(self, at: datetime) -> bool:
        """Say whether a suspension is in force at the moment."""
        return any(period.contains(at) for period in self.suspended)

    def is_in_exit(self, at: datetime) -> bool:
        """Say whether the moment is after the term and before the end of the exit time."""
        return self.has_ended(at) and self.exit_until is not None and at < self.exit_until

    def moments(self) -> Iterator[datetime]:
        """Give the moments at which this agreement may change an answer."""
        yield from Period(self.starts_at, self.ends_at).moments()
        for period in self.suspended:
            yield from period.moments()
        if self.exit_until is not None:
            yield self.exit_until


@dataclass(frozen=True, slots=True)
class InstructionRule:
    """What the client as controller told PakTaleem to do, under one agreement (GDPR article 28(3)(a)).

    Codes of purposes, categories and recipients; one that is not listed is not instructed.
    """

    id: UUID
    agreement: UUID
    period: Period
    purposes: frozenset[str]
    categories: frozenset[str]
    recipients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Approval:
    """Leave to share some categories for some purposes with a recipient during a period.

    `objection_until` ends the time in which the client may object to a new recipient (GDPR article 28(2));
    until then nothing is shared. None: no such time.
    """

    period: Period
    purposes: frozenset[str]
    categories: frozenset[str]
    objection_until: datetime | None = None

    def covers(self, purpose: str, categories: frozenset[str], at: datetime) -> bool:
        """Say whether sharing all these categories for the purpose is approved and past objection."""
        return (
            purpose in self.purposes
            and categories <= self.categories
            and self.period.contains(at)
            and (self.objection_until is None or self.objection_until <= at)
        )

    def moments(self) -> Iterator[datetime]:
        """Give the moments at which this approval may change an answer."""
        yield from self.period.moments()
        if self.objection_until is not None:
            yield self.objection_until


@dataclass(frozen=True, slots=True)
class RecipientRule:
    """One recipient (a third-party provider or an authority) with its approvals."""

    id: UUID
    code: str
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredRule:
    """How the client says that it verifies ages (`kind` age) or obtains guardians' consent (`consent`), policy §8.

    `description_ur` is the same in Urdu, if it is written; `reference` names where the procedure is written down.
    """

    kind: str
    description: str
    description_ur: str
    reference: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a client declares about children, and who it is: whom to ask, and where."""

    client: str
    address: str = ""
    mechanisms: tuple[DeclaredRule, ...] = ()

    def of(self, kind: str) -> DeclaredRule | None:
        """Find what is declared for a kind."""
        return next((rule for rule in self.mechanisms if rule.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Register:
    """All that is configured for one client, ready for look-up; made by `compile_register` only.

    `version` is (of the client, of the shared catalogue). `codes` are those of the purposes, by id. `bases` are by
    (purpose, role), best first; `instructions` by purpose, latest start first; `texts` are all versions of notices, by
    id, also those without effect here; `changes` are by purpose all moments at which a row that matters to it begins,
    ends or takes effect, ascending.
    """

    client: UUID
    version: tuple[int, int]
    time_zone: str
    serves_minors: bool
    thresholds: Thresholds
    purposes: Mapping[str, PurposeRule]
    codes: Mapping[UUID, str]
    categories: frozenset[str]
    bases: Mapping[tuple[str, str], tuple[BasisRule, ...]]
    agreements: tuple[AgreementRule, ...]
    instructions: Mapping[str, tuple[InstructionRule, ...]]
    recipients: Mapping[str, RecipientRule]
    notices: Mapping[str, NoticeRule]
    texts: Mapping[UUID, TextRule]
    changes: Mapping[str, tuple[datetime, ...]]
    declared: Declared

    def basis_in_force(self, purpose: str, role: str, at: datetime) -> BasisRule | None:
        """Find the basis in force: the client's own before the shared default, then the latest start."""
        for rule in self.bases.get((purpose, role), ()):
            if rule.period.contains(at):
                return rule
        return None

    def reaches_outside(self, purpose: str, at: datetime) -> bool:
        """Say whether any recipient is approved for the purpose at the moment."""
        approvals = (approval for rule in self.recipients.values() for approval in rule.approvals)
        return any(approval.covers(purpose, frozenset(), at) for approval in approvals)


def compile_register(
    *,
    client: UUID,
    version: tuple[int, int],
    time_zone: str,
    serves_minors: bool,
    thresholds: Thresholds,
    purposes: Iterable[PurposeRule],
    categories: Iterable[str],
    bases: Iterable[BasisRule] = (),
    agreements: Iterable[AgreementRule] = (),
    instructions: Iterable[InstructionRule] = (),
    recipients: Iterable[RecipientRule] = (),
    notices: Iterable[NoticeRule] = (),
    texts: Iterable[TextRule] = (),
    declared: Declared | None = None,
) -> Register:
    """Compile the rows of one client and of the shared catalogue into its register.

    Of two purposes, recipients or notices of the same code the later counts: pass shared ones first.
    """
    bases, agreements, instructions = tuple(bases), tuple(agreements), tuple(instructions)
    purposes_by_code = {rule.code: rule for rule in purposes}
    recipients_by_code = {rule.code: rule for rule in recipients}
    notices_by_purpose = {rule.purpose: rule for rule in notices}
    return Register(
        client=client,
        version=version,
        time_zone=time_zone,
        serves_minors=serves_minors,
        thresholds=thresholds,
        purposes=purposes_by_code,
        codes={rule.id: code for code, rule in purposes_by_code.items()},
        categories=frozenset(categories),
        bases=_bases_by_use(bases),
        agreements=agreements,
        instructions=_instructions_by_purpose(instructions),
        recipients=recipients_by_code,
        notices=notices_by_purpose,
        texts={text.id: text for text in texts},
        changes={
            code: _changes(code, bases, agreements, instructions, recipients_by_code.values(), notices_by_purpose)
            for code in purposes_by_code
        },
        declared=declared or Declared(""),
    )


def _changes(  # noqa: PLR0917 -- every kind of row that matters to a purpose
    purpose: str,
    bases: Iterable[BasisRule],
    agreements: Iterable[AgreementRule],
    instructions: Iterable[InstructionRule],
    recipients: Iterable[RecipientRule],
    notices: Mapping[str, NoticeRule],
) -> tuple[datetime, ...]:
    return _ascending(
        _basis_moments(purpose, bases),
        _agreement_moments(purpose, agreements, instructions),
        _approval_moments(purpose, recipients),
        _notice_moments(notices.get(purpose)),
    )


def _ascending(*moments: Iterable[datetime]) -> tuple[datetime, ...]:
    return tuple(sorted({moment for some in moments for moment in some}))


def _bases_by_use(bases: Iterable[BasisRule]) -> dict[tuple[str, str], tuple[BasisRule, ...]]:
    # Ids are UUIDv7: of two rows with one start the later made wins.
    best_first = sorted(bases, key=lambda rule: (not rule.shared, rule.period.starts_at, rule.id), reverse=True)
    grouped: defaultdict[tuple[str, str], list[BasisRule]] = defaultdict(list)
    for rule in best_first:
        grouped[rule.purpose, rule.role].append(rule)
    return {use: tuple(rules) for use, rules in grouped.items()}


def _instructions_by_purpose(
    instructions: Iterable[InstructionRule],
) -> dict[str, tuple[InstructionRule, ...]]:
    latest_first = sorted(instructions, key=lambda rule: (rule.period.starts_at, rule.id), reverse=True)
    grouped: defaultdict[str, list[InstructionRule]] = defaultdict(list)
    for rule in latest_first:
        for purpose in rule.purposes:
            grouped[purpose].append(rule)
    return {purpose: tuple(rules) for purpose, rules in grouped.items()}


def _basis_moments(purpose: str, bases: Iterable[BasisRule]) -> Iterator[datetime]:
    for rule in bases:
        if rule.purpose == purpose:
            yield from rule.moments()


def _agreement_moments(
    purpose: str, agreements: Iterable[AgreementRule], instructions: Iterable[InstructionRule]
) -> Iterator[datetime]:
    for agreement in agreements:
        yield from agreement.moments()
    for instruction in instructions:
        if purpose in instruction.purposes:
            yield from instruction.period.moments()


def _approval_moments(purpose: str, recipients: Iterable[RecipientRule]) -> Iterator[datetime]:
    for recipient in recipients:
        for approval in recipient.approvals:
            if purpose in approval.purposes:
                yield from approval.moments()


def _notice_moments(notice: NoticeRule | None) -> Iterator[datetime]:
    for version in notice.versions if notice else ():
        yield version.effective_at
