"""The compiled register of one client: the configuration a decision reads, as frozen values. Pure.

The rows of the client and of the shared catalogue are compiled into look-up tables once per `register_version`; a
decision then costs a few dictionary reads. Past and future rows are included, so that one register answers for any
time. Timestamps are aware datetimes in UTC; periods are `[starts, ends)`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from paktaleem.foundation.law.profiles import ContactLaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from paktaleem.foundation.accounts.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class DeclaredProcedure:
    """A client's declared procedure to verify ages (`kind` age) or obtain guardian consent (`consent`), policy §8."""

    kind: str
    description: str
    description_ur: str
    reference: str


@dataclass(frozen=True, slots=True)
class ClientDeclarations:
    """A client's declared procedures for children, with its name and postal address."""

    client: str
    address: str = ""
    mechanisms: tuple[DeclaredProcedure, ...] = ()

    def of(self, kind: str) -> DeclaredProcedure | None:
        return next((rule for rule in self.mechanisms if rule.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Period:
    """A period `[starts_at, ends_at)`; open-ended when `ends_at` is None."""

    starts_at: datetime
    ends_at: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def moments(self) -> Iterator[datetime]:
        return filter(None, (self.starts_at, self.ends_at))


class Basis(StrEnum):
    """The lawful bases of the policy (§3; GDPR Art. 6(1))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Capacity(StrEnum):
    """PakTaleem's role in a processing activity (GDPR Art. 4(7), 4(8) and 26; policy §7)."""

    CONTROLLER = "controller"
    JOINT = "joint_controller"
    PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class WideningRule:
    """One widening of a purpose: from `at` on, consents of people informed at or before `at` are outdated.

    `has_new_words`: a notice version announced at or before `at` no longer describes the purpose.
    """

    id: UUID
    at: datetime
    has_new_words: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """The assessments of one kind, one of which must be in force: each with its period."""

    kind: str
    assessments: tuple[tuple[UUID, Period], ...] = ()

    def find(self, at: datetime) -> UUID | None:
        return next((key for key, period in self.assessments if period.contains(at)), None)

    def moments(self) -> Iterator[datetime]:
        return (moment for _key, period in self.assessments for moment in period.moments())


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """One purpose a client may process data for, with the codes of the data categories it needs.

    `owner` is the client that owns the row, or PakTaleem; `consent_months` is the validity of a consent (None: until
    withdrawn). `needs_account`: it only serves people whose account is open. `widenings` are in order of time. `gates`
    are the kinds of assessments that it needs. `is_marketing` and `is_directory`: the law may give people an opt-out.
    """

    id: UUID
    code: str
    active: bool
    is_sale: bool
    categories: frozenset[str]
    owner: UUID
    consent_months: int | None = None
    needs_account: bool = True
    widenings: tuple[WideningRule, ...] = ()
    gates: tuple[Gate, ...] = ()
    is_marketing: bool = False
    is_directory: bool = False

    def widened_since(self, informed_at: datetime) -> WideningRule | None:
        """Find the first widening that a person informed at this time does not know; it outdates their consent."""
        return next((widening for widening in self.widenings if informed_at <= widening.at), None)

    def last_widened_at(self, at: datetime) -> datetime | None:
        return max((widening.at for widening in self.widenings if widening.at <= at), default=None)

    def is_described_by(self, announced_at: datetime, at: datetime) -> bool:
        """Return True if a notice version announced at that time describes the purpose in its words of `at`."""
        return not any(one.has_new_words and announced_at <= one.at <= at for one in self.widenings)


@dataclass(frozen=True, slots=True)
class BasisRule:
    """The lawful basis of one purpose for one role during a period.

    `basis` and `capacity` are plain strings, so that an unknown code reaches the decision and is denied there.
    `balancing_test_at` is when an officer signed the balancing test. `shared` marks a default of PakTaleem's catalogue;
    a row of the client in force precedes it. `since` is when the stored row starts, if `period` is a part of it.
    """

    id: UUID
    purpose: str
    role: str
    basis: str
    capacity: str
    period: Period
    balancing_test_at: datetime | None = None
    shared: bool = False
    since: datetime | None = None
    legal_reference: str = ""

    def moments(self) -> Iterator[datetime]:
        """Return the times at which this row may change a decision."""
        return filter(None, (*self.period.moments(), self.balancing_test_at))


@dataclass(frozen=True, slots=True)
class AgreementRule:
    """A signed service agreement with its term, suspensions and exit period, in which data may still be stored."""

    id: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    suspended: tuple[Period, ...] = ()
    exit_until: datetime | None = None

    def has_ended(self, at: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= at

    def is_suspended(self, at: datetime) -> bool:
        return any(period.contains(at) for period in self.suspended)

    def is_in_exit(self, at: datetime) -> bool:
        return self.has_ended(at) and self.exit_until is not None and at < self.exit_until

    def moments(self) -> Iterator[datetime]:
        suspended = (moment for period in self.suspended for moment in period.moments())
        return filter(None, (self.starts_at, self.ends_at, self.exit_until, *suspended))


@dataclass(frozen=True, slots=True)
class InstructionRule:
    """An instruction of the client as controller under one agreement (GDPR article 28(3)(a)), by codes."""

    id: UUID
    agreement: UUID
    period: Period
    purposes: frozenset[str]
    categories: frozenset[str]
    recipients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval to share some categories for some purposes with a recipient during a period.

    Nothing is shared before `objection_until`, to which the client may object (GDPR article 28(2)). `objected_at` is
    when the client objected, if it still does; `objections` are the periods of its withdrawn objections, in which
    people did not read of the recipient. `is_integral`: the service cannot be provided without it. People informed at
    or before `known_from` did not know of it.
    """

    period: Period
    purposes: frozenset[str]
    categories: frozenset[str]
    objection_until: datetime | None = None
    objected_at: datetime | None = None
    is_integral: bool = False
    known_from: datetime | None = None
    objections: tuple[Period, ...] = ()

    def was_known(self, at: datetime) -> bool:
        """Return True if people who were informed at that time read of the recipient."""
        is_after = self.known_from is None or self.known_from < at
        return is_after and not any(period.contains(at) for period in self.objections)

    def includes(self, purpose: str, categories: frozenset[str], at: datetime) -> bool:
        """Return True if the approval is about sharing all `categories` for the purpose at that time."""
        return purpose in self.purposes and categories <= self.categories and self.period.contains(at)

    def is_objected(self, at: datetime) -> bool:
        return self.objected_at is not None and self.objected_at <= at

    def is_in_force(self, at: datetime) -> bool:
        """Return True in its period, after the objection period, unless the client objects."""
        past_window = self.objection_until is None or self.objection_until <= at
        return self.period.contains(at) and past_window and not self.is_objected(at)

    def covers(self, purpose: str, categories: frozenset[str], at: datetime) -> bool:
        """Return True if sharing all `categories` for the purpose is approved and in force."""
        return self.includes(purpose, categories, at) and self.is_in_force(at)

    def moments(self) -> Iterator[datetime]:
        return filter(None, (*self.period.moments(), self.objection_until, self.objected_at))


@dataclass(frozen=True, slots=True)
class RecipientRule:
    """One recipient (a third-party provider or an authority) with its approvals.

    `transfer` are its transfer assessments; None: it needs none.
    """

    id: UUID
    code: str
    approvals: tuple[Approval, ...] = ()
    transfer: Gate | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """The whole configuration of one client, ready for look-up; made by `compile_register` only.

    `bases` are keyed by (purpose, role), in order of precedence; `instructions` by purpose, latest start first;
    `changes` are per purpose the ascending times at which a relevant row starts, ends or takes effect.
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
    declared: ClientDeclarations
    contact_law: ContactLaw

    def may_opt_out(self, purpose: str, country: str) -> bool:
        """Return True if people who live in a country may object whatever the lawful basis: marketing, directories."""
        rule = self.purposes.get(purpose)
        if rule is None or not rule.is_directory:
            return rule is not None and rule.is_marketing
        return self.contact_law.has_directory(country)

    def may_object(self, purpose: str, roles: Iterable[str], country: str, at: datetime) -> bool:
        """Return True if a person may object: to legitimate interest, or by an opt-out (GDPR Art. 21; FERPA)."""
        bases = {rule.basis for rule in self.bases_for(purpose, roles, at)}
        is_opt_out = self.may_opt_out(purpose, country) and not bases <= {Basis.CONSENT.value}
        return Basis.LEGITIMATE_INTEREST.value in bases or is_opt_out

    def basis_in_force(self, purpose: str, role: str, at: datetime) -> BasisRule | None:
        """Find the basis in force: the client's own before the shared default, then the latest start."""
        return next((rule for rule in self.bases.get((purpose, role), ()) if rule.period.contains(at)), None)

    def bases_for(self, purpose: str, roles: Iterable[str], at: datetime) -> list[BasisRule]:
        """List the bases in force for a purpose and a person's roles, in the order of the roles."""
        found = (self.basis_in_force(purpose, role, at) for role in roles)
        return [rule for rule in found if rule is not None]

    def leading_basis(self, purpose: str, roles: Iterable[str], at: datetime) -> BasisRule | None:
        """Find the basis that gives a person of several roles the most say, else the one of the earliest role.

        That is consent, then legitimate interest, to which they may object.
        """
        say = {Basis.CONSENT.value: 0, Basis.LEGITIMATE_INTEREST.value: 1}
        return min(self.bases_for(purpose, roles, at), key=lambda rule: say.get(rule.basis, 2), default=None)

    def reaches_outside(self, purpose: str, at: datetime) -> bool:
        approvals = (approval for rule in self.recipients.values() for approval in rule.approvals)
        return any(approval.covers(purpose, frozenset(), at) for approval in approvals)


def compile_register(
    *,
    client: UUID,
    version: tuple[int, int],
    time_zone: str,
    serves_minors: bool,
    thresholds: Thresholds,
    purposes: Iterable[PurposeRule] = (),
    categories: Iterable[str] = (),
    bases: Iterable[BasisRule] = (),
    agreements: Iterable[AgreementRule] = (),
    instructions: Iterable[InstructionRule] = (),
    recipients: Iterable[RecipientRule] = (),
    notices: Iterable[NoticeRule] = (),
    texts: Iterable[TextRule] = (),
    declared: ClientDeclarations | None = None,
    contact_law: ContactLaw | None = None,
) -> Register:
    """Compile the rows of one client and of the shared catalogue into its register.

    When two purposes, recipients or notices have the same code, the later one wins: pass shared ones first.
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
        bases=group_bases(bases),
        agreements=agreements,
        instructions=_group_instructions(instructions),
        recipients=recipients_by_code,
        notices=notices_by_purpose,
        texts={text.id: text for text in texts},
        changes={
            code: _list_changes(
                rule, bases, agreements, instructions, recipients_by_code.values(), notices_by_purpose.get(code)
            )
            for code, rule in purposes_by_code.items()
        },
        declared=declared or ClientDeclarations(""),
        contact_law=contact_law or ContactLaw(),
    )


def _list_changes(  # noqa: PLR0917 -- one parameter per kind of row
    purpose: PurposeRule,
    bases: Iterable[BasisRule],
    agreements: Iterable[AgreementRule],
    instructions: Iterable[InstructionRule],
    recipients: Iterable[RecipientRule],
    notice: NoticeRule | None,
) -> tuple[datetime, ...]:
    sharing = [rule for rule in recipients if any(purpose.code in approval.purposes for approval in rule.approvals)]
    rows: tuple[BasisRule | AgreementRule | Period | Approval | Gate, ...] = (
        *purpose.gates,
        *(rule.transfer for rule in sharing if rule.transfer is not None),
        *(rule for rule in bases if rule.purpose == purpose.code),
        *agreements,
        *(rule.period for rule in instructions if purpose.code in rule.purposes),
        *(approval for rule in sharing for approval in rule.approvals if purpose.code in approval.purposes),
    )
    moments = {moment for row in rows for moment in row.moments()}
    moments |= {version.effective_at for version in notice.versions} if notice else set()
    return tuple(sorted(moments | {widening.at for widening in purpose.widenings}))


def group_bases(bases: Iterable[BasisRule]) -> dict[tuple[str, str], tuple[BasisRule, ...]]:
    """Group bases by purpose and role, in order of precedence: own before shared, then the latest start."""
    grouped: defaultdict[tuple[str, str], list[BasisRule]] = defaultdict(list)
    # Ids are UUIDv7: of two rows with the same start the one created later wins.
    for rule in sorted(
        bases, key=lambda one: (not one.shared, one.since or one.period.starts_at, one.id), reverse=True
    ):
        grouped[rule.purpose, rule.role].append(rule)
    return {use: tuple(rules) for use, rules in grouped.items()}


def _group_instructions(instructions: Iterable[InstructionRule]) -> dict[str, tuple[InstructionRule, ...]]:
    grouped: defaultdict[str, list[InstructionRule]] = defaultdict(list)
    for rule in sorted(instructions, key=lambda rule: (rule.period.starts_at, rule.id), reverse=True):
        for purpose in rule.purposes:
            grouped[purpose].append(rule)
    return {purpose: tuple(rules) for purpose, rules in grouped.items()}


@dataclass(frozen=True, slots=True)
class NoticeVersionRule:
    """One version of a notice: when it takes effect at this client, and whether it is material."""

    id: UUID
    effective_at: datetime
    material: bool


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """The versions of the notice of one purpose, in order of effect at this client.

    `outdated_at` maps each version to the time at which the first later material version takes effect, if there is one:
    from then on a consent given under it no longer counts.
    """

    purpose: str
    versions: tuple[NoticeVersionRule, ...]
    outdated_at: Mapping[UUID, datetime | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.versions, key=lambda version: (version.effective_at, version.id)))
        moments: dict[UUID, datetime | None] = {}
        next_material: datetime | None = None
        for version in reversed(ordered):
            moments[version.id] = next_material
            if version.material:
                next_material = version.effective_at
        object.__setattr__(self, "versions", ordered)
        object.__setattr__(self, "outdated_at", moments)

    def has_taken_effect(self, at: datetime) -> bool:
        return bool(self.versions) and self.versions[0].effective_at <= at

    def in_effect(self, at: datetime) -> NoticeVersionRule | None:
        """Find the version in effect: the latest that has taken effect."""
        return next((version for version in reversed(self.versions) if version.effective_at <= at), None)


@dataclass(frozen=True, slots=True)
class TextRule:
    """The data of a notice version that is stored with an answer: its owner and the hash of its text."""

    id: UUID
    owner: UUID
    content_hash: str
    effective_at: datetime
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class PurposeText:
    """The text about a purpose that people read before they decide; a purpose has each field in both languages."""

    name: str
    description: str


PURPOSE_WORDS = (
    *(f"{one.name}_{language}" for one in fields(PurposeText) for language in ("en", "ur")),
    "dpv_term",
    "automated",
)
"""The columns of a purpose that describe the use of people’s data."""


def describe_purpose(purpose: object, language: str) -> PurposeText:
    """Return the text of a purpose, or of a historical version of one, in Urdu (``ur``) or else in English."""
    suffix = "ur" if language == "ur" else "en"
    return PurposeText(**{one.name: str(getattr(purpose, f"{one.name}_{suffix}")) for one in fields(PurposeText)})
