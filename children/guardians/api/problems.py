"""Problem types (RFC 9457) of the exceptions about guardians."""

from http import HTTPStatus

from children.guardians.evidence import CardNumberFound
from children.guardians.providers import ProviderUnknown
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import (
    AlreadyEnded,
    AlreadyNamed,
    AnswerInFuture,
    ChangeWaits,
    CheckUnknown,
    ChildMayNotAuthorise,
    EvidenceRequired,
    MayNotConsent,
    MethodNotOffered,
    NoAuthority,
    NoConsentGiven,
    NotAStaffMethod,
    NotTheirOwnGuardian,
    StillAChild,
    TooWeakToShare,
)
from paktaleem.foundation.api.problems import Problem, register_problems

__all__: list[str] = []

_NOT_A_GUARDIAN = "The person is not a guardian of this child"
_NAME_AN_ADULT = "Name a registered adult."

register_problems(
    {
        GuardianshipUnknown: Problem(
            "guardian-unknown", HTTPStatus.CONFLICT, _NOT_A_GUARDIAN, "Name them by POST …/guardians first."
        ),
        AlreadyEnded: Problem(
            "guardian-unknown", HTTPStatus.CONFLICT, _NOT_A_GUARDIAN, "Their guardianship has ended: name them again."
        ),
        AlreadyNamed: Problem(
            "guardian-named",
            HTTPStatus.CONFLICT,
            "The person is already a guardian of this child, with different authority",
            "The client's staff can change the authority in the console.",
        ),
        NotTheirOwnGuardian: Problem(
            "not-a-guardian", HTTPStatus.CONFLICT, "A person cannot be their own guardian", _NAME_AN_ADULT
        ),
        StillAChild: Problem(
            "not-a-guardian", HTTPStatus.CONFLICT, "The person named as guardian is a child", _NAME_AN_ADULT
        ),
        ChildMayNotAuthorise: Problem(
            "child-may-not-give", HTTPStatus.CONFLICT, "A child may refuse or withdraw, but not consent"
        ),
        NoAuthority: Problem(
            "guardian-not-verified",
            HTTPStatus.CONFLICT,
            "The guardian has no verified authority, so their consent does not count",
            "Send verification with the answer, or ask the client's staff to check the guardian's authority.",
        ),
        MayNotConsent: Problem(
            "guardian-may-not-decide", HTTPStatus.CONFLICT, "The guardian may not decide for this child"
        ),
        TooWeakToShare: Problem(
            "verification-too-weak",
            HTTPStatus.CONFLICT,
            "The guardian's verification is too weak for outside recipients",
            "Omit shares, or verify the guardian by a stronger method.",
        ),
        NotAStaffMethod: Problem(
            "invalid-input", HTTPStatus.BAD_REQUEST, "This is not a method that staff carry out", field="verification"
        ),
        EvidenceRequired: Problem(
            "evidence-missing",
            HTTPStatus.BAD_REQUEST,
            "Consent given outside the portal needs evidence",
            "State where the signed form is kept, or who saw the guardian and when.",
            field="evidence",
        ),
        CardNumberFound: Problem(
            "number-not-kept",
            HTTPStatus.BAD_REQUEST,
            "Evidence must not contain the number of an identity card or payment card",
            "State where the document is kept, not its contents.",
            field="evidence",
        ),
        ProviderUnknown: Problem(
            "provider-unknown", HTTPStatus.CONFLICT, "No provider of checks is configured under this code"
        ),
        MethodNotOffered: Problem(
            "method-not-offered", HTTPStatus.CONFLICT, "This provider does not offer this method"
        ),
        CheckUnknown: Problem("check-unknown", HTTPStatus.NOT_FOUND, "There is no such check"),
        NoConsentGiven: Problem(
            "nothing-to-withdraw", HTTPStatus.CONFLICT, "The guardian has given no consent that could be withdrawn"
        ),
        AnswerInFuture: Problem(
            "claimed-in-future",
            HTTPStatus.BAD_REQUEST,
            "claimed_at is in the future",
            "Send a time in the past.",
            field="claimed_at",
        ),
        ChangeWaits: Problem(
            "change-waits",
            HTTPStatus.CONFLICT,
            "Another change of this guardian waits for approval by the client's staff",
        ),
    }
)
