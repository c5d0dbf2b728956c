"""A second, deliberately plain implementation of the decision, to compare with `consent.decisions.decision`.

It follows the table of the design (section 6) and scans the rows as lists, without look-up tables. It shares the row
classes with the code under test, but none of its logic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from paktaleem.foundation.law.profiles import ContactLaw

if TYPE_CHECKING:
    from consent.register.compiled import (
        AgreementRule,
        BasisRule,
        InstructionRule,
        NoticeVersionRule,
        PurposeRule,
        RecipientRule,
    )

FAR = datetime.max.replace(tzinfo=UTC)


@dataclass
class Rows:
    """The rows of one client as stored in the database."""

    serves_minors: bool = True
    purposes: list[PurposeRule] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    bases: list[BasisRule] = field(default_factory=list)
    agreements: list[AgreementRule] = field(default_factory=list)
    instructions: list[InstructionRule] = field(default_factory=list)
    recipients: list[RecipientRule] = field(default_factory=list)
    notices: dict[str, list[NoticeVersionRule]] = field(default_factory=dict)
    law: ContactLaw = field(default_factory=ContactLaw)


def within(starts, ends, at):
    return starts <= at < (ends or FAR)


def plain_roles(subject, question):
    """List the roles to decide by: the named one, else all of the person's."""
    if question.role is not None:
        return [question.role]
    return [""] if subject is None else [subject.role, *subject.other_roles]


def plain_basis(rows, subject, question, role):
    """Return the row in force: own before shared, later before earlier."""
    best = None
    if subject is None or role not in [subject.role, *subject.other_roles]:
        return None
    for row in rows.bases:
        if row.purpose != question.purpose or row.role != role:
            continue
        if not within(row.period.starts_at, row.period.ends_at, question.at):
            continue
        if best is None or (row.shared, best.period.starts_at, best.id) < (best.shared, row.period.starts_at, row.id):
            best = row
    return best


def plain_agreements(rows, question):
    """Split the agreements into those that permit the action and those that do not."""
    serving, suspended, ended = [], [], []
    for agreement in rows.agreements:
        over = (agreement.ends_at or FAR) <= question.at
        pausing = any(within(p.starts_at, p.ends_at, question.at) for p in agreement.suspended)
        exiting = over and agreement.exit_until is not None and question.at < agreement.exit_until
        if agreement.starts_at > question.at:
            continue
        if question.action == "delete" or (question.action == "store" and (exiting or not over)):
            serving.append(agreement)
        elif over:
            ended.append(agreement)
        elif pausing:
            suspended.append(agreement)
        else:
            serving.append(agreement)
    return serving, suspended, ended


def plain_instructions(rows, serving, question, categories):
    """List the instructions that cover purpose and categories, in force or still counting."""
    found = []
    for agreement in serving:
        for row in rows.instructions:
            starts, ends = row.period.starts_at, row.period.ends_at
            if row.agreement != agreement.id or question.purpose not in row.purposes:
                continue
            if any(category not in row.categories for category in categories):
                continue
            counts = within(starts, ends, question.at)
            if question.action == "delete" and starts <= question.at:
                counts = True
            after_the_term = agreement.ends_at is not None and agreement.ends_at <= question.at
            if after_the_term and ends == agreement.ends_at and starts <= question.at:
                counts = True
            if counts:
                found.append(row)
    return found


def plain_decide(rows, subject, consents, question):
    """Return (allowed, reason, lawful basis): of several roles, those of the strictest."""
    answers = [plain_answer(rows, subject, consents, question, role) for role in plain_roles(subject, question)]
    refused = [one for one in answers if not one[0]]
    if refused:
        fewest = min(passed for *_, passed in refused)
        return next(one[:3] for one in refused if one[3] == fewest)
    short = [one for one in answers if one[2] not in ["contract", "legal_obligation"]]
    return (short or answers)[0][:3]


def plain_answer(rows, subject, consents, question, role):
    """Return (allowed, reason, lawful basis, number of rules passed) for one role."""
    basis = plain_basis(rows, subject, question, role)
    if question.purpose not in [purpose.code for purpose in rows.purposes]:
        basis = None
    words = ["consent", "contract", "legal_obligation", "legitimate_interest"]
    word = basis.basis if basis is not None and basis.basis in words else None
    passed: list[str] = []
    reason = plain_refusal(rows, subject, consents, question, basis, role, passed)
    return (reason is None, reason or "permitted", word, len(passed))


def plain_refusal(rows, subject, consents, question, basis, role, passed):  # noqa: C901, PLR0911, PLR0912, PLR0915, PLR0917 -- one rule after the other, as the decision's text has them
    """Check the rules in order, one by one; add each that is passed."""
    at = question.at
    # 1
    if not question.is_about_person:
        return "subject_type_unknown"
    if subject is None or subject.registered_at > at:
        return "subject_unknown"
    if subject.erased_at is not None:
        return "subject_erased"
    if subject.erasure_started_at is not None and at >= subject.erasure_started_at and question.action != "delete":
        return "erasure_in_progress"
    # After 1: a role is named
    if role not in [subject.role, *subject.other_roles]:
        return "role_not_held"
    passed.append("1")
    # 2
    if question.action not in ["collect", "store", "process", "share", "delete"]:
        return "action_unknown"
    if not question.is_about_purpose:
        return "resource_type_unknown"
    purpose = next((row for row in rows.purposes if row.code == question.purpose), None)
    if purpose is None:
        return "purpose_unknown"
    if not purpose.active:
        return "purpose_inactive"
    if purpose.is_sale:
        return "sale_forbidden"
    passed.append("2")
    # 3
    categories = set(question.categories or ()) or set(purpose.categories)
    if categories - rows.categories:
        return "category_unknown"
    if categories - purpose.categories:
        return "category_not_covered"
    passed.append("3")
    # After 3: what is automated is described, a high risk is assessed
    gated = {"automated": "automated_not_described", "impact": "assessment_missing"}
    for gate in purpose.gates if question.action in ["collect", "process", "share"] else ():
        if not [1 for _, period in gate.assessments if within(period.starts_at, period.ends_at, at)]:
            return gated[gate.kind]
    passed.append("gates")
    # 4
    legal = basis is not None and basis.basis == "legal_obligation"
    controller = basis is not None and basis.capacity in ["controller", "joint_controller"]
    joint = basis is not None and basis.capacity == "joint_controller"
    on_contract = basis is not None and basis.basis == "contract"
    instructions, good = [], []
    if not controller or (not legal and (on_contract or joint)):
        serving, suspended, ended = plain_agreements(rows, question)
        if not serving and suspended:
            return "agreement_suspended"
        if not serving and ended:
            return "agreement_ended"
        if not serving:
            return "no_agreement"
        instructions = plain_instructions(rows, serving, question, categories)
        if not controller and not legal and not instructions:
            return "not_instructed"
    passed.append("4")
    # After 4: an account is closed
    serving = question.action in ["collect", "process", "share"]
    if subject.account_closed and purpose.needs_account and serving and not legal:
        return "account_closed"
    passed.append("account")
    # 5
    if question.action == "share":
        if not question.recipient:
            return "recipient_missing"
        approvals = [a for r in rows.recipients if r.code == question.recipient for a in r.approvals]
        about = [
            a
            for a in approvals
            if within(a.period.starts_at, a.period.ends_at, at)
            and question.purpose in a.purposes
            and not categories - a.categories
        ]
        agreed = [a for a in about if a.objected_at is None or at < a.objected_at]
        past = [a for a in agreed if not (a.objection_until is not None and at < a.objection_until)]
        on_consent = basis is not None and basis.basis == "consent"
        good = [a for a in past if a.is_integral or legal or on_consent]
        if not good and len(agreed) < len(about):
            return "recipient_objected"
        if not good and past:
            return "recipient_consent_required"
        if not good:
            return "recipient_not_approved"
        for recipient in [r for r in rows.recipients if r.code == question.recipient and r.transfer]:
            if not [1 for _, p in recipient.transfer.assessments if within(p.starts_at, p.ends_at, at)]:
                return "transfer_not_assessed"
        if not legal and not controller:
            named = [i for i in instructions if question.recipient in i.recipients]
            if not named:
                return "recipient_not_approved"
    passed.append("5")
    # 6
    known_child = subject.of_age_at is not None and at < subject.of_age_at
    known_adult = subject.of_age_at is not None and at >= subject.of_age_at
    unknown_age = subject.of_age_at is None
    minor_roles = [one for one in [subject.role, *subject.other_roles] if one not in ["instructor", "administrator"]]
    presumed_child = unknown_age and rows.serves_minors and minor_roles
    if unknown_age and subject.may_be_child_until is not None and at < subject.may_be_child_until:
        presumed_child = True
    child = known_child or bool(presumed_child)
    if question.action != "delete" and not (legal and question.action == "store"):
        if subject.quarantined:
            return "quarantined"
        if child:
            word = subject.service_authorisation
            until = subject.service_authorised_until
            if word is None and unknown_age:
                return "age_unknown"
            if word is None:
                return "guardian_consent_required"
            if word == "refused":
                return "guardian_consent_refused"
            if word == "withdrawn":
                return "guardian_consent_withdrawn"
            if word == "lapsed" or (word == "given" and until is not None and at >= until):
                return "guardian_authority_lapsed"
            if word != "given":
                return "undecidable"
            if question.action == "share" and not subject.may_share:
                return "guardian_consent_required"
            every = [a for r in rows.recipients for a in r.approvals if question.purpose in a.purposes]
            live = [a for a in every if within(a.period.starts_at, a.period.ends_at, at)]
            outside = [
                a
                for a in live
                if (a.objection_until is None or a.objection_until <= at)
                and (a.objected_at is None or at < a.objected_at)
            ]
            if subject.service_strength < (2 if outside else 1):
                return "guardian_consent_required"
    passed.append("6")
    # 7
    if not legal and question.action not in ["store", "delete"]:
        for row in subject.restrictions:
            touches = row.purposes is None or question.purpose in row.purposes
            if touches and within(row.period.starts_at, row.period.ends_at, at):
                return "processing_restricted"
    passed.append("7")
    # 7b: data on hold, data past its retention period
    held = [row for row in subject.holds if within(row.period.starts_at, row.period.ends_at, at)]
    if question.action == "delete":
        for row in held:
            if row.category == "" or row.category in categories:
                return "legal_hold"
    if question.action in ["process", "share"]:
        for row in subject.ended:
            kept = any(one.category in ["", row.category] for one in held)
            if row.category in categories and not kept and within(row.period.starts_at, row.period.ends_at, at):
                return "retention_ended"
    passed.append("7b")
    # 8
    if basis is None:
        return "basis_missing"
    if basis.basis not in ["consent", "contract", "legal_obligation", "legitimate_interest"]:
        return "undecidable"
    if basis.capacity not in ["controller", "joint_controller", "processor"]:
        return "undecidable"
    if purpose.is_marketing and basis.basis != "consent" and question.action not in ["store", "delete"]:
        for place in [rows.law.home, subject.country]:
            who = rows.law.consent.get(place)
            if who == "everyone" or (who == "children" and child):
                return "basis_missing"
    passed.append("8")
    # 9
    if basis.basis == "consent":
        fact = consents.get(question.purpose)
        if fact is None or fact.state in ["unknown", "requested", "deferred"]:
            return "consent_missing"
        if fact.state in ["refused", "withdrawn", "revoked", "expired", "outdated", "invalidated"]:
            return "consent_" + fact.state
        if fact.state != "given" or fact.recorded_at > at:
            return "undecidable"
        if fact.expires_at is not None and at >= fact.expires_at:
            return "consent_expired"
        versions = rows.notices.get(question.purpose, [])
        if fact.notice_version is None:
            if any(version.effective_at <= at for version in versions):
                return "consent_outdated"
        else:
            under = [version for version in versions if version.id == fact.notice_version]
            if not under:
                return "undecidable"
            for version in versions:
                later = (version.effective_at, version.id) > (under[0].effective_at, under[0].id)
                if later and version.material and version.effective_at <= at:
                    return "consent_outdated"
        for widening in purpose.widenings:
            if (fact.informed_at or fact.recorded_at) <= widening.at <= at:
                return "consent_outdated"
        if question.action == "share":
            told = [a for a in good if a.known_from is None or a.known_from < (fact.informed_at or fact.recorded_at)]
            if not told:
                return "consent_outdated"
        if child and (fact.by != "guardian" or fact.guardian not in subject.guardians):
            return "consent_not_by_guardian"
        if not child and fact.by != "self":
            return "consent_missing"
        if known_adult and fact.recorded_at < subject.of_age_at:
            return "consent_missing"
    passed.append("9")
    # 10
    may_object = basis.basis == "legitimate_interest"
    if may_object and (basis.balancing_test_at is None or at < basis.balancing_test_at):
        return "balancing_missing"
    if question.action not in ["store", "delete"]:
        listed = rows.law.home in rows.law.directory or subject.country in rows.law.directory
        may_object = may_object or purpose.is_marketing or (purpose.is_directory and listed)
    if may_object:
        for row in subject.objections:
            if row.purpose == question.purpose and within(row.period.starts_at, row.period.ends_at, at):
                return "objection_in_force"
    return None


def plain_effect(versions, number, proven, since):
    """Return when this version takes effect at a client that joined at ``since`` (None: its own notice)."""
    version = next(one for one in versions if one.number == number)
    came_before = since is not None and since <= version.announced_at
    if version.notice_days > 0 and came_before:
        return proven.get(version.id)
    if version.material or number == 1:
        return version.effective_at
    before = plain_effect(versions, number - 1, proven, since)
    return None if before is None else max(version.effective_at, before)


def plain_in_effect(versions, proven, since, at):
    """Return the version in effect: the highest number whose time has come."""
    come = [
        one.number
        for one in versions
        if (moment := plain_effect(versions, one.number, proven, since)) is not None and moment <= at
    ]
    return max(come, default=None)


def plain_outdated(versions, proven, since, number, at):
    """Return True if consent under this version no longer counts: a later material version, or one after it."""
    highest = plain_in_effect(versions, proven, since, at)
    return highest is not None and any(one.material for one in versions if number < one.number <= highest)
