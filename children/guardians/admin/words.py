"""What the console says when a service about guardians refuses."""

from children.guardians.evidence import NumberNotKept
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import (
    AlreadyClosed,
    AlreadyEnded,
    AlreadyNamed,
    ChangeWaits,
    ChildMayNotAuthorise,
    EvidenceMissing,
    MayNotConsent,
    NoAuthority,
    NothingGiven,
    NotTheirOwnGuardian,
    StillAChild,
    TooWeakToShare,
)
from paktaleem.directory.files.services import FileKindRefused, FileTooLarge
from paktaleem.directory.people.services import AlreadyErased
from paktaleem.foundation.console.settling import SETTLING_REFUSALS

__all__ = ["REFUSALS"]

REFUSALS: dict[type[Exception], str] = {
    **SETTLING_REFUSALS,
    AlreadyClosed: "The case was closed before.",
    AlreadyEnded: "The guardian was ended before: name them anew.",
    AlreadyErased: "The person is erased.",
    AlreadyNamed: "They are a guardian of this child already, with other authority: change that.",
    ChangeWaits: "Another change of this guardian waits for a second person.",
    ChildMayNotAuthorise: "A child may refuse or withdraw, never give.",
    EvidenceMissing: "Say where the evidence lies, or add the signed form.",
    FileKindRefused: "Choose a PDF, JPEG or PNG.",
    FileTooLarge: "The file is too large.",
    GuardianshipUnknown: "They are no guardian of this child, or no longer.",
    MayNotConsent: "They may not decide for this child: there is nothing to verify.",
    NoAuthority: "Verify them first: a yes of theirs would not count.",
    NotTheirOwnGuardian: "Nobody is a guardian of themselves.",
    NumberNotKept: "Leave numbers of identity cards and payment cards out: say where the paper lies.",
    NothingGiven: "There is no yes of theirs to withdraw.",
    StillAChild: "The one named counts as a child.",
    TooWeakToShare: "They were verified too weakly for recipients outside.",
}
