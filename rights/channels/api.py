"""The clients' API of rights: requests, a guardian's requests about a child, corrections and copies."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.guardians.authority import RequestBlocker
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    client_of,
    moment_of,
    paginated_response,
    take_page,
    validate_input,
)
from paktaleem.foundation.web.api.problems import FieldProblem
from paktaleem.foundation.web.api.serializers import PageInput, StrictSerializer, TextField, TruthField, serialize_row
from rights.channels.guardians import RIGHT_OF, Wish, record_guardian_request
from rights.packages.models import BuildFailure, PackageState
from rights.packages.selectors import count_downloads, find_package
from rights.rectifications.disagreements import MOST_CHARACTERS, reveal_disagreements, state_disagreement
from rights.rectifications.models import Correction, CorrectionState
from rights.rectifications.selectors import list_corrections, waiting_fields
from rights.rectifications.services import Statement, add_correction
from rights.rectifications.values import FIELD_LABELS
from rights.requests.models import Channel, IdentityMethod, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import get_request, list_parts_of, list_requests
from rights.requests.services.decisions import RequestNotAllowed
from rights.requests.services.intake import receive_request
from rights.requests.services.steps import list_parts
from rights.requests.states import Decider, Decision, RefusalCode, State

_MOST_DETAILS = 4_000
_MOST_PURPOSES = 50
_MOST_KINDS = 8
_WHY = {
    RequestBlocker.NOT_VERIFIED: "The guardian is not, or no longer, verified: verify them first.",
    RequestBlocker.TOO_WEAK: "The guardian is verified by two messages only: a copy requires a stronger method.",
    RequestBlocker.NOT_TOLD: "The guardian may not receive data about the child.",
}
_WISH_STATES = ["kept", "ordered", "waits_for_client", "waits_for_paktaleem", "decided"]


class KindsField(serializers.ListField):
    """Several rights, each once."""

    schema_keywords = {"uniqueItems": True}
    child = serializers.ChoiceField(RightKind.choices)


class RightsRequestInput(StrictSerializer):
    """A request of a person whom the caller has signed in: one right as ``kind``, or several as ``kinds``.

    ``purposes`` are codes; left out, all are meant. With ``signed_in`` false the request waits until the person's
    identity is verified.
    """

    schema_rules = {"oneOf": [{"required": ["kind"]}, {"required": ["kinds"]}]}
    beyond_schema = {"purposes": "Codes of the client's purposes or of PakTaleem's."}

    subject = TextField(max_length=255)
    kind = serializers.ChoiceField(RightKind.choices, required=False)
    kinds = KindsField(required=False, min_length=1, max_length=_MOST_KINDS)
    purposes = serializers.ListField(child=TextField(max_length=63), required=False, max_length=_MOST_PURPOSES)
    details = TextField(required=False, allow_blank=True, allow_null=True, max_length=_MOST_DETAILS)
    signed_in = TruthField(default=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one of ``kind`` and ``kinds``."""
        if ("kind" in attrs) == ("kinds" in attrs):
            raise serializers.ValidationError({"kind": ["Send either kind or kinds."]})
        return attrs


class RightsRequestQuery(PageInput):
    """State filter, person, cursor and page size."""

    state = serializers.ChoiceField(["open", "all"], default="open")
    subject = TextField(required=False, max_length=255)


class RightsPartOutput(serializers.Serializer[object]):
    """One right: who decides, about which purposes, and the decision; null until it is made."""

    kind = serializers.ChoiceField(RightKind.choices)
    decided_by = serializers.ChoiceField(Decider.values, source="decider")
    purposes = serializers.ListField(child=serializers.CharField())
    decision = serializers.ChoiceField(Decision.values, allow_null=True)
    refusal_code = serializers.ChoiceField(RefusalCode.values, allow_null=True)


class RightsRequestOutput(serializers.Serializer[object]):
    """A request without its texts. ``due_at`` is thirty days after receipt, or earlier by the law.

    ``expected_by`` may be later. ``requester`` is the guardian who made it about a child, null if the person made it.
    """

    id = serializers.UUIDField()
    number = serializers.CharField()
    subject = serializers.CharField(allow_null=True, source="subject.external_id")
    requester = serializers.CharField(allow_null=True, source="requester.external_id")
    kind = serializers.ChoiceField(RightKind.choices)
    state = serializers.ChoiceField(State.values)
    channel = serializers.ChoiceField(Channel.choices)
    identity_verified = serializers.BooleanField(source="is_identity_verified")
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    expected_by = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    parts = serializers.ListField(child=RightsPartOutput())


class RightsRequestsOutput(serializers.Serializer[object]):
    """A page of requests."""

    requests = serializers.ListField(child=RightsRequestOutput())
    next = serializers.URLField(allow_null=True)


class RightsRequests(Operation):
    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS, "POST": Capability.RECEIVE_RIGHTS_REQUESTS}

    @extend_schema(parameters=[RightsRequestQuery], responses=RightsRequestsOutput)
    def get(self, request: Request) -> Response:
        """List the client's requests, oldest first; by default those that are open."""
        query = validate_input(RightsRequestQuery, request.query_params.dict())
        page, more = _page(query, request)
        parts = list_parts_of(page)
        body = {"requests": [_serialize_request(row, parts[row.pk]) for row in page]}
        return paginated_response(request, body, more)

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
        return Response(_serialize_request(row, list_parts(row)), HTTPStatus.CREATED)


class ShowRightsRequest(Operation):
    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS}
    is_conditional = True

    @extend_schema(responses=RightsRequestOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """Return one request with its state, its dates, and the decision about each right."""
        row = get_request(rights_request, actor=actor_of(request))
        return Response(_serialize_request(row, list_parts(row)))


def _page(query: dict[str, Any], request: Request) -> tuple[list[RightsRequest], dict[str, str] | None]:
    actor = actor_of(request)
    found = list_requests(actor).order_by("pk")
    of = f"rights-requests/{client_of(request)}/{query['state']}/{query.get('subject', '')}"
    if query["state"] == "open":
        found = found.filter(closed_at=None)
    if "subject" in query:
        found = found.filter(subject=get_subject(query["subject"], actor=actor))
    return take_page(found, query, of=of)


def _serialize_request(row: RightsRequest, parts: list[RequestPart]) -> dict[str, Any]:
    return serialize_row(RightsRequestOutput, row, kind=parts[0].kind, parts=[_serialize_part(part) for part in parts])


def _serialize_part(part: RequestPart) -> dict[str, Any]:
    unset = {"decision": part.decision or None, "refusal_code": part.refusal_code or None}
    return serialize_row(RightsPartOutput, part, **unset)


class DataRequestRefused(FieldProblem):
    """The guardian may not make this request."""

    problem = Problem(
        "guardian-may-not-ask",
        "This guardian may not make this request",
        "A copy requires a verified guardian who may receive data about the child; a deletion requires a verified one.",
    )


class AboutDataInput(StrictSerializer):
    """The guardian, and the request about the child's data."""

    guardian = TextField(max_length=255)
    wish = serializers.ChoiceField(Wish.values)
    text = TextField(required=False, allow_null=True, max_length=2_000)


class AboutDataOutput(serializers.Serializer[object]):
    """The rights request; ``id`` is the parent of its orders. It is null for ``keep``, which creates no request."""

    id = serializers.UUIDField(allow_null=True)
    number = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(Wish.values)
    state = serializers.ChoiceField(_WISH_STATES)
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class RequestOfGuardian(Operation):
    capabilities = {"POST": Capability.MANAGE_GUARDIANS}

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
        body: dict[str, Any] = {"kind": wish, "state": "kept", "received_at": at.isoformat()}
        body |= dict.fromkeys(("id", "number", "due_at"))
        if made is not None:
            parts = [part for part in list_parts(made) if part.kind == RIGHT_OF[wish]]
            body = serialize_row(AboutDataOutput, made, kind=wish, state=_state_of(wish, parts))
        return Response(body, HTTPStatus.CREATED)


def _state_of(wish: Wish, parts: list[RequestPart]) -> str:
    undecided = {part.decider for part in parts if not part.decision}
    if Decider.CLIENT in undecided:
        return "waits_for_client"
    if wish is Wish.COPY and any(part.decision in {Decision.GRANTED, Decision.PARTLY} for part in parts):
        return "ordered"
    return "waits_for_paktaleem" if undecided else "decided"


_LONGEST = 2_000
_STATES = [*CorrectionState.values, "waiting"]


class CorrectionInput(StrictSerializer):
    """One correction: a field with its old and new value, or ``other`` with ``about``, what it is about in words.

    An empty ``new_value`` removes an email address or a phone number.
    """

    beyond_schema = {
        "new_value": "Checked as the field of a person is.",
        "about": "Required for other, and only there.",
        "category": "For other only; a category that a system holds.",
    }

    field = serializers.ChoiceField(list(FIELD_LABELS))
    new_value = TextField(allow_blank=True, max_length=_LONGEST)
    old_value = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    about = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    evidence = TextField(required=False, allow_blank=True, max_length=_LONGEST)
    category = TextField(required=False, allow_blank=True, max_length=63)


class CorrectionOutput(serializers.Serializer[object]):
    """One correction without its texts. ``waiting``: granted, and to be confirmed by a second person."""

    id = serializers.UUIDField()
    field = serializers.ChoiceField(list(FIELD_LABELS))
    state = serializers.ChoiceField(_STATES)
    stated_at = serializers.DateTimeField(source="given_at")
    decided_at = serializers.DateTimeField(allow_null=True, source="settled_at")


class CorrectionsOutput(serializers.Serializer[object]):
    """The corrections of a request, in the order in which they were stated."""

    corrections = serializers.ListField(child=CorrectionOutput())


class Corrections(Operation):
    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS, "POST": Capability.RECEIVE_RIGHTS_REQUESTS}

    @extend_schema(responses=CorrectionsOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """List the corrections of a request with their states."""
        row = get_request(rights_request, actor=actor_of(request))
        waiting = waiting_fields(row)
        return Response({"corrections": [_serialize_correction(one, waiting) for one in list_corrections(row)]})

    @extend_schema(request=CorrectionInput, responses={201: CorrectionOutput})
    def post(self, request: Request, rights_request: UUID) -> Response:
        """State one correction: 201. Nothing changes before the controller has decided."""
        actor = actor_of(request)
        row = get_request(rights_request, actor=actor)
        given = validate_input(CorrectionInput, request.data)
        made = add_correction(row, Statement(**given), actor=actor, at=moment_of(request))
        return Response(_serialize_correction(made, set()), HTTPStatus.CREATED)


def _serialize_correction(row: Correction, waiting: set[str]) -> dict[str, Any]:
    waits = row.state == CorrectionState.MADE and row.field in waiting
    return serialize_row(CorrectionOutput, row, **({"state": "waiting"} if waits else {}))


class DisagreementInput(StrictSerializer):
    """A statement beside data that was not corrected; an empty ``text`` takes it back."""

    text = TextField(allow_blank=True, max_length=MOST_CHARACTERS)


class DisagreementOutput(serializers.Serializer[object]):
    """A statement of disagreement without its text: the categories of the data (none: all), and its time."""

    categories = serializers.ListField(child=serializers.CharField())
    stated_at = serializers.DateTimeField()


class ShownDisagreementOutput(DisagreementOutput):
    """A statement of disagreement with its text."""

    text = serializers.CharField()


class ShownDisagreementsOutput(serializers.Serializer[object]):
    """The statements of disagreement of a person, the newest first."""

    disagreements = ShownDisagreementOutput(many=True)


class DisagreementsInput(StrictSerializer):
    """The reason for which the statements are read, which is recorded."""

    reason = serializers.ChoiceField(Reason.values)


class StateDisagreement(Operation):
    capabilities = {"PUT": Capability.RECEIVE_RIGHTS_REQUESTS}

    @extend_schema(request=DisagreementInput, responses=DisagreementOutput)
    def put(self, request: Request, rights_request: UUID) -> Response:
        """Record the person's statement beside data whose correction was refused, replace it, or take it back."""
        actor = actor_of(request)
        given = validate_input(DisagreementInput, request.data)
        row = get_request(rights_request, actor=actor)
        made = state_disagreement(row, **given, actor=actor, at=moment_of(request))
        return Response(serialize_row(DisagreementOutput, made))


class ListDisagreements(Operation):
    capabilities = {"GET": Capability.REVEAL_PERSONAL_DATA}

    @extend_schema(parameters=[DisagreementsInput], responses=ShownDisagreementsOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """List what a person stated beside their data: hand it on whenever you share data of these categories."""
        actor = actor_of(request)
        query = validate_input(DisagreementsInput, request.query_params.dict())
        person = get_subject(external_id, actor=actor)
        found = reveal_disagreements(person, reason=query["reason"], actor=actor, at=moment_of(request))
        return Response({"disagreements": [serialize_row(ShownDisagreementOutput, one) for one in found]})


class CopyOutput(serializers.Serializer[object]):
    """The copy of a request for access or portability, without its content.

    ``state``: ``none`` if none was granted yet; ``collecting`` until every part is decided and every system has
    answered; ``choosing`` while staff choose the content; ``building``; ``ready``; ``failed``, with the reason in
    ``failure``; ``ended`` once it is deleted. It can be fetched, by the person with a code, once it is ready and the
    request is answered, until ``expires_at``. ``downloads`` counts how often it was fetched.
    """

    state = serializers.ChoiceField(["none", *PackageState.values])
    failure = serializers.ChoiceField(BuildFailure.values, allow_null=True)
    built_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    downloads = serializers.IntegerField()


class ShowCopy(Operation):
    capabilities = {"GET": Capability.VIEW_RIGHTS_REQUESTS}
    is_conditional = True

    @extend_schema(responses=CopyOutput)
    def get(self, request: Request, rights_request: UUID) -> Response:
        """Return how far the copy of a request is; the content goes to the person only."""
        package = find_package(get_request(rights_request, actor=actor_of(request)))
        if package is None:
            nothing = dict.fromkeys(("failure", "built_at", "expires_at", "ended_at"))
            return Response({"state": "none", **nothing, "downloads": 0})
        counted = {"failure": package.failure or None, "downloads": count_downloads(package)}
        return Response(serialize_row(CopyOutput, package, **counted))
