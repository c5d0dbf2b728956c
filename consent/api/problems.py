"""Which problem each refusal of the consent services is."""

from http import HTTPStatus

from consent.selectors.purposes import NoticeUnknown
from consent.services import (
    ChildMayNotGive,
    ClaimInFuture,
    ConsentNotBased,
    EvidenceMissing,
    GuardianUnknown,
    NothingToWithdraw,
    NoticeStale,
    PurposeUnknown,
    UnknownAgeMayNotGive,
)
from consent.shown import ShownForeign, ShownForged, ShownMissing, ShownStale
from paktaleem.api.problems import Problem, declare_problems

__all__: list[str] = []

_GUARDIAN = (
    "A guardian with verified authority gives it: GET /api/v1/subjects/{external_id}/guardians lists them. Send by."
)

declare_problems(
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
            "This purpose does not rest on consent for this person",
            "There is nothing to give or refuse; GET /api/v1/purposes names the lawful basis.",
        ),
        NoticeStale: Problem(
            "notice-stale",
            HTTPStatus.CONFLICT,
            "The notice that was shown is not the one in effect",
            "Show GET /api/v1/notices/current?purpose=… and send what it gives as shown.",
        ),
        ShownMissing: Problem(
            "shown-missing",
            HTTPStatus.BAD_REQUEST,
            "A consent needs the proof of what was shown",
            "Send the token that GET /api/v1/notices/current?purpose=… gives as shown.",
            field="shown",
        ),
        EvidenceMissing: Problem(
            "evidence-missing",
            HTTPStatus.BAD_REQUEST,
            "A consent that no token proves needs other evidence",
            "Say where the signed form lies, or when and with whom the call was.",
            field="evidence",
        ),
        ShownForged: Problem(
            "shown-forged",
            HTTPStatus.BAD_REQUEST,
            "The token is not one that this portal signed",
            "Send the token as GET /api/v1/notices/current?purpose=… gave it.",
            field="shown",
        ),
        ShownForeign: Problem(
            "shown-foreign",
            HTTPStatus.CONFLICT,
            "The token is of another client, notice or language than the answer",
            "Each purpose is answered under the notice about it: an answer may carry a shown of its own.",
            field="shown",
        ),
        ShownStale: Problem(
            "shown-stale",
            HTTPStatus.CONFLICT,
            "The notice was shown too long ago, or before the consent ended",
            "Show GET /api/v1/notices/current?purpose=… anew, asking without If-None-Match.",
            field="shown",
        ),
        NoticeUnknown: Problem("notice-unknown", HTTPStatus.NOT_FOUND, "No notice in effect tells of this purpose"),
        NothingToWithdraw: Problem(
            "nothing-to-withdraw", HTTPStatus.CONFLICT, "There is no consent in force to withdraw"
        ),
        ClaimInFuture: Problem(
            "claimed-in-future",
            HTTPStatus.BAD_REQUEST,
            "claimed_at lies in the future",
            "Send a past moment.",
        ),
        GuardianUnknown: Problem(
            "guardian-unknown",
            HTTPStatus.CONFLICT,
            "The guardian named is not known as this person's",
            "Name them with the person first.",
        ),
    }
)
