"""Console messages for the exceptions of services about guardians."""

from children.guardians.evidence import CardNumberFound
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import (
    AlreadyClosed,
    AlreadyEnded,
    AlreadyNamed,
    ChangeWaits,
    ChildMayNotAuthorise,
    EvidenceRequired,
    MayNotConsent,
    NoAuthority,
    NoConsentGiven,
    NotTheirOwnGuardian,
    StillAChild,
    TooWeakToShare,
)
from paktaleem.directory.files.services import FileKindNotAccepted, FileTooLarge
from paktaleem.directory.people.services import AlreadyErased, ErasureInProgress
from paktaleem.foundation.console.approvals import APPROVAL_ERRORS

__all__ = ["REFUSALS"]

REFUSALS: dict[type[Exception], str] = {
    **APPROVAL_ERRORS,
    AlreadyClosed: "The case is already closed.",
    AlreadyEnded: "The guardianship has already ended: name the guardian again.",
    ErasureInProgress: "The person is being erased: only refusals and withdrawals are recorded.",
    AlreadyErased: "The person is erased.",
    AlreadyNamed: "They are already a guardian of this child, with different authority: change the authority instead.",
    ChangeWaits: "Another change of this guardian already waits for a second person.",
    ChildMayNotAuthorise: "A child may refuse or withdraw, but not consent.",
    EvidenceRequired: "State where the evidence is kept, or add the signed form.",
    FileKindNotAccepted: "Choose a PDF, JPEG or PNG.",
    FileTooLarge: "The file is too large.",
    GuardianshipUnknown: "They are not, or no longer, a guardian of this child.",
    MayNotConsent: "They may not decide for this child, so they cannot be verified.",
    NoAuthority: "Verify the guardian first: until then their consent does not count.",
    NotTheirOwnGuardian: "A person cannot be their own guardian.",
    CardNumberFound: "Do not enter numbers of identity cards or payment cards: state where the document is kept.",
    NoConsentGiven: "The guardian has given no consent that could be withdrawn.",
    StillAChild: "The person named as guardian is a child.",
    TooWeakToShare: "The guardian's verification is too weak for outside recipients.",
}
