"""Recording, withdrawing and listing consents."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.shapes import ConsentEventOutput, ConsentEventsOutput, SubjectConsentsOutput
from consent.models import ConsentEvent, ConsentState, Method
from consent.models.consents import GivenBy
from consent.register import Register
from consent.selectors.consents import consent_events, consent_states, is_without_effect
from consent.selectors.registers import current_register
from consent.services import Answer, record_answers, withdraw_consent
from paktaleem.accounts.roles import Capability
from paktaleem.api.operations import Operation, actor_of, moment_of, validated
from paktaleem.api.paging import read_cursor, sign_cursor, with_next
from paktaleem.api.serializers import StrictSerializer, TextField, ZonedDateTimeField
from paktaleem.subjects.details import LANGUAGES
from paktaleem.subjects.models import Subject
from paktaleem.subjects.selectors import get_subject

__all__ = ["LONGEST_TOKEN", "METHODS", "RecordConsents", "SubjectConsents", "WithdrawConsent"]

_ANSWERS = ["given", "refused", "deferred", "requested", "withdrawn"]
METHODS = [method.value for method in Method if method not in {Method.CONSOLE, Method.SYSTEM}]
LONGEST_TOKEN = 4_000


class AnswerInput(StrictSerializer):
    """One answer about one purpose."""

    purpose = TextField(max_length=63)
    state = serializers.ChoiceField(_ANSWERS)
    shown = TextField(required=False, allow_null=True, max_length=LONGEST_TOKEN)


class ByInput(StrictSerializer):
    """Whose answer it is: the person's own, or that of a guardian named by LMS id."""

    kind = serializers.ChoiceField(["self", "guardian"])
    id = TextField(required=False, max_length=255)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for the guardian's id."""
        if attrs["kind"] == "guardian" and "id" not in attrs:
            raise serializers.ValidationError({"id": ["Name the guardian by LMS id."]})
        return attrs


class RecordConsentsInput(StrictSerializer):
    """Answers of one person, recorded together or not at all."""

    subject = TextField(max_length=255)
    answers = serializers.ListField(child=AnswerInput(), allow_empty=False, max_length=50)
    by = ByInput(required=False)
    notice_version = serializers.UUIDField(required=False, allow_null=True)
    shown = TextField(required=False, allow_null=True, max_length=LONGEST_TOKEN)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    claimed_at = ZonedDateTimeField(required=False, allow_null=True)
    evidence = TextField(required=False, allow_null=True, max_length=2_000)

    def validate_answers(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse two answers about one purpose."""
        if len({answer["purpose"] for answer in answers}) != len(answers):
            raise serializers.ValidationError("Answer each purpose once.")
        return answers


class WithdrawInput(StrictSerializer):
    """How a withdrawal reached the learning platform; everything may be left out."""

    by = ByInput(required=False)
    language = serializers.ChoiceField(LANGUAGES, default="en")
    method = serializers.ChoiceField(METHODS, default=Method.LMS.value)
    evidence = TextField(required=False, allow_null=True, max_length=2_000)


class RecordConsents(Operation):
    """``POST /api/v1/consents``."""

    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=RecordConsentsInput, responses={201: ConsentEventsOutput})
    def post(self, request: Request) -> Response:
        """Record answers: 201 with their events."""
        given = validated(RecordConsentsInput, request.data)
        subject = _subject(given["subject"], request)
        events = record_answers(
            subject,
            answers=[_answer(one) for one in given["answers"]],
            shown=given.get("shown"),
            notice_version=given.get("notice_version"),
            claimed_at=given.get("claimed_at"),
            evidence=given.get("evidence") or "",
            **_manner(given, request),
        )
        return Response({"events": [_event(event) for event in events]}, HTTPStatus.CREATED)


class WithdrawConsent(Operation):
    """``POST /api/v1/subjects/{external_id}/consents/{purpose}/withdraw``."""

    capabilities = {"POST": Capability.RECORD_CONSENTS}

    @extend_schema(request=WithdrawInput, responses=ConsentEventOutput)
    def post(self, request: Request, external_id: str, purpose: str) -> Response:
        """Withdraw: 200 with the event; again, the same event."""
        given = validated(WithdrawInput, request.data)
        subject = _subject(external_id, request)
        evidence = given.get("evidence") or ""
        return Response(
            _event(withdraw_consent(subject, purpose=purpose, evidence=evidence, **_manner(given, request)))
        )


class HistoryInput(StrictSerializer):
    """Where to go on in a long history, and how many events at most."""

    cursor = TextField(required=False, max_length=500)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)


class SubjectConsents(Operation):
    """``GET /api/v1/subjects/{external_id}/consents``."""

    capabilities = {"GET": Capability.VIEW_CONSENTS}
    is_conditional = True

    @extend_schema(parameters=[HistoryInput], responses=SubjectConsentsOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Show each purpose's state and the latest events; ``next`` is the address of the earlier ones."""
        asked = validated(HistoryInput, request.query_params.dict())
        subject = _subject(external_id, request)
        page, more = _history(subject, asked, request)
        register = current_register(subject.client_id)
        answer = {
            "subject": external_id,
            "consents": consent_states(subject, actor=actor_of(request), at=moment_of(request)),
            "history": [_past_answer(event, subject, register) for event in page],
        }
        return with_next(request, answer, {"cursor": more} if more else None)


def _history(subject: Subject, asked: dict[str, Any], request: Request) -> tuple[list[ConsentEvent], str | None]:
    """Give one page of a person's events, latest first, and the cursor of the earlier ones if there are any."""
    of = f"consents/{subject.client_id}/{subject.id}"
    events = consent_events(actor_of(request)).filter(client_id=subject.client_id, subject=subject).order_by("-id")
    if "cursor" in asked:
        events = events.filter(id__lt=UUID(read_cursor(asked["cursor"], of=of, name="cursor")))
    found = list(events[: asked["limit"] + 1])
    page = found[: asked["limit"]]
    return page, sign_cursor(str(page[-1].id), of=of) if len(found) > len(page) else None


def _subject(external_id: str, request: Request) -> Subject:
    return get_subject(external_id, actor=actor_of(request))


def _answer(given: dict[str, Any]) -> Answer:
    return Answer(given["purpose"], ConsentState(given["state"]), given.get("shown"))


def _manner(given: dict[str, Any], request: Request) -> dict[str, Any]:
    """Say who answered, how, in which language, through whom and when."""
    by = given.get("by") or {"kind": "self"}
    return {
        "given_by": GivenBy(by["kind"]),
        "guardian": _subject(by["id"], request) if by["kind"] == "guardian" else None,
        "language": given.get("language"),
        "method": Method(given["method"]),
        "actor": actor_of(request),
        "at": moment_of(request),
    }


def _event(event: ConsentEvent) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "purpose": event.purpose.code,
        "state": str(event.state),
        "recorded_at": event.recorded_at.isoformat(),
    }


def _past_answer(event: ConsentEvent, subject: Subject, register: Register) -> dict[str, Any]:
    return {
        **_event(event),
        "without_effect": is_without_effect(event, subject, register),
        "by": str(event.given_by),
        "method": str(event.method),
        "language": event.language,
        "notice_version": str(event.notice_version_id) if event.notice_version_id else None,
        "shown_at": event.shown_at.isoformat() if event.shown_at else None,
        "claimed_at": event.claimed_at.isoformat() if event.claimed_at else None,
        "expires_at": event.expires_at.isoformat() if event.expires_at else None,
        "renewal": event.is_renewal,
        "reason": event.reason or None,
    }
