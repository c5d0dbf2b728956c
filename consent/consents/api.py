"""API: recording, withdrawing and listing consents."""

from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from children.guardians.api import NO_CARD_NUMBER
from consent.consents.models import ConsentState, GivenBy, Method
from consent.consents.selectors.consents import consent_events, consent_states, get_event, is_without_effect
from consent.consents.services.consent_basis import METHODS_WITHOUT_TOKEN, add_evidence_file
from consent.consents.services.recording import Answer, AnswerArguments, record_answers, withdraw_consent
from consent.consents.services.revocation import acknowledge_policy
from consent.notices.api import ConsentEventOutput, ConsentEventsOutput, PastAnswerOutput, SubjectConsentsOutput
from consent.notices.selectors.registers import current_register
from paktaleem.directory.files.bodies import FILE_BODY, FileParser
from paktaleem.directory.people.details import LANGUAGES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    by_caller,
    moment_of,
    paginated_response,
    take_page,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import (
    PageInput,
    SignedTextField,
    StrictSerializer,
    TextField,
    ZonedDateTimeField,
    serialize_row,
)

_ANSWERS = ["given", "refused", "deferred", "requested", "withdrawn"]
METHODS = [method.value for method in Method if method not in {Method.CONSOLE, Method.SYSTEM}]
MAX_TOKEN_LENGTH = 4_000


HAS_TOKEN = {"required": ["shown"], "properties": {"shown": {"type": "string"}}}
"""Schema of input with the token of a notice."""
_WITHOUT_TOKEN = {"enum": sorted(one.value for one in METHODS_WITHOUT_TOKEN)}
_HAS_EVIDENCE = {
    "required": ["method", "evidence"],
    "properties": {"method": _WITHOUT_TOKEN, "evidence": {"type": "string"}},
}
_NEEDS_NO_TOKEN = {
    "properties": {"answers": {"items": {"anyOf": [{"properties": {"state": {"enum": _ANSWERS[1:]}}}, HAS_TOKEN]}}}
}


class AnswerInput(StrictSerializer):
    """Input: one answer about one purpose."""

    purpose = TextField(max_length=63)
    state = serializers.ChoiceField(_ANSWERS)
    shown = SignedTextField(required=False, allow_null=True, max_length=MAX_TOKEN_LENGTH)


class ByInput(StrictSerializer):
    """Input: who answered: the person, or a guardian given by LMS id."""

    schema_rules = {"anyOf": [{"properties": {"kind": {"enum": ["self"]}}}, {"required": ["id"]}]}

    kind = serializers.ChoiceField(["self", "guardian"])
    id = TextField(required=False, max_length=255)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == "guardian" and "id" not in attrs:
            raise serializers.ValidationError({"id": ["Name the guardian by LMS id."]})
        return attrs


class RecordConsentsInput(StrictSerializer):
    """Input: answers of one person, recorded together or not at all."""

    schema_rules = {"anyOf": [HAS_TOKEN, _HAS_EVIDENCE, _NEEDS_NO_TOKEN]}
    beyond_schema = {
        "answers": "Each purpose once.",
        "shown": "A token that came with a notice, unchanged; also the one beside an answer.",
        "claimed_at": "Not in the future.",
        "evidence": NO_CARD_NUMBER,
    }

    subject = TextField(max_length=255)
    answers = serializers.ListField(child=AnswerInput(), allow_empty=False, min_length=1, max_length=50)
    by = ByInput(required=False)
    notice_version = serializers.UUIDField(required=False, allow_null=True)
    shown = SignedTextField(required=False, allow_null=True, max_length=MAX_TOKEN_LENGTH)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    claimed_at = ZonedDateTimeField(required=False, allow_null=True)
    evidence = TextField(required=False, allow_null=True, max_length=2_000)

    def validate_answers(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({answer["purpose"] for answer in answers}) != len(answers):
            raise serializers.ValidationError("Answer each purpose once.")
        return answers


class WithdrawInput(StrictSerializer):
    """Input: how a withdrawal was received; every field is optional."""

    beyond_schema = {"evidence": NO_CARD_NUMBER}

    by = ByInput(required=False)
    language = serializers.ChoiceField(LANGUAGES, default="en")
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    evidence = TextField(required=False, allow_null=True, max_length=2_000)


class RecordConsents(Operation):
    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=RecordConsentsInput, responses={201: ConsentEventsOutput})
    def post(self, request: Request) -> Response:
        """Record answers: 201 with their events."""
        given = validate_input(RecordConsentsInput, request.data)
        subject = get_subject(given["subject"], actor=actor_of(request))
        events = record_answers(
            subject,
            answers=[Answer(one["purpose"], ConsentState(one["state"]), one.get("shown")) for one in given["answers"]],
            shown=given.get("shown"),
            notice_version=given.get("notice_version"),
            claimed_at=given.get("claimed_at"),
            evidence=given.get("evidence") or "",
            **_answer_arguments(given, request),
        )
        return Response({"events": [serialize_row(ConsentEventOutput, event) for event in events]}, HTTPStatus.CREATED)


class WithdrawConsent(Operation):
    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=WithdrawInput, responses=ConsentEventOutput)
    def post(self, request: Request, external_id: str, purpose: str) -> Response:
        """Withdraw a consent (GDPR Art. 7(3)): 200 with the event; again, the same event."""
        given = validate_input(WithdrawInput, request.data)
        subject = get_subject(external_id, actor=actor_of(request))
        evidence, arguments = given.get("evidence") or "", _answer_arguments(given, request)
        event = withdraw_consent(subject, purpose=purpose, evidence=evidence, **arguments)
        return Response(serialize_row(ConsentEventOutput, event))


class SubjectConsents(Operation):
    capabilities = {"GET": Capability.VIEW_CONSENTS}
    is_conditional = True

    @extend_schema(parameters=[PageInput], responses=SubjectConsentsOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """List the state of each purpose and the latest events; ``next`` is the URL of earlier events."""
        query = validate_input(PageInput, request.query_params.dict())
        subject = get_subject(external_id, actor=actor_of(request))
        register, of = current_register(subject.client_id), f"consents/{subject.client_id}/{subject.id}"
        events = consent_events(actor_of(request)).filter(client_id=subject.client_id, subject=subject).order_by("-id")
        page, more = take_page(events, query, of=of, newest_first=True)
        history = [
            serialize_row(
                PastAnswerOutput,
                event,
                without_effect=is_without_effect(event, subject, register),
                reason=event.reason or None,
            )
            for event in page
        ]
        consents = consent_states(subject, actor=actor_of(request), at=moment_of(request))
        answer = {"subject": external_id, "consents": consents, "history": history}
        return paginated_response(request, answer, more)


def _answer_arguments(given: dict[str, Any], request: Request) -> AnswerArguments:
    by = given.get("by") or {"kind": "self"}
    return {
        "given_by": GivenBy(by["kind"]),
        "guardian": get_subject(by["id"], actor=actor_of(request)) if by["kind"] == "guardian" else None,
        "language": given.get("language"),
        "method": Method(given["method"]),
        "actor": actor_of(request),
        "at": moment_of(request),
    }


class AcknowledgeInput(StrictSerializer):
    """Input: who acknowledges the policy, and the token (on paper or by telephone: the version)."""

    schema_rules = {"anyOf": [HAS_TOKEN, {"required": ["method"], "properties": {"method": _WITHOUT_TOKEN}}]}
    beyond_schema = {
        "shown": "A token that came with the privacy policy, unchanged.",
        "claimed_at": "Not in the future.",
    }

    subject = TextField(max_length=255)
    shown = SignedTextField(required=False, allow_null=True, max_length=MAX_TOKEN_LENGTH)
    notice_version = serializers.UUIDField(required=False, allow_null=True)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    claimed_at = ZonedDateTimeField(required=False, allow_null=True)


class AcknowledgementOutput(serializers.Serializer[object]):
    """Output: one acknowledgement of one version of the policy."""

    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    language = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class AcknowledgePolicy(Operation):
    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=AcknowledgeInput, responses=AcknowledgementOutput)
    def post(self, request: Request) -> Response:
        """Record that a person has seen the privacy policy, which is not a consent: 200. Idempotent per version."""
        given = validate_input(AcknowledgeInput, request.data)
        subject, method = get_subject(given.pop("subject"), actor=actor_of(request)), Method(given.pop("method"))
        acknowledgement = acknowledge_policy(subject, method=method, **given, **by_caller(request))
        return Response(serialize_row(AcknowledgementOutput, acknowledgement))


class EvidenceOutput(serializers.Serializer[object]):
    """Output: added evidence."""

    id = serializers.UUIDField()
    event = serializers.UUIDField(source="event_id")
    kind = serializers.CharField(source="file.kind")
    size = serializers.IntegerField(source="file.size")
    added_at = serializers.DateTimeField()


class AddEvidence(Operation):
    capabilities = {"POST": Capability.RECORD_CONSENTS}
    parser_classes = (FileParser,)

    @extend_schema(request=FILE_BODY, responses={201: EvidenceOutput})
    def post(self, request: Request, event: UUID) -> Response:
        """Store the body, a PDF, JPEG or PNG, encrypted as evidence of the answer (GDPR Art. 7(1)).

        It has at most 10 MiB, unless the operator changed that. It is opened only in the console.
        """
        found = get_event(event, actor=actor_of(request))
        content = getattr(request.data, "content", b"")  # an empty body is not parsed
        evidence = add_evidence_file(found, BytesIO(content), **by_caller(request))
        return Response(serialize_row(EvidenceOutput, evidence), HTTPStatus.CREATED)
