"""Which problem each refusal about guardians is."""

from http import HTTPStatus

from children.guardians.evidence import NumberNotKept
from children.guardians.providers import NoSuchProvider
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import (
    AlreadyEnded,
    AlreadyNamed,
    AnswerInFuture,
    ChangeWaits,
    CheckUnknown,
    ChildMayNotAuthorise,
    EvidenceMissing,
    MayNotConsent,
    MethodNotByHand,
    MethodNotOffered,
    NoAuthority,
    NothingGiven,
    NotTheirOwnGuardian,
    StillAChild,
    TooWeakToShare,
)
from paktaleem.foundation.api.problems import Problem, declare_problems

__all__: list[str] = []

_NOT_A_GUARDIAN = "The person named is not a guardian of this child"
_NO_GUARDIAN_OF_ALL = "Name an adult who is registered."

declare_problems(
    {
        GuardianshipUnknown: Problem(
            "guardian-unknown", HTTPStatus.CONFLICT, _NOT_A_GUARDIAN, "Name them by POST …/guardians first."
        ),
        AlreadyEnded: Problem(
            "guardian-unknown", HTTPStatus.CONFLICT, _NOT_A_GUARDIAN, "They were, and were ended: name them anew."
        ),
        AlreadyNamed: Problem(
            "guardian-named",
            HTTPStatus.CONFLICT,
            "They are a guardian of this child already, with other authority",
            "The client's staff change authority in the console.",
        ),
        NotTheirOwnGuardian: Problem(
            "not-a-guardian", HTTPStatus.CONFLICT, "Nobody is a guardian of themselves", _NO_GUARDIAN_OF_ALL
        ),
        StillAChild: Problem(
            "not-a-guardian", HTTPStatus.CONFLICT, "The one named counts as a child", _NO_GUARDIAN_OF_ALL
        ),
        ChildMayNotAuthorise: Problem(
            "child-may-not-give", HTTPStatus.CONFLICT, "A child may refuse or withdraw, never give"
        ),
        NoAuthority: Problem(
            "guardian-not-verified",
            HTTPStatus.CONFLICT,
            "The guardian has no verified authority, so their yes does not count",
            "Send verification with the answer, or have the client's staff look at their authority.",
        ),
        MayNotConsent: Problem(
            "guardian-may-not-decide", HTTPStatus.CONFLICT, "The guardian may not decide for this child"
        ),
        TooWeakToShare: Problem(
            "verification-too-weak",
            HTTPStatus.CONFLICT,
            "The guardian was verified too weakly for recipients outside",
            "Leave shares out, or verify them by a stronger method.",
        ),
        MethodNotByHand: Problem(
            "invalid-input", HTTPStatus.BAD_REQUEST, "Staff do not see this method", field="verification"
        ),
        EvidenceMissing: Problem(
            "evidence-missing",
            HTTPStatus.BAD_REQUEST,
            "A guardian's yes from elsewhere needs evidence",
            "Say where the signed form lies, or who saw them and when.",
            field="evidence",
        ),
        NumberNotKept: Problem(
            "number-not-kept",
            HTTPStatus.BAD_REQUEST,
            "Evidence never holds the number of an identity card or a payment card",
            "Say where the paper lies, not what stands on it.",
            field="evidence",
        ),
        NoSuchProvider: Problem(
            "provider-unknown", HTTPStatus.CONFLICT, "No provider of checks is set up under this code"
        ),
        MethodNotOffered: Problem(
            "method-not-offered", HTTPStatus.CONFLICT, "This provider does not check by this method"
        ),
        CheckUnknown: Problem("check-unknown", HTTPStatus.NOT_FOUND, "There is no such check"),
        NothingGiven: Problem("nothing-to-withdraw", HTTPStatus.CONFLICT, "There is no yes of theirs to withdraw"),
        AnswerInFuture: Problem(
            "claimed-in-future", HTTPStatus.BAD_REQUEST, "claimed_at lies in the future", "Send a past moment."
        ),
        ChangeWaits: Problem(
            "change-waits", HTTPStatus.CONFLICT, "Another change of this guardian waits for the client's staff"
        ),
    }
)
