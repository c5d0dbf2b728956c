"""API of decisions and their changes.

A denial is 200 with ``decision: false`` and the reason; errors are plain text. Unknown fields are ignored.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, Literal, NoReturn, Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from consent.decisions.facts import Decision, Question
from consent.decisions.log import Answered, decision_log
from consent.decisions.models import CHANGE_FEED, LogMode
from consent.decisions.reasons import Reason, remedy_for
from consent.decisions.selectors.changes import Position, get_latest_position, list_changes_since
from consent.decisions.selectors.decisions import (
    MAX_PAST_TIMES,
    EvaluationRequest,
    KeyNotLive,
    TimeInFuture,
    TooManyPastTimes,
    decide_all_purposes,
    decide_many_with_key,
    decide_with_key,
)
from consent.decisions.selectors.log import LogEntry, get_log_mode, list_log_since
from consent.notices.api import StandingOutput
from paktaleem.directory.people.details import ROLES
from paktaleem.directory.people.selectors import get_subject
from paktaleem.foundation.accounts.actors import NotAllowed, require
from paktaleem.foundation.accounts.middleware import EVALUATION, EVALUATIONS, ReceivedRequest, bearer_token
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.operations.metrics import count_decisions
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from paktaleem.foundation.web.api.operations import (
    Operation,
    actor_of,
    client_of,
    get_arrival_time,
    moment_of,
    paginated_response,
    read_cursor,
    sign_cursor,
    validate_input,
)
from paktaleem.foundation.web.api.serializers import CursorField, StrictSerializer, ZonedDateTimeField
from paktaleem.foundation.web.public.pages import public_page

MAX_EVALUATIONS = 1_000
"""Maximum number of evaluations in one request."""

_PEOPLE = frozenset({"end_user", "user"})

type Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class InvalidEvaluation(ValueError):
    """The request, or one of its evaluations, is not valid; the argument is the message."""


class _Subject(msgspec.Struct):
    type: str
    id: str
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _Action(msgspec.Struct):
    name: str
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _ResourceProperties(msgspec.Struct):
    categories: list[str] | None = None
    recipient: str | None = None


class _Resource(msgspec.Struct):
    type: str
    id: str
    properties: _ResourceProperties = msgspec.field(default_factory=_ResourceProperties)


class _Context(msgspec.Struct):
    time: datetime | None = None
    role: str | None = None


class _Item(msgspec.Struct):
    """One evaluation, or the defaults of a batch; each part is replaced as a whole."""

    subject: _Subject | msgspec.UnsetType = msgspec.UNSET
    action: _Action | msgspec.UnsetType = msgspec.UNSET
    resource: _Resource | msgspec.UnsetType = msgspec.UNSET
    context: _Context | msgspec.UnsetType = msgspec.UNSET

    def asked(self, defaults: "_Item") -> EvaluationRequest:
        """Return the question, using the defaults for missing parts. Raises InvalidEvaluation."""
        subject = self.subject or defaults.subject or _raise_missing("subject")
        action = self.action or defaults.action or _raise_missing("action")
        resource = self.resource or defaults.resource or _raise_missing("resource")
        context = self.context or defaults.context or _NO_CONTEXT
        if context.time is not None and context.time.tzinfo is None:
            raise InvalidEvaluation("context.time needs an offset, such as 2026-11-24T09:30:00+05:00")
        categories = resource.properties.categories
        is_about_person = subject.type in _PEOPLE
        question = partial(
            Question,
            purpose=resource.id,
            action=action.name,
            categories=None if categories is None else frozenset(categories),
            recipient=resource.properties.recipient,
            role=context.role,
            is_about_person=is_about_person,
            is_about_purpose=resource.type == "purpose",
        )
        return EvaluationRequest(subject.id if is_about_person else "", question, context.time)


class _Options(msgspec.Struct):
    evaluations_semantic: Semantic = "execute_all"


class _Batch(_Item):
    evaluations: list[msgspec.Raw] = []
    options: _Options = msgspec.field(default_factory=_Options)


class Batch(msgspec.Struct, frozen=True):
    """The evaluations of a request in order: questions or errors; ``single`` for a request without a list."""

    items: list[EvaluationRequest | InvalidEvaluation]
    semantic: Semantic
    single: bool

    @property
    def questions(self) -> list[EvaluationRequest]:
        return [one for one in self.items if isinstance(one, EvaluationRequest)]


_NO_CONTEXT = _Context()
_NO_DEFAULTS = _Item()
_item = msgspec.json.Decoder(_Item)
_batch = msgspec.json.Decoder(_Batch)


def read_question(body: bytes) -> EvaluationRequest:
    """Parse the body of an evaluation request. Raises InvalidEvaluation."""
    item = _decode(_item, body)
    _refuse_duplicate_names(body)
    return item.asked(_NO_DEFAULTS)


def read_batch(body: bytes) -> Batch:
    """Parse the body of an evaluations request; bad items become errors. Raises InvalidEvaluation for a bad request."""
    batch = _decode(_batch, body)
    if len(batch.evaluations) > MAX_EVALUATIONS:
        raise InvalidEvaluation(
            f"A request holds at most {MAX_EVALUATIONS:,} evaluations, not {len(batch.evaluations):,}."
        )
    _refuse_duplicate_names(body)
    if not batch.evaluations:
        return Batch([batch.asked(_NO_DEFAULTS)], batch.options.evaluations_semantic, single=True)
    items = [_read_item(raw, batch) for raw in batch.evaluations]
    return Batch(items, batch.options.evaluations_semantic, single=False)


def _read_item(raw: msgspec.Raw, defaults: _Item) -> EvaluationRequest | InvalidEvaluation:
    try:
        return _decode(_item, raw).asked(defaults)
    except InvalidEvaluation as error:
        return error


def _decode[T](decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidEvaluation(str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidEvaluation("The body is not UTF-8.") from error
    except RecursionError as error:
        raise InvalidEvaluation("The body nests too deeply.") from error


def _raise_missing(part: str) -> NoReturn:
    raise InvalidEvaluation(f"The {part} is missing.")


def _refuse_duplicate_names(text: bytes) -> None:
    """Raise InvalidEvaluation if an object has a name twice (RFC 7493 §2.3): parsers differ in which one they use."""
    try:
        json.loads(text, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise InvalidEvaluation("The body nests too deeply.") from error


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InvalidEvaluation("An object has a duplicate name.")


def serialize_decision_context(decision: Decision) -> dict[str, object]:
    """Return the context of a decision. A caller that cannot ask again by ``valid_until`` must deny."""
    context: dict[str, object] = {
        "reason": str(decision.reason),
        "role": decision.role,
        "role_named": decision.is_role_named,
        "lawful_basis": decision.lawful_basis,
        "evidence": decision.evidence,
        "valid_until": decision.valid_until,
    }
    remedy = remedy_for(decision.reason, is_child=decision.is_child, declared=decision.declared)
    if remedy is not None:
        urdu = {"text_ur": remedy.sentence_ur} if remedy.sentence_ur else {}
        context["remedy"] = {"text": remedy.sentence, "documentation": remedy.documentation, **urdu}
    return context


_MOST_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
_json = msgspec.json.Encoder()
_STOP_AT = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}


def _handle_errors(view: Callable[[ReceivedRequest], HttpResponse]) -> Callable[[ReceivedRequest], HttpResponse]:
    """Convert errors to AuthZEN's plain-text responses; a 400 is sent only to a live key, to disclose nothing else."""

    @csrf_exempt
    @wraps(view)
    def answer(request: ReceivedRequest) -> HttpResponse:
        try:
            response = _call_view(view, request)
        except RequestDataTooBig:
            response = _text_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {_MOST_BYTES:,} bytes.")
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _call_view(view: Callable[[ReceivedRequest], HttpResponse], request: ReceivedRequest) -> HttpResponse:
    if request.method != "POST":
        return _text_response(HTTPStatus.METHOD_NOT_ALLOWED, "Send POST.", Allow="POST")
    try:
        return view(request)
    except KeyNotLive:
        return _not_authenticated()
    except NotAllowed:
        return _text_response(HTTPStatus.FORBIDDEN, "This key may not request decisions.")
    except (InvalidEvaluation, TimeInFuture, TooManyPastTimes) as error:
        return _bad_request(request, error)
    except DatabaseError:
        words = "No decision is available now: deny, and ask again."
        return _text_response(HTTPStatus.SERVICE_UNAVAILABLE, words, **{"Retry-After": "1"})


def _bad_request(request: ReceivedRequest, error: Exception) -> HttpResponse:
    actor = find_key_actor(bearer_token(request), at=request.received_at)
    if actor is None:
        return _not_authenticated()
    try:
        require(actor, Capability.REQUEST_DECISIONS)
    except NotAllowed:
        return _text_response(HTTPStatus.FORBIDDEN, "This key may not request decisions.")
    return _text_response(HTTPStatus.BAD_REQUEST, _to_error_message(error))


@_handle_errors
def evaluate(request: ReceivedRequest) -> HttpResponse:
    """``POST /access/v1/evaluation``: decide one question."""
    return _decide_single(request, read_question(_read_body(request)))


@_handle_errors
def evaluate_many(request: ReceivedRequest) -> HttpResponse:
    """``POST /access/v1/evaluations``: decide many questions, in order (AuthZEN §7)."""
    batch = read_batch(_read_body(request))
    if batch.single:
        return _decide_single(request, batch.questions[0])
    decisions = decide_many_with_key(bearer_token(request), batch.questions, arrived_at=request.received_at)
    count_decisions((one.allowed, one.reason) for one in decisions if isinstance(one, Decision))
    return _json_response({"evaluations": _serialize_batch(batch, decisions)})


def _decide_single(request: ReceivedRequest, asked: EvaluationRequest) -> HttpResponse:
    decision = decide_with_key(bearer_token(request), asked, arrived_at=request.received_at)
    count_decisions([(decision.allowed, decision.reason)])
    return _json_response(_serialize_decision(decision))


@csrf_exempt
def show_metadata(request: HttpRequest) -> HttpResponse:
    """``GET /.well-known/authzen-configuration``: the URLs of the decision endpoints (AuthZEN §9)."""
    if request.method not in {"GET", "HEAD"}:
        return _text_response(HTTPStatus.METHOD_NOT_ALLOWED, "Send GET.", Allow="GET, HEAD")
    address = get_public_url(request)
    return _json_response(
        {
            "policy_decision_point": address,
            "access_evaluation_endpoint": f"{address}{EVALUATION}",
            "access_evaluations_endpoint": f"{address}{EVALUATIONS}",
        }
    )


def _read_body(request: HttpRequest) -> bytes:
    if not bearer_token(request):
        raise KeyNotLive
    if request.content_type != "application/json":
        raise InvalidEvaluation("Send Content-Type: application/json")
    return request.body


def _serialize_batch(batch: Batch, decisions: list[Decision | TimeInFuture]) -> list[dict[str, object]]:
    answers, ready, stop_at = [], iter(decisions), _STOP_AT[batch.semantic]
    for item in batch.items:
        found = next(ready) if isinstance(item, EvaluationRequest) else item
        if isinstance(found, Decision):
            answer = _serialize_decision(found)
        else:
            error = {"status": int(HTTPStatus.BAD_REQUEST), "message": _to_error_message(found)}
            answer = {"decision": False, "context": {"error": error}}
        answers.append(answer)
        if answer["decision"] is stop_at:
            break
    return answers


def _serialize_decision(decision: Decision) -> dict[str, object]:
    context = serialize_decision_context(decision)
    context["decision_id"] = new_id()
    return {"decision": decision.allowed, "context": context}


def _to_error_message(error: Exception) -> str:
    if isinstance(error, TimeInFuture):
        return "context.time is in the future: ask about now or the past"
    if isinstance(error, TooManyPastTimes):
        return f"A request asks about at most {MAX_PAST_TIMES} past times, not {error}."
    return str(error)


def _json_response(value: object) -> HttpResponse:
    return HttpResponse(_json.encode(value), content_type="application/json")


def _not_authenticated() -> HttpResponse:
    words, challenge = "A live API key is needed: Authorization: Bearer <key>.", 'Bearer realm="paktaleem"'
    return _text_response(HTTPStatus.UNAUTHORIZED, words, **{"WWW-Authenticate": challenge})


def _text_response(status: HTTPStatus, message: str, **headers: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8", headers=headers)


_CURSOR_REUSED_FOR = timedelta(days=1)


class CursorExpired(APIException):
    """The changes since the cursor are no longer available."""

    status_code = HTTPStatus.GONE
    default_code = "cursor-expired"
    default_detail = "This cursor is too old: delete all cached decisions, and send the request again without since."


class ChangesInput(StrictSerializer):
    """Input: the cursor and the page size."""

    since = CursorField(required=False)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1_000)


class ChangeOutput(serializers.Serializer[object]):
    """Output: one change; without a subject it concerns everyone."""

    kind = serializers.ChoiceField(["consent", "restriction", "objection", "subject", "same_person", "register"])
    subject = serializers.CharField(allow_null=True)
    id = serializers.UUIDField(allow_null=True)
    purpose = serializers.CharField(allow_null=True)


class ChangesOutput(serializers.Serializer[object]):
    """Output: changes in order, the next cursor, and the URL of the next page if there is one."""

    changes = ChangeOutput(many=True)
    cursor = serializers.CharField()
    next = serializers.CharField(allow_null=True)


class ListChanges(Operation):
    capabilities = {"GET": Capability.REQUEST_DECISIONS}
    is_conditional = True

    @extend_schema(parameters=[ChangesInput], responses=ChangesOutput)
    def get(self, request: Request) -> Response:
        """List changes since a cursor; without a cursor, return the current one and no changes.

        A cursor is valid for seven days, unless PakTaleem changed that; an older one is answered with 410.
        """
        query = validate_input(ChangesInput, request.query_params.dict())
        now, client_id = get_arrival_time(request), client_of(request)
        latest = get_latest_position()
        if "since" not in query:
            return Response({"changes": [], "cursor": _sign_position(latest, client_id, now), "next": None})
        cluster, xact, last, issued = read_cursor(query["since"], of=f"changes/{client_id}", name="since")
        position, issued_at = Position(cluster, xact, UUID(hex=last)), datetime.fromtimestamp(issued, UTC)
        if position.cluster != latest.cluster or issued_at < get_cutoff(CHANGE_FEED.code, at=now):
            raise CursorExpired
        page = list_changes_since(actor_of(request), client_id, position, most=query["limit"])
        is_reused = not page.changes and issued_at > now - _CURSOR_REUSED_FOR
        after = page.position if page.has_more or page.changes else latest
        cursor = query["since"] if is_reused else _sign_position(after, client_id, now)
        changes = [
            {"kind": one.kind, "subject": one.subject, "id": one.subject_id, "purpose": one.purpose}
            for one in page.changes
        ]
        answer = {"changes": changes, "cursor": cursor}
        return paginated_response(request, answer, {"since": cursor} if page.has_more else None)


class DecisionLogInput(StrictSerializer):
    """Input: the cursor, the page size, and which of the two logs, default the one that is kept."""

    since = CursorField(required=False)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1_000)
    log = serializers.ChoiceField([LogMode.COUNTS.value, LogMode.EVERY.value], required=False)


class LogEntryOutput(serializers.Serializer[object]):
    """Output: the decisions of an hour that agree in all this, or one decision; ``at`` is the hour, or its time.

    A count that grew is listed again under the same id: it replaces the one before.
    """

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    key = serializers.UUIDField()
    purpose = serializers.CharField(allow_null=True)
    action = serializers.CharField(allow_null=True)
    decision = serializers.BooleanField()
    reason = serializers.CharField()
    number = serializers.IntegerField()
    pseudonym = serializers.UUIDField(allow_null=True)


class DecisionLogOutput(serializers.Serializer[object]):
    """Output: what is logged now, which log this is, its entries in order, the next cursor and URL."""

    mode = serializers.ChoiceField(LogMode.values)
    log = serializers.ChoiceField([LogMode.COUNTS.value, LogMode.EVERY.value])
    entries = LogEntryOutput(many=True)
    cursor = serializers.CharField()
    next = serializers.CharField(allow_null=True)


class ListDecisionLog(Operation):
    capabilities = {"GET": Capability.REQUEST_DECISIONS}

    @extend_schema(parameters=[DecisionLogInput], responses=DecisionLogOutput)
    def get(self, request: Request) -> Response:
        """List the decisions of the client's keys that were logged since a cursor, or from the beginning.

        An entry is listed a second or so after its answer. A cursor is of one log; one from before the database was
        restored is answered with 410: begin again without it.
        """
        query, client_id = validate_input(DecisionLogInput, request.query_params.dict()), client_of(request)
        mode = get_log_mode(client_id)
        kind = LogMode(query.get("log", LogMode.EVERY if mode is LogMode.EVERY else LogMode.COUNTS))
        position, of = get_latest_position()._replace(xact=0), f"decision-log/{client_id}/{kind}"
        if "since" in query:
            cluster, xact, last = read_cursor(query["since"], of=of, name="since")
            if cluster != position.cluster:
                raise CursorExpired
            position = Position(cluster, xact, UUID(hex=last))
        page = list_log_since(actor_of(request), client_id, kind, position, most=query["limit"])
        after = page.position
        cursor = sign_cursor([after.cluster, after.xact, after.last.hex], of=of)
        answer = {"mode": mode, "log": kind, "entries": [*map(_serialize_entry, page.entries)], "cursor": cursor}
        return paginated_response(request, answer, {"since": cursor} if page.has_more else None)


def _serialize_entry(entry: LogEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "key": entry.key,
        "purpose": entry.purpose or None,
        "action": entry.action or None,
        "decision": entry.reason == Reason.PERMITTED,
        "reason": entry.reason,
        "number": entry.number,
        "pseudonym": entry.pseudonym,
    }


def _sign_position(position: Position, client_id: UUID, now: datetime) -> str:
    value = [position.cluster, position.xact, position.last.hex, int(now.timestamp())]
    return sign_cursor(value, of=f"changes/{client_id}")


class StandingInput(StrictSerializer):
    """Input: a past time, default now; and the role in which the person acts, default the strictest of theirs."""

    beyond_schema = {"time": "Not in the future."}

    time = ZonedDateTimeField(required=False)
    role = serializers.ChoiceField(ROLES, required=False)


class SubjectStanding(Operation):
    capabilities = {"GET": Capability.REQUEST_DECISIONS}

    @extend_schema(parameters=[StandingInput], responses=StandingOutput)
    def get(self, request: Request, external_id: str) -> Response:
        """Decide for each active purpose whether its data may be processed, with the reason."""
        query, now = validate_input(StandingInput, request.query_params.dict()), moment_of(request)
        at = query.get("time", now)
        if at > now:
            raise serializers.ValidationError({"time": ["Ask about now or the past."]})
        actor, client_id = actor_of(request), client_of(request)
        subject = get_subject(external_id, actor=actor)
        asked = {"role": query.get("role"), "at": at, "now": now}
        answers = decide_all_purposes(actor, client_id, external_id, **asked)
        logged = [Answered(subject.pk, Question(purpose=code, at=at), one) for code, one in answers.items()]
        decision_log.add(client_id, actor.id, get_arrival_time(request), answers, logged)
        return Response(
            {
                "subject": external_id,
                "time": at.isoformat(),
                "purposes": {
                    code: {"decision": one.allowed, **serialize_decision_context(one)} for code, one in answers.items()
                },
            }
        )


@require_safe
def show_reasons(request: HttpRequest) -> HttpResponse:
    """Show each reason with its code as anchor, in English; ``make docs`` writes ``decisions/reasons_text.html``."""
    return public_page(request, "decisions/reasons.html", same_for_all=True, title=_("Reasons of a decision"))


class Recorded(Protocol):
    """A recorded report: its key, and the reason code of the decision."""

    pk: UUID
    reason: str


class ReportResultOutput(serializers.Serializer[object]):
    """The result of one report of a batch: what was recorded, or what is wrong by field."""

    recorded = serializers.BooleanField()
    id = serializers.UUIDField(allow_null=True)
    decision = serializers.CharField(allow_null=True)
    flagged = serializers.BooleanField()
    problems = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


def serialize_report_result(
    made: Recorded | None, *, is_flagged: bool, errors: dict[str, list[str]]
) -> dict[str, object]:
    """Return a result for ``ReportResultOutput``; ``made`` is None if the report was left out."""
    return {
        "recorded": made is not None,
        "id": str(made.pk) if made else None,
        "decision": made.reason if made else None,
        "flagged": is_flagged,
        "problems": errors,
    }
