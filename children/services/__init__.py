"""Changing who may act for a child, and recording what they say."""

from children.services.answering import (
    AnswerInFuture,
    ChildMayNotAuthorise,
    NoAuthority,
    NothingGiven,
    TooWeakToShare,
    answer_service,
)
from children.services.conflicts import AlreadyClosed, close_conflict, note_conflict
from children.services.guardians import (
    AlreadyEnded,
    AlreadyNamed,
    AlreadySettled,
    ChangeWaits,
    NotTheirOwnGuardian,
    SamePerson,
    StillAChild,
    also_says_no,
    change_guardian,
    end_guardian,
    name_guardian,
    settle_change,
    take_up_claim,
)
from children.services.mechanisms import declare_mechanism
from children.services.quarantining import NotHeldBack, quarantine, release
from children.services.school import SchoolAuthorisationEnded, authorise_by_school, end_school_authorisation
from children.services.verifying import (
    EvidenceMissing,
    MayNotConsent,
    MethodNotByHand,
    record_verification,
    verify_guardian,
)

__all__ = [
    "AlreadyClosed",
    "AlreadyEnded",
    "AlreadyNamed",
    "AlreadySettled",
    "AnswerInFuture",
    "ChangeWaits",
    "ChildMayNotAuthorise",
    "EvidenceMissing",
    "MayNotConsent",
    "MethodNotByHand",
    "NoAuthority",
    "NotHeldBack",
    "NotTheirOwnGuardian",
    "NothingGiven",
    "SamePerson",
    "SchoolAuthorisationEnded",
    "StillAChild",
    "TooWeakToShare",
    "also_says_no",
    "answer_service",
    "authorise_by_school",
    "change_guardian",
    "close_conflict",
    "declare_mechanism",
    "end_guardian",
    "end_school_authorisation",
    "name_guardian",
    "note_conflict",
    "quarantine",
    "record_verification",
    "release",
    "settle_change",
    "take_up_claim",
    "verify_guardian",
]
