"""Which problem each refusal of the consent services is."""

from http import HTTPStatus

from consent.selectors.purposes import NoticeUnknown
from consent.services import (
    ClaimInFuture,
    ConsentNotBased,
    GuardianUnknown,
    NothingToWithdraw,
    NoticeStale,
    PurposeUnknown,
)
from paktaleem.api.problems import Problem, declare_problems

__all__: list[str] = []

declare_problems(
    {
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
            "Show GET /api/v1/notices/current?purpose=… and send its version.",
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
