"""API operation that records guardians' requests about a child's data."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.concerns.models import Concern
from children.concerns.request_rules import RequestBlocker, RequestKind
from children.concerns.services import RequestNotAllowed, record_data_request
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.api.operations import Operation, actor_of, moment_of, validate_input
from paktaleem.foundation.api.problems import FieldProblem
from paktaleem.foundation.api.serializers import StrictSerializer, TextField
from paktaleem.foundation.errors import Problem

__all__ = ["AskAboutData"]

_WHY = {
    RequestBlocker.NOT_VERIFIED: "The guardian is not, or no longer, verified: verify them first.",
    RequestBlocker.TOO_WEAK: "The guardian is verified by two messages only: a copy requires a stronger method.",
    RequestBlocker.NOT_TOLD: "The guardian may not receive data about the child.",
}


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
    wish = serializers.ChoiceField([one.value for one in RequestKind])
    text = TextField(required=False, allow_null=True, max_length=2_000)


class AboutDataOutput(serializers.Serializer[Any]):
    """The case of a request; ``id`` is the parent of its orders. It is null for ``keep``, which creates no case."""

    id = serializers.UUIDField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField([one.value for one in RequestKind])
    state = serializers.ChoiceField(["kept", "ordered", "waits_for_client"])
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class AskAboutData(Operation):
    """``POST /api/v1/subjects/{external_id}/guardian-requests``."""

    capabilities = {"POST": Capability.RECORD_GUARDIANS}

    @extend_schema(request=AboutDataInput, responses={201: AboutDataOutput})
    def post(self, request: Request, external_id: str) -> Response:
        """Record a guardian's request: 201. A copy is ordered at once, a deletion once the client confirms it.

        Idempotent while the case is open: the same case is returned.
        """
        given = validate_input(AboutDataInput, request.data)
        actor, at = actor_of(request), moment_of(request)
        child, guardian = (get_subject(one, actor=actor) for one in (external_id, given["guardian"]))
        details: dict[str, Any] = {"text": given.get("text") or "", "language": guardian.language}
        try:
            case = record_data_request(child, guardian=guardian, wish=given["wish"], **details, actor=actor, at=at)
        except RequestNotAllowed as refused:
            raise DataRequestRefused({"wish": [_WHY[refused.why]]}) from refused
        no_case = {
            "id": None,
            "number": None,
            "kind": given["wish"],
            "state": "kept",
            "received_at": at,
            "due_at": None,
        }
        return Response(no_case if case is None else _serialize_case(case), HTTPStatus.CREATED)


def _serialize_case(case: Concern) -> dict[str, Any]:
    return {
        "id": str(case.pk),
        "number": case.number,
        "kind": case.kind,
        "state": "waits_for_client" if case.ordered_at is None else "ordered",
        "received_at": case.received_at,
        "due_at": case.due_at,
    }
