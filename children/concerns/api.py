"""What a guardian asks about a child's data, as it reached the school or the learning platform."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.concerns.asking import Obstacle, Wish
from children.concerns.models import Concern
from children.concerns.services import MayNotAsk, ask_about_data
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, moment_of, validated
from paktaleem.foundation.api.problems import PointedProblem, Problem
from paktaleem.foundation.api.serializers import StrictSerializer, TextField

__all__ = ["AskAboutData"]

_WHY = {
    Obstacle.NOT_VERIFIED: "They are not verified, or no longer: verify them first.",
    Obstacle.TOO_WEAK: "They are verified by two letters only: a copy needs the school to have seen them.",
    Obstacle.NOT_TOLD: "They may not be told what is held about the child.",
}


class WishRefused(PointedProblem):
    """The guardian may not ask for this."""

    problem = Problem(
        "guardian-may-not-ask",
        HTTPStatus.CONFLICT,
        "This guardian may not ask for this",
        "A copy needs a verified guardian who may be told what is held; a deletion a verified one.",
    )


class AboutDataInput(StrictSerializer):
    """Which guardian, and what shall happen to the child's data."""

    guardian = TextField(max_length=255)
    wish = serializers.ChoiceField([one.value for one in Wish])
    text = TextField(required=False, allow_null=True, max_length=2_000)


class AboutDataOutput(serializers.Serializer[Any]):
    """The case it became; ``id`` is the parent of its orders. ``keep`` makes no case: ``id`` is null then."""

    id = serializers.UUIDField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField([one.value for one in Wish])
    state = serializers.ChoiceField(["kept", "ordered", "waits_for_client"])
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class AskAboutData(Operation):
    """``POST /api/v1/subjects/{external_id}/guardian-requests``."""

    capabilities = {"POST": Capability.RECORD_GUARDIANS}

    @extend_schema(request=AboutDataInput, responses={201: AboutDataOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Take in what a guardian asks: a copy is ordered at once, a deletion once the client confirms it: 201.

        Asked again while the case is open, the same case comes back.
        """
        given = validated(AboutDataInput, request.data)
        actor, at = actor_of(request), moment_of(request)
        child, guardian = (get_subject(one, actor=actor) for one in (external_id, given["guardian"]))
        told: dict[str, Any] = {"text": given.get("text") or "", "language": guardian.language}
        try:
            case = ask_about_data(child, guardian=guardian, wish=given["wish"], **told, actor=actor, at=at)
        except MayNotAsk as refused:
            raise WishRefused({"wish": [_WHY[refused.why]]}) from refused
        shown = {"id": None, "number": None, "kind": given["wish"], "state": "kept", "received_at": at, "due_at": None}
        return Response(shown if case is None else _shown(case), HTTPStatus.CREATED)


def _shown(case: Concern) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "number": case.number,
        "kind": case.kind,
        "state": "waits_for_client" if case.ordered_at is None else "ordered",
        "received_at": case.received_at,
        "due_at": case.due_at,
    }
