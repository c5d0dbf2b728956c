"""Acts on the register and on consents."""

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
    record_answers,
    withdraw_consent,
)
from consent.services.grounds import NoticeStale
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
    "GuardianUnknown",
    "NotYours",
    "NothingToAnswer",
    "NothingToProve",
    "NothingToWithdraw",
    "NoticeStale",
    "PurposeUnknown",
    "acknowledge_announcement",
    "announce_draft",
    "answer_objection",
    "change_register",
    "discard_draft",
    "end_period",
    "export_evidence",
    "lift_objection",
    "lift_restriction",
    "object_to_announcement",
    "object_to_purpose",
    "publish_notice_version",
    "record_answers",
    "restrict_processing",
    "save_draft",
    "sign_balancing_test",
    "withdraw_consent",
]
