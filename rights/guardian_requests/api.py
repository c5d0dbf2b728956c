"""API operation that records guardians' requests about a child's data."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.guardians.authority import RequestBlocker
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.web.api.operations import Operation, actor_of, moment_of, validate_input
from paktaleem.foundation.web.api.problems import FieldProblem
from paktaleem.foundation.web.api.serializers import StrictSerializer, TextField
from rights.guardian_requests.services import record_guardian_request
from rights.guardian_requests.wishes import RIGHT_OF, Wish
from rights.requests.models import Channel, IdentityMethod, RequestPart, RightsRequest
from rights.requests.services.outcomes import RequestNotAllowed
from rights.requests.services.steps import list_parts
from rights.requests.states import Decider, Decision

_WHY = {
    RequestBlocker.NOT_VERIFIED: "The guardian is not, or no longer, verified: verify them first.",
    RequestBlocker.TOO_WEAK: "The guardian is verified by two messages only: a copy requires a stronger method.",
    RequestBlocker.NOT_TOLD: "The guardian may not receive data about the child.",
}
_STATES = ["kept", "ordered", "waits_for_client", "waits_for_paktaleem", "decided"]


class DataRequestRefused(FieldProblem):
    """The guardian may not make this request."""

    problem = Problem(
        "guardian-may-not-ask",
        HTTPStatus.CONFLICT,
        "This guardian may not make this request",
        "A copy requires a verified guardian who may receive data about the child; a deletion requires a verified one.",
    )


class AboutDataInput(StrictSerializer):
    """The guardian, and the request about the child's data."""

    guardian = TextField(max_length=255)
    wish = serializers.ChoiceField([one.value for one in Wish])
    text = TextField(required=False, allow_null=True, max_length=2_000)


class AboutDataOutput(serializers.Serializer[Any]):
    """The rights request; ``id`` is the parent of its orders. It is null for ``keep``, which creates no request."""

    id = serializers.UUIDField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField([one.value for one in Wish])
    state = serializers.ChoiceField(_STATES)
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class AskAboutData(Operation):
    """``POST /api/v1/subjects/{external_id}/guardian-requests``."""

    capabilities = {"POST": Capability.RECORD_GUARDIANS}

    @extend_schema(request=AboutDataInput, responses={201: AboutDataOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Record a guardian's request: 201. A copy is ordered at once, a deletion proposed once the client grants it.

        Idempotent while the request is open: the same request is returned.
        """
        given = validate_input(AboutDataInput, request.data)
        actor, at = actor_of(request), moment_of(request)
        child, guardian = (get_subject(one, actor=actor) for one in (external_id, given["guardian"]))
        details: dict[str, Any] = {"text": given.get("text") or "", "language": guardian.language}
        signed_in: dict[str, Any] = {"identity": IdentityMethod.LMS, "channel": Channel.API}
        wish = Wish(given["wish"])
        try:
            made = record_guardian_request(
                child, guardian=guardian, wish=wish, **details, **signed_in, actor=actor, at=at
            )
        except RequestNotAllowed as refused:
            raise DataRequestRefused({"wish": [_WHY[refused.why]]}) from refused
        kept = {"id": None, "number": None, "kind": wish, "state": "kept", "received_at": at, "due_at": None}
        return Response(kept if made is None else _serialize(made, wish), HTTPStatus.CREATED)


def _serialize(made: RightsRequest, wish: Wish) -> dict[str, Any]:
    parts = [part for part in list_parts(made) if part.kind == RIGHT_OF[wish]]
    return {
        "id": str(made.pk),
        "number": made.number,
        "kind": wish,
        "state": _state_of(wish, parts),
        "received_at": made.received_at,
        "due_at": made.due_at,
    }


def _state_of(wish: Wish, parts: list[RequestPart]) -> str:
    """Return who has to act: the client, PakTaleem, or the systems, which have their orders to provide a copy."""
    undecided = {part.decider for part in parts if not part.decision}
    if Decider.CLIENT in undecided:
        return "waits_for_client"
    if wish is Wish.COPY and any(part.decision in {Decision.GRANTED, Decision.PARTLY} for part in parts):
        return "ordered"
    return "waits_for_paktaleem" if undecided else "decided"
