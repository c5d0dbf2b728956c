"""Problem types of the exceptions of the consent services (RFC 9457)."""

from http import HTTPStatus

from consent.consents.services import (
    ChildMayNotGive,
    ClaimInFuture,
    ConsentNotBased,
    EvidenceMissing,
    GuardianUnknown,
    NothingToWithdraw,
    NoticeNotInEffect,
    PurposeUnknown,
    UnknownAgeMayNotGive,
)
from consent.notices.notice_tokens import TokenExpired, TokenForeign, TokenForged, TokenMissing
from consent.notices.selectors.purposes import NoticeUnknown
from paktaleem.foundation.api.problems import Problem, register_problems

__all__: list[str] = []

_GUARDIAN = (
    "A guardian with verified authority gives it: GET /api/v1/subjects/{external_id}/guardians lists them. Send by."
)

register_problems(
    {
        ChildMayNotGive: Problem(
            "guardian-must-give",
            HTTPStatus.CONFLICT,
            "A guardian gives consent for this person",
            f"The person is a child. {_GUARDIAN}",
            field="by",
        ),
        UnknownAgeMayNotGive: Problem(
            "guardian-must-give",
            HTTPStatus.CONFLICT,
            "A guardian gives consent for this person",
            f"The person's age is unknown, and this client serves minors: register the age. {_GUARDIAN}",
            field="by",
        ),
        PurposeUnknown: Problem(
            "purpose-unknown",
            HTTPStatus.NOT_FOUND,
            "No such active purpose",
            "GET /api/v1/purposes lists them.",
        ),
        ConsentNotBased: Problem(
            "not-based-on-consent",
            HTTPStatus.CONFLICT,
            "Consent is not the lawful basis of this purpose for this person",
            "There is nothing to consent to; GET /api/v1/purposes lists the lawful basis.",
        ),
        NoticeNotInEffect: Problem(
            "notice-stale",
            HTTPStatus.CONFLICT,
            "The notice that was shown is not the one in effect",
            "Show the notice from GET /api/v1/notices/current?purpose=… and send its shown value.",
        ),
        TokenMissing: Problem(
            "shown-missing",
            HTTPStatus.BAD_REQUEST,
            "A consent requires proof of the notice that was shown",
            "Send the value of shown from GET /api/v1/notices/current?purpose=….",
            field="shown",
        ),
        EvidenceMissing: Problem(
            "evidence-missing",
            HTTPStatus.BAD_REQUEST,
            "A consent without a token requires other evidence",
            "Give the location of the signed form, or when and with whom the call was.",
            field="evidence",
        ),
        TokenForged: Problem(
            "shown-forged",
            HTTPStatus.BAD_REQUEST,
            "The token was not signed by this portal",
            "Send the token unchanged, as returned by GET /api/v1/notices/current?purpose=….",
            field="shown",
        ),
        TokenForeign: Problem(
            "shown-foreign",
            HTTPStatus.CONFLICT,
            "The token belongs to another client, notice or language than the answer",
            "Use the token of the notice about each purpose: every answer may have its own shown.",
            field="shown",
        ),
        TokenExpired: Problem(
            "shown-stale",
            HTTPStatus.CONFLICT,
            "The notice was shown too long ago, or before the consent ended",
            "Show GET /api/v1/notices/current?purpose=… again, without If-None-Match.",
            field="shown",
        ),
        NoticeUnknown: Problem(
            "notice-unknown", HTTPStatus.NOT_FOUND, "No notice in effect informs about this purpose"
        ),
        NothingToWithdraw: Problem(
            "nothing-to-withdraw", HTTPStatus.CONFLICT, "There is no consent in force to withdraw"
        ),
        ClaimInFuture: Problem(
            "claimed-in-future",
            HTTPStatus.BAD_REQUEST,
            "claimed_at is in the future",
            "Send a past time.",
            field="claimed_at",
        ),
        GuardianUnknown: Problem(
            "guardian-unknown",
            HTTPStatus.CONFLICT,
            "The guardian is not registered for this person",
            "Register the guardian for the person first.",
        ),
    }
)
