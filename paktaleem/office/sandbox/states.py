"""The states that can be forced in a sandbox, with the reason of the resulting decision. Pure."""

from enum import StrEnum
from typing import NamedTuple

from consent.decisions.reasons import Reason


class About(StrEnum):
    """Subject matter of a state, which determines the purpose of the decision."""

    SERVICE = "service"
    """the person or the client: any purpose needed to deliver the service"""
    ACCOUNT = "account"
    """the person's account: any purpose that only serves an account"""
    CONSENT = "consent"
    """the person's answer about a purpose based on consent"""
    INTEREST = "interest"
    """the person's objection to a purpose based on legitimate interest"""
    OWN_PURPOSE = "own purpose"
    """a purpose of the sandbox's own"""


class ExpectedDecision(NamedTuple):
    """Subject matter of a state, and the reason of the decision once it is reached."""

    about: About
    reason: Reason


STATES: dict[str, ExpectedDecision] = {
    "of_age": ExpectedDecision(About.SERVICE, Reason.PERMITTED),
    "child": ExpectedDecision(About.SERVICE, Reason.GUARDIAN_CONSENT_REQUIRED),
    "guardian_pending": ExpectedDecision(About.SERVICE, Reason.GUARDIAN_CONSENT_REQUIRED),
    "guardian_refused": ExpectedDecision(About.SERVICE, Reason.GUARDIAN_CONSENT_REFUSED),
    "guardian_withdrawn": ExpectedDecision(About.SERVICE, Reason.GUARDIAN_CONSENT_WITHDRAWN),
    "guardian_authorised": ExpectedDecision(About.SERVICE, Reason.PERMITTED),
    "guardian_lapsed": ExpectedDecision(About.SERVICE, Reason.GUARDIAN_AUTHORITY_LAPSED),
    "quarantined": ExpectedDecision(About.SERVICE, Reason.QUARANTINED),
    "age_unknown": ExpectedDecision(About.SERVICE, Reason.AGE_UNKNOWN),
    "restricted": ExpectedDecision(About.SERVICE, Reason.PROCESSING_RESTRICTED),
    "objected": ExpectedDecision(About.INTEREST, Reason.OBJECTION_IN_FORCE),
    "account_closed": ExpectedDecision(About.ACCOUNT, Reason.ACCOUNT_CLOSED),
    "erased": ExpectedDecision(About.SERVICE, Reason.SUBJECT_ERASED),
    "consent_requested": ExpectedDecision(About.CONSENT, Reason.CONSENT_MISSING),
    "consent_deferred": ExpectedDecision(About.CONSENT, Reason.CONSENT_MISSING),
    "consent_given": ExpectedDecision(About.CONSENT, Reason.PERMITTED),
    "consent_refused": ExpectedDecision(About.CONSENT, Reason.CONSENT_REFUSED),
    "consent_withdrawn": ExpectedDecision(About.CONSENT, Reason.CONSENT_WITHDRAWN),
    "consent_revoked": ExpectedDecision(About.CONSENT, Reason.CONSENT_REVOKED),
    "consent_invalidated": ExpectedDecision(About.CONSENT, Reason.CONSENT_INVALIDATED),
    "consent_expired": ExpectedDecision(About.CONSENT, Reason.CONSENT_EXPIRED),
    "consent_outdated": ExpectedDecision(About.CONSENT, Reason.CONSENT_OUTDATED),
    "agreement_active": ExpectedDecision(About.SERVICE, Reason.PERMITTED),
    "agreement_suspended": ExpectedDecision(About.SERVICE, Reason.AGREEMENT_SUSPENDED),
    "agreement_ended": ExpectedDecision(About.SERVICE, Reason.AGREEMENT_ENDED),
    "not_instructed": ExpectedDecision(About.SERVICE, Reason.NOT_INSTRUCTED),
    "purpose_inactive": ExpectedDecision(About.OWN_PURPOSE, Reason.PURPOSE_INACTIVE),
}
