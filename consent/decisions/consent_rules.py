"""Rule 9 of a decision: the consent in force is given, for this text, this recipient, and by the right person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent.decisions.reasons import Reason
from consent.register.compiled import Basis

if TYPE_CHECKING:
    from consent.decisions.facts import ConsentFact
    from consent.decisions.rule_context import RuleContext


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
    """Refuse unless consent is `given`.

    A consent recorded after the time in question is a contradiction: undecidable.
    """
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
    """Refuse a consent outdated by a later notice.

    A consent without a recorded version is not informed once a notice is in effect: it must be requested again. A
    version that does not belong to the purpose's notice is a contradiction: undecidable.
    """
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
    """Refuse a child's own consent, and a guardian's consent for an adult.

    For a child only the consent of a guardian with authority counts; from the age of consent only the person's own,
    given at that age. For adults the reason is `consent_missing`: neither a guardian's consent nor one given as a child
    is their own.
    """
    if case.is_child:
        by_guardian = consent.by == "guardian" and consent.guardian in case.subject.guardians
        return None if by_guardian else Reason.CONSENT_NOT_BY_GUARDIAN
    of_age_at = case.subject.of_age_at
    given_of_age = of_age_at is None or of_age_at <= consent.recorded_at
    return None if consent.by == "self" and given_of_age else Reason.CONSENT_MISSING
