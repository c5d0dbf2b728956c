"""The rules of a decision, each a small function: a reason to refuse, or None.

`RULES` lists them in the order in which they are evaluated, as docs/decisions-api.md explains their reasons. A rule
gets a `RuleContext`: the question with the rows looked up for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from children.guardians.authority import needed_strength
from consent.decisions.facts import Action, SubjectFacts, find_instruction
from consent.decisions.reasons import Reason
from consent.register.compiled import Basis, Capacity, PurposeRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from consent.decisions.facts import ConsentFact, Question
    from consent.register.compiled import AgreementRule, Approval, RecipientRule, Register


_GIVEN = "given"
_CONSENT_REFUSALS = {
    "unknown": Reason.CONSENT_MISSING,
    "requested": Reason.CONSENT_MISSING,
    "deferred": Reason.CONSENT_MISSING,
    "refused": Reason.CONSENT_REFUSED,
    "withdrawn": Reason.CONSENT_WITHDRAWN,
    "revoked": Reason.CONSENT_REVOKED,
    "expired": Reason.CONSENT_EXPIRED,
    "outdated": Reason.CONSENT_OUTDATED,
    "invalidated": Reason.CONSENT_INVALIDATED,
}


def consent_is_given(case: RuleContext) -> Reason | None:
    """Refuse unless consent is `given`; undecidable if it was recorded after the time in question."""
    if case.basis is None or case.basis.basis != Basis.CONSENT:
        return None
    consent = case.consent
    if consent is None:
        return Reason.CONSENT_MISSING
    case.rests_on(consent.event_id)
    if consent.state != _GIVEN:
        return _CONSENT_REFUSALS.get(consent.state, Reason.UNDECIDABLE)
    if case.at < consent.recorded_at:
        return Reason.UNDECIDABLE
    if consent.expires_at is not None and consent.expires_at <= case.at:
        return Reason.CONSENT_EXPIRED
    return (
        _notice_refusal(case, consent)
        or _widening_refusal(case, consent)
        or _recipient_refusal(case, consent)
        or _giver_refusal(case, consent)
    )


def _notice_refusal(case: RuleContext, consent: ConsentFact) -> Reason | None:
    """Refuse a consent outdated by a later notice; undecidable if its version is of another notice."""
    notice = case.register.notices.get(case.purpose.code)
    version = consent.notice_version
    if version is None:
        return Reason.CONSENT_OUTDATED if notice is not None and notice.has_taken_effect(case.at) else None
    if notice is None or version not in notice.outdated_at:
        return Reason.UNDECIDABLE
    outdated_at = notice.outdated_at[version]
    return Reason.CONSENT_OUTDATED if outdated_at is not None and outdated_at <= case.at else None


def _widening_refusal(case: RuleContext, consent: ConsentFact) -> Reason | None:
    """Refuse a consent given before the purpose was widened: it does not cover what was added."""
    widening = case.purpose.widened_since(consent.informed_at or consent.recorded_at)
    if widening is None or case.at < widening.at:
        return None
    case.rests_on(widening.id)
    return Reason.CONSENT_OUTDATED


def _recipient_refusal(case: RuleContext, consent: ConsentFact) -> Reason | None:
    """Refuse to share on a consent given before the recipient was approved, or while the client objected to it."""
    informed_at = consent.informed_at or consent.recorded_at
    is_known = any(row.was_known(informed_at) for row in case.approvals)
    return Reason.CONSENT_OUTDATED if case.approvals and not is_known else None


def _giver_refusal(case: RuleContext, consent: ConsentFact) -> Reason | None:
    """Refuse for a child all but a guardian's consent, for an adult all but their own, given when of age."""
    if case.is_child:
        by_guardian = consent.by == "guardian" and consent.guardian in case.subject.guardians
        return None if by_guardian else Reason.CONSENT_NOT_BY_GUARDIAN
    of_age_at = case.subject.of_age_at
    given_of_age = of_age_at is None or of_age_at <= consent.recorded_at
    return None if consent.by == "self" and given_of_age else Reason.CONSENT_MISSING


_ACTIONS = {action.value: action for action in Action}
BASES = frozenset(basis.value for basis in Basis)
_CONTROLLERS = frozenset({Capacity.CONTROLLER.value, Capacity.JOINT.value})
_NO_ID = UUID(int=0)
NOBODY = SubjectFacts(id=_NO_ID, role="", registered_at=datetime.min.replace(tzinfo=UTC))
"""Stands for a person the client does not know."""
NO_PURPOSE = PurposeRule(id=_NO_ID, code="", active=False, is_sale=False, categories=frozenset(), owner=_NO_ID)
"""Stands for a purpose that is not in the register."""


class RuleContext:
    """The rows looked up for a question, decided by one `role`; rules add the rows they are based on to `evidence`."""

    def __init__(
        self,
        register: Register,
        subject: SubjectFacts | None,
        consents: Mapping[str, ConsentFact],
        question: Question,
        *,
        role: str,
    ) -> None:
        at = question.at
        self.register = register
        self.subject = subject or NOBODY
        self.at = at
        self.question = question
        self.action = _ACTIONS.get(question.action)
        self.purpose = register.purposes.get(question.purpose, NO_PURPOSE)
        self.categories = question.categories or self.purpose.categories
        self.recipient = question.recipient
        self.role = role
        self.is_role_held = subject is not None and (role == subject.role or role in subject.other_roles)
        self.basis = register.basis_in_force(self.purpose.code, role, at) if self.is_role_held else None
        self.consent = consents.get(self.purpose.code)
        self.is_child = self.subject.counts_as_child(at, serves_minors=register.serves_minors)
        self.agreements: dict[UUID, AgreementRule] = {}
        self.approvals: Sequence[Approval] = ()
        self.evidence: list[UUID] = []

    def rests_on(self, row: UUID | None) -> None:
        if row is not None and row not in self.evidence:
            self.evidence.append(row)

    @property
    def lawful_basis(self) -> str | None:
        """The basis in force; None if there is none, or its code is unknown."""
        return self.basis.basis if self.basis is not None and self.basis.basis in BASES else None

    @property
    def is_legal_obligation(self) -> bool:
        return self.basis is not None and self.basis.basis == Basis.LEGAL_OBLIGATION

    @property
    def needs_instruction(self) -> bool:
        """True for a processor; a client's legal obligation is instructed by its basis, which an officer accepted."""
        return not self.is_legal_obligation and self.is_processor

    @property
    def is_processor(self) -> bool:
        """True if PakTaleem decides nothing about the purpose, or its role is unknown because no basis is in force."""
        return self.basis is None or self.basis.capacity not in _CONTROLLERS

    @property
    def needs_agreement(self) -> bool:
        """True if a service agreement must be in force: between joint controllers it is their arrangement (Art. 26)."""
        if self.basis is None or self.is_legal_obligation:
            return self.is_processor
        return self.basis.basis == Basis.CONTRACT or self.basis.capacity != Capacity.CONTROLLER


_STORE_OR_DELETE = frozenset({Action.STORE, Action.DELETE})
_USES = frozenset({Action.PROCESS, Action.SHARE})
_CAPACITIES = frozenset(capacity.value for capacity in Capacity)
_AUTHORISATION_REFUSALS = {
    "refused": Reason.GUARDIAN_CONSENT_REFUSED,
    "withdrawn": Reason.GUARDIAN_CONSENT_WITHDRAWN,
    "lapsed": Reason.GUARDIAN_AUTHORITY_LAPSED,
}
# In order: the first of these reasons found among the recipient's approvals, or the agreements, is reported.
_RECIPIENT_REFUSALS = (Reason.RECIPIENT_OBJECTED, Reason.RECIPIENT_CONSENT_REQUIRED)
_AGREEMENT_REFUSALS = (Reason.AGREEMENT_SUSPENDED, Reason.AGREEMENT_ENDED)


def _person_is_known(case: RuleContext) -> Reason | None:  # Rule 1
    subject = case.subject
    if not case.question.is_about_person:
        return Reason.SUBJECT_TYPE_UNKNOWN
    if subject is NOBODY or case.at < subject.registered_at:
        return Reason.SUBJECT_UNKNOWN
    if subject.erased_at is not None:  # at every time: nothing may be done with the data of an erased person any more
        return Reason.SUBJECT_ERASED
    return None


def _is_not_being_erased(case: RuleContext) -> Reason | None:
    started_at = case.subject.erasure_started_at
    if started_at is None or case.at < started_at or case.action is Action.DELETE:
        return None
    return Reason.ERASURE_IN_PROGRESS


def _role_is_held(case: RuleContext) -> Reason | None:
    """Refuse a question that names a role which the person does not have, or did not have then."""
    return None if case.is_role_held else Reason.ROLE_NOT_HELD


def _purpose_is_open(case: RuleContext) -> Reason | None:  # Rule 2
    if case.action is None:
        return Reason.ACTION_UNKNOWN
    if not case.question.is_about_purpose:
        return Reason.RESOURCE_TYPE_UNKNOWN
    if case.purpose is NO_PURPOSE:
        return Reason.PURPOSE_UNKNOWN
    if case.purpose.active and not case.purpose.is_sale:
        return None
    case.rests_on(case.purpose.id)
    return Reason.SALE_FORBIDDEN if case.purpose.active else Reason.PURPOSE_INACTIVE


def _categories_are_covered(case: RuleContext) -> Reason | None:  # Rule 3
    if not case.categories <= case.register.categories:
        return Reason.CATEGORY_UNKNOWN
    if not case.categories <= case.purpose.categories:
        case.rests_on(case.purpose.id)
        return Reason.CATEGORY_NOT_COVERED
    return None


_GATES = {"automated": Reason.AUTOMATED_NOT_DESCRIBED, "impact": Reason.ASSESSMENT_MISSING}


def _purpose_is_assessed(case: RuleContext) -> Reason | None:  # After rule 3
    """Refuse automated decisions that are not described, and a high risk that is not assessed (GDPR Art. 22 and 35).

    `store` and `delete` are excepted: refusing them would lose data, or keep it.
    """
    if not case.purpose.gates or case.action in _STORE_OR_DELETE:
        return None
    for gate in case.purpose.gates:
        assessment = gate.find(case.at)
        if assessment is None:
            case.rests_on(case.purpose.id)
            return _GATES[gate.kind]
        case.rests_on(assessment)
    return None


def _agreement_allows(case: RuleContext) -> Reason | None:  # Rule 4
    if not case.needs_agreement:
        return None
    refusals = {}
    for agreement in case.register.agreements:
        reason = _agreement_refusal(agreement, case)
        if reason is None:
            case.agreements[agreement.id] = agreement
        else:
            refusals[reason] = agreement
    if case.agreements:
        return _instruction_allows(case)
    for refusal in _AGREEMENT_REFUSALS:
        if refusal in refusals:
            case.rests_on(refusals[refusal].id)
            return refusal
    return Reason.NO_AGREEMENT


def _agreement_refusal(agreement: AgreementRule, case: RuleContext) -> Reason | None:
    """Return why an agreement does not permit the action: deleting is always permitted once it has started."""
    if case.at < agreement.starts_at:
        return Reason.NO_AGREEMENT
    if case.action is Action.DELETE:
        return None
    storing = case.action is Action.STORE
    if agreement.has_ended(case.at):
        return None if storing and agreement.is_in_exit(case.at) else Reason.AGREEMENT_ENDED
    if agreement.suspended and not storing and agreement.is_suspended(case.at):
        return Reason.AGREEMENT_SUSPENDED
    return None


def _instruction_allows(case: RuleContext) -> Reason | None:
    if not case.needs_instruction:
        case.rests_on(next(iter(case.agreements)))
        return None
    instruction = find_instruction(case)
    if instruction is None:
        return Reason.NOT_INSTRUCTED
    case.rests_on(instruction.agreement)
    case.rests_on(instruction.id)
    return None


def _account_is_open(case: RuleContext) -> Reason | None:  # After rule 4
    """Refuse what only serves an account once it is closed; `store`, `delete` and legal obligation excepted."""
    if not case.subject.account_closed or not case.purpose.needs_account:
        return None
    if case.action in _STORE_OR_DELETE or case.is_legal_obligation:
        return None
    case.rests_on(case.purpose.id)
    return Reason.ACCOUNT_CLOSED


def _recipient_is_approved(case: RuleContext) -> Reason | None:  # Rule 5
    if case.action is not Action.SHARE:
        return None
    if not case.recipient:
        return Reason.RECIPIENT_MISSING
    recipient = case.register.recipients.get(case.recipient)
    if recipient is None:
        return Reason.RECIPIENT_NOT_APPROVED
    case.rests_on(recipient.id)
    refusals = [_approval_refusal(row, case) for row in recipient.approvals]
    case.approvals = [row for row, refusal in zip(recipient.approvals, refusals, strict=True) if refusal is None]
    if case.approvals:
        return _transfer_is_assessed(recipient, case) or _recipient_is_instructed(case)
    return next((reason for reason in _RECIPIENT_REFUSALS if reason in refusals), Reason.RECIPIENT_NOT_APPROVED)


def _approval_refusal(approval: Approval, case: RuleContext) -> Reason | None:
    """Return why an approval does not permit sharing; one that is not part of the service needs consent or a law."""
    if not approval.includes(case.purpose.code, case.categories, case.at):
        return Reason.RECIPIENT_NOT_APPROVED
    if approval.is_objected(case.at):
        return Reason.RECIPIENT_OBJECTED
    if not approval.is_in_force(case.at):
        return Reason.RECIPIENT_NOT_APPROVED
    if approval.is_integral or case.is_legal_obligation or case.lawful_basis == Basis.CONSENT:
        return None
    return Reason.RECIPIENT_CONSENT_REQUIRED


def _transfer_is_assessed(recipient: RecipientRule, case: RuleContext) -> Reason | None:
    """Refuse to share with a country without adequacy whose law was not assessed (GDPR Art. 46)."""
    if recipient.transfer is None:
        return None
    assessment = recipient.transfer.find(case.at)
    case.rests_on(assessment)
    return Reason.TRANSFER_NOT_ASSESSED if assessment is None else None


def _recipient_is_instructed(case: RuleContext) -> Reason | None:
    if not case.needs_instruction:
        return None
    instruction = find_instruction(case, case.recipient)
    if instruction is None:
        return Reason.RECIPIENT_NOT_APPROVED
    case.rests_on(instruction.id)
    return None


def _child_is_authorised(case: RuleContext) -> Reason | None:  # Rule 6
    """Refuse for a child without authorisation; quarantine applies at any age, as it is about collected data."""
    subject = case.subject
    if not case.is_child and not subject.quarantined:
        return None
    if case.action is Action.DELETE or (case.action is Action.STORE and case.is_legal_obligation):
        return None
    if subject.quarantined:
        return Reason.QUARANTINED
    return _authorisation_refusal(case) if case.is_child else None


def _authorisation_refusal(case: RuleContext) -> Reason | None:
    subject = case.subject
    case.rests_on(subject.service_authorisation_id)
    if subject.service_authorisation is None:
        return Reason.AGE_UNKNOWN if subject.of_age_at is None else Reason.GUARDIAN_CONSENT_REQUIRED
    if subject.service_authorisation != _GIVEN:
        return _AUTHORISATION_REFUSALS.get(subject.service_authorisation, Reason.UNDECIDABLE)
    if subject.service_authorised_until is not None and subject.service_authorised_until <= case.at:
        return Reason.GUARDIAN_AUTHORITY_LAPSED
    return None if _is_consent_strong_enough(case) else Reason.GUARDIAN_CONSENT_REQUIRED


def _is_consent_strong_enough(case: RuleContext) -> bool:
    """Return True if the guardian's consent is strong enough: recipients outside need a strong one, sharing its own."""
    if case.action is Action.SHARE and not case.subject.may_share:
        return False
    strength = case.subject.service_strength
    if strength >= needed_strength(reaches_outside=True):
        return True
    outside = case.register.reaches_outside(case.purpose.code, case.at)
    return strength >= needed_strength(reaches_outside=outside)


def _is_not_restricted(case: RuleContext) -> Reason | None:  # Rule 7
    if not case.subject.restrictions or case.action in _STORE_OR_DELETE or case.is_legal_obligation:
        return None
    for restriction in case.subject.restrictions:
        if restriction.covers(case.purpose.code) and restriction.period.contains(case.at):
            case.rests_on(restriction.id)
            return Reason.PROCESSING_RESTRICTED
    return None


def _is_not_on_hold(case: RuleContext) -> Reason | None:  # After rule 7
    if case.action is not Action.DELETE or not case.subject.holds:
        return None
    for hold in case.subject.holds:
        if hold.covers(case.categories, case.at):
            case.rests_on(hold.id)
            return Reason.LEGAL_HOLD
    return None


def _is_within_retention(case: RuleContext) -> Reason | None:
    """Refuse to process or share data past its retention period, unless a hold keeps it (GDPR Art. 5(1)(e))."""
    if case.action not in _USES or not case.subject.ended:
        return None
    for ended in case.subject.ended:
        is_held = any(hold.covers({ended.category}, case.at) for hold in case.subject.holds)
        if ended.covers(case.categories, case.at) and not is_held:
            case.rests_on(ended.id)
            return Reason.RETENTION_ENDED
    return None


def _basis_is_in_force(case: RuleContext) -> Reason | None:  # Rule 8
    if case.basis is None:
        return Reason.BASIS_MISSING
    case.rests_on(case.basis.id)
    if case.basis.basis not in BASES or case.basis.capacity not in _CAPACITIES:
        return Reason.UNDECIDABLE
    return None if case.lawful_basis == Basis.CONSENT or case.action in _STORE_OR_DELETE else _marketing_refusal(case)


def _marketing_refusal(case: RuleContext) -> Reason | None:
    """Refuse marketing on another basis where the law, here or where the person lives, demands consent."""
    law, country = case.register.contact_law, case.subject.country
    is_barred = case.purpose.is_marketing and law.needs_consent(country, is_child=case.is_child)
    return Reason.BASIS_MISSING if is_barred else None


def _interest_prevails(case: RuleContext) -> Reason | None:  # Rule 10
    basis = case.basis
    if basis is not None and basis.basis == Basis.LEGITIMATE_INTEREST:
        if basis.balancing_test_at is None or case.at < basis.balancing_test_at:
            return Reason.BALANCING_MISSING
    elif case.action in _STORE_OR_DELETE or not case.register.may_opt_out(case.purpose.code, case.subject.country):
        return None
    for objection in case.subject.objections:
        if objection.purpose == case.purpose.code and objection.period.contains(case.at):
            case.rests_on(objection.id)
            return Reason.OBJECTION_IN_FORCE
    return None


RULES: tuple[Callable[[RuleContext], Reason | None], ...] = (
    _person_is_known,
    _is_not_being_erased,
    _role_is_held,
    _purpose_is_open,
    _categories_are_covered,
    _purpose_is_assessed,
    _agreement_allows,
    _account_is_open,
    _recipient_is_approved,
    _child_is_authorised,
    _is_not_restricted,
    _is_not_on_hold,
    _is_within_retention,
    _basis_is_in_force,
    consent_is_given,
    _interest_prevails,
)
