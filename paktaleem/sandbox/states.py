"""The states that can be forced in a sandbox, with the reason of the resulting decision. Pure."""

from enum import StrEnum
from typing import NamedTuple

from consent.decisions.facts import Reason

__all__ = ["STATES", "About", "Promise"]


class About(StrEnum):
    """Subject matter of a state, which determines the purpose of the decision."""

    SERVICE = "service"
    """the person or the client: any purpose needed to deliver the service"""
    CONSENT = "consent"
    """the person's answer about a purpose based on consent"""
    INTEREST = "interest"
    """the person's objection to a purpose based on legitimate interest"""
    OWN_PURPOSE = "own purpose"
    """a purpose of the sandbox's own"""


class Promise(NamedTuple):
    """Subject matter of a state, and the reason of the decision once it is reached."""

    about: About
    reason: Reason


STATES: dict[str, Promise] = {
    "of_age": Promise(About.SERVICE, Reason.PERMITTED),
    "child": Promise(About.SERVICE, Reason.GUARDIAN_CONSENT_REQUIRED),
    "guardian_pending": Promise(About.SERVICE, Reason.GUARDIAN_CONSENT_REQUIRED),
    "guardian_refused": Promise(About.SERVICE, Reason.GUARDIAN_CONSENT_REFUSED),
    "guardian_withdrawn": Promise(About.SERVICE, Reason.GUARDIAN_CONSENT_WITHDRAWN),
    "guardian_authorised": Promise(About.SERVICE, Reason.PERMITTED),
    "guardian_lapsed": Promise(About.SERVICE, Reason.GUARDIAN_AUTHORITY_LAPSED),
    "quarantined": Promise(About.SERVICE, Reason.QUARANTINED),
    "age_unknown": Promise(About.SERVICE, Reason.AGE_UNKNOWN),
    "restricted": Promise(About.SERVICE, Reason.PROCESSING_RESTRICTED),
    "objected": Promise(About.INTEREST, Reason.OBJECTION_IN_FORCE),
    "erased": Promise(About.SERVICE, Reason.SUBJECT_ERASED),
    "consent_requested": Promise(About.CONSENT, Reason.CONSENT_MISSING),
    "consent_deferred": Promise(About.CONSENT, Reason.CONSENT_MISSING),
    "consent_given": Promise(About.CONSENT, Reason.PERMITTED),
    "consent_refused": Promise(About.CONSENT, Reason.CONSENT_REFUSED),
    "consent_withdrawn": Promise(About.CONSENT, Reason.CONSENT_WITHDRAWN),
    "consent_revoked": Promise(About.CONSENT, Reason.CONSENT_REVOKED),
    "consent_invalidated": Promise(About.CONSENT, Reason.CONSENT_INVALIDATED),
    "consent_expired": Promise(About.CONSENT, Reason.CONSENT_EXPIRED),
    "consent_outdated": Promise(About.CONSENT, Reason.CONSENT_OUTDATED),
    "agreement_active": Promise(About.SERVICE, Reason.PERMITTED),
    "agreement_suspended": Promise(About.SERVICE, Reason.AGREEMENT_SUSPENDED),
    "agreement_ended": Promise(About.SERVICE, Reason.AGREEMENT_ENDED),
    "not_instructed": Promise(About.SERVICE, Reason.NOT_INSTRUCTED),
    "purpose_inactive": Promise(About.OWN_PURPOSE, Reason.PURPOSE_INACTIVE),
}
