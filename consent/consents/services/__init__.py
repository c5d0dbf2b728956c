"""Services of consents."""

from consent.consents.services.acknowledgements import acknowledge_policy
from consent.consents.services.consent_basis import ClaimBeforeNotice, EvidenceMissing, NoticeNotInEffect
from consent.consents.services.evidence import (
    add_evidence_file,
    add_evidence_reference,
    open_evidence,
)
from consent.consents.services.givers import ChildMayNotGive, GuardianUnknown, UnknownAgeMayNotGive
from consent.consents.services.recording import (
    Answer,
    ClaimInFuture,
    ConsentNotBased,
    NothingToWithdraw,
    PurposeUnknown,
    record_answers,
    withdraw_consent,
)
from consent.consents.services.renewals import request_consent
from consent.consents.services.restrictions import (
    NotLegitimateInterest,
    end_objection,
    lift_restriction,
    object_to_purpose,
    request_lift,
    restrict_processing,
    withdraw_objection,
)
from consent.consents.services.revocation import NothingInForce, expire_consent, invalidate_consent, revoke_consent

__all__ = [
    "Answer",
    "ChildMayNotGive",
    "ClaimBeforeNotice",
    "ClaimInFuture",
    "ConsentNotBased",
    "EvidenceMissing",
    "GuardianUnknown",
    "NotLegitimateInterest",
    "NothingInForce",
    "NothingToWithdraw",
    "NoticeNotInEffect",
    "PurposeUnknown",
    "UnknownAgeMayNotGive",
    "acknowledge_policy",
    "add_evidence_file",
    "add_evidence_reference",
    "end_objection",
    "expire_consent",
    "invalidate_consent",
    "lift_restriction",
    "object_to_purpose",
    "open_evidence",
    "record_answers",
    "request_consent",
    "request_lift",
    "restrict_processing",
    "revoke_consent",
    "withdraw_consent",
    "withdraw_objection",
]
