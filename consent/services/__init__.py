"""Acts on the register and on consents."""

from consent.services.acknowledging import acknowledge_policy
from consent.services.balancing import AlreadySigned, sign_balancing_test
from consent.services.bundles import NothingToProve, export_evidence
from consent.services.consents import (
    Answer,
    ChildMayNotGive,
    ClaimInFuture,
    ConsentNotBased,
    GuardianUnknown,
    NothingToWithdraw,
    PurposeUnknown,
    UnknownAgeMayNotGive,
    record_answers,
    withdraw_consent,
)
from consent.services.ending import NothingInForce, invalidate_consent, revoke_consent
from consent.services.evidence import add_evidence_file, add_evidence_reference, open_evidence
from consent.services.grounds import EvidenceMissing, NoticeStale
from consent.services.limits import lift_objection, lift_restriction, object_to_purpose, restrict_processing
from consent.services.notices import (
    DraftClosed,
    announce_draft,
    discard_draft,
    publish_notice_version,
    save_draft,
)
from consent.services.register import NotYours, change_register, end_period
from consent.services.responses import (
    AlreadySaid,
    NothingToAnswer,
    acknowledge_announcement,
    answer_objection,
    object_to_announcement,
)

__all__ = [
    "AlreadySaid",
    "AlreadySigned",
    "Answer",
    "ChildMayNotGive",
    "ClaimInFuture",
    "ConsentNotBased",
    "DraftClosed",
    "EvidenceMissing",
    "GuardianUnknown",
    "NotYours",
    "NothingInForce",
    "NothingToAnswer",
    "NothingToProve",
    "NothingToWithdraw",
    "NoticeStale",
    "PurposeUnknown",
    "UnknownAgeMayNotGive",
    "acknowledge_announcement",
    "acknowledge_policy",
    "add_evidence_file",
    "add_evidence_reference",
    "announce_draft",
    "answer_objection",
    "change_register",
    "discard_draft",
    "end_period",
    "export_evidence",
    "invalidate_consent",
    "lift_objection",
    "lift_restriction",
    "object_to_announcement",
    "object_to_purpose",
    "open_evidence",
    "publish_notice_version",
    "record_answers",
    "restrict_processing",
    "revoke_consent",
    "save_draft",
    "sign_balancing_test",
    "withdraw_consent",
]
