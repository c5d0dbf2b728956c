"""API operations: open a rights request, list the client's requests, and follow one."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import Operation, actor_of, client_of, moment_of, validate_input
from paktaleem.foundation.web.api.paging import paginated_response, read_cursor, sign_cursor
from paktaleem.foundation.web.api.serializers import CursorField, StrictSerializer, TextField, TruthField
from rights.requests.models import Channel, IdentityMethod, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import get_request, list_parts_of, list_requests
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts
from rights.requests.states import Decider, Decision, RefusalCode, State

_MOST_DETAILS = 4_000
_MOST_PURPOSES = 50
_MOST_KINDS = 8


class KindsField(serializers.ListField):
    """Several rights, each once."""

    schema_keywords = {"uniqueItems": True}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.ChoiceField(RightKind.choices), min_length=1, max_length=_MOST_KINDS, **kwargs
        )


class RightsRequestInput(StrictSerializer):
    """A request of a person whom the caller has signed in: one right as ``kind``, or several as ``kinds``.

    ``purposes`` are codes; left out, all are meant. With ``signed_in`` false the request waits until the person's
    identity is verified.
    """

    schema_rules = {"oneOf": [{"required": ["kind"]}, {"required": ["kinds"]}]}
    beyond_schema = {"purposes": "Codes of the client's purposes or of PakTaleem's."}

    subject = TextField(max_length=255)
    kind = serializers.ChoiceField(RightKind.choices, required=False)
    kinds = KindsField(required=False)
    purposes = serializers.ListField(child=TextField(max_length=63), required=False, max_length=_MOST_PURPOSES)
    details = TextField(required=False, allow_blank=True, allow_null=True, max_length=_MOST_DETAILS)
    signed_in = TruthField(default=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one of ``kind`` and ``kinds``."""
        if ("kind" in attrs) == ("kinds" in attrs):
            raise serializers.ValidationError({"kind": ["Send either kind or kinds."]})
        return attrs


class RightsRequestQuery(StrictSerializer):
    """State filter, person, cursor and page size."""

    state = serializers.ChoiceField(["open", "all"], default="open")
    subject = TextField(required=False, max_length=255)
    cursor = CursorField(required=False)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)


class RightsPartOutput(serializers.Serializer[Any]):
    """One right: who decides, about which purposes, and the decision; null until it is made."""

    kind = serializers.ChoiceField(RightKind.choices)
    decided_by = serializers.ChoiceField([one.value for one in Decider])
    purposes = serializers.ListField(child=serializers.CharField())
    decision = serializers.ChoiceField([one.value for one in Decision], allow_null=True)
    refusal_code = serializers.ChoiceField([one.value for one in RefusalCode], allow_null=True)


class RightsRequestOutput(serializers.Serializer[Any]):
    """A request without its texts. ``due_at`` is thirty days after receipt; ``expected_by`` may be later.

    ``requester`` is the guardian who made it about a child, null if the person made it.
    """

    id = serializers.UUIDField()
    number = serializers.CharField()
    subject = serializers.CharField(allow_null=True)
    requester = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(RightKind.choices)
    state = serializers.ChoiceField([one.value for one in State])
    channel = serializers.ChoiceField(Channel.choices)
    identity_verified = serializers.BooleanField()
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    expected_by = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    parts = serializers.ListField(child=RightsPartOutput())


class RightsRequestsOutput(serializers.Serializer[Any]):
    """A page of requests."""

    requests = serializers.ListField(child=RightsRequestOutput())
    next = serializers.URLField(allow_null=True)


class RightsRequests(Operation):
    """``GET`` and ``POST /api/v1/rights-requests``."""

    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS, "POST": Capability.RECEIVE_RIGHTS_REQUESTS}

    @extend_schema(parameters=[RightsRequestQuery], responses=RightsRequestsOutput)
    def get(self, request: Request) -> Response:
        """List the client's requests, oldest first; by default those that are open."""
        query = validate_input(RightsRequestQuery, request.query_params.dict())
        page, more = _page(query, request)
        parts = list_parts_of(page)
        body = {"requests": [_serialize(row, parts[row.pk]) for row in page]}
        return paginated_response(request, body, {"cursor": more} if more else None)

    @extend_schema(request=RightsRequestInput, responses={201: RightsRequestOutput})
    def post(self, request: Request) -> Response:
        """Open a request: 201. The clock starts now; each part goes to the controller of the data."""
        given = validate_input(RightsRequestInput, request.data)
        actor, at = actor_of(request), moment_of(request)
        subject = get_subject(given["subject"], actor=actor)
        row = receive_request(
            subject.client,
            kinds=given.get("kinds") or [given["kind"]],
            channel=Channel.API,
            subject=subject,
            purposes=given.get("purposes", ()),
            details=given.get("details") or "",
            identity=IdentityMethod.LMS if given["signed_in"] else "",
            language=subject.language,
            actor=actor,
            at=at,
        )
        return Response(_serialize(row, list_parts(row)), HTTPStatus.CREATED)


class ShowRightsRequest(Operation):
    """``GET /api/v1/rights-requests/{id}``."""

    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS}
    is_conditional = True

    @extend_schema(responses=RightsRequestOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """Return one request with its state, its dates, and the decision about each right."""
        row = get_request(rights_request, actor=actor_of(request))
        return Response(_serialize(row, list_parts(row)))


def _page(query: dict[str, Any], request: Request) -> tuple[list[RightsRequest], str | None]:
    actor = actor_of(request)
    found = list_requests(actor).order_by("pk")
    of = f"rights-requests/{client_of(request)}/{query['state']}/{query.get('subject', '')}"
    if query["state"] == "open":
        found = found.filter(closed_at=None)
    if "subject" in query:
        found = found.filter(subject=get_subject(query["subject"], actor=actor))
    if "cursor" in query:
        found = found.filter(pk__gt=UUID(read_cursor(query["cursor"], of=of, name="cursor")))
    rows = list(found[: query["limit"] + 1])
    page = rows[: query["limit"]]
    return page, sign_cursor(str(page[-1].pk), of=of) if len(rows) > len(page) else None


def _serialize(row: RightsRequest, parts: list[RequestPart]) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "number": row.number,
        "subject": row.subject.external_id if row.subject else None,
        "requester": row.requester.external_id if row.requester else None,
        "kind": parts[0].kind,
        "state": row.state,
        "channel": row.channel,
        "identity_verified": row.is_identity_verified,
        "received_at": row.received_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "expected_by": row.expected_by.isoformat(),
        "answered_at": row.answered_at.isoformat() if row.answered_at else None,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "parts": [_serialize_part(part) for part in parts],
    }


def _serialize_part(part: RequestPart) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "decided_by": part.decider,
        "purposes": part.purposes,
        "decision": part.decision or None,
        "refusal_code": part.refusal_code or None,
    }
