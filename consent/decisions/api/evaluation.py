"""The decision API: OpenID AuthZEN Authorization API 1.0, evaluation, evaluations and metadata.

A denial is 200 with ``decision: false`` and the reason; errors are plain text. Unknown fields are ignored.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from consent.decisions.api.authzen import Batch, InvalidEvaluation, read_batch, read_question
from consent.decisions.api.decision_context import serialize_decision_context
from consent.decisions.facts import Decision
from consent.decisions.selectors.decisions import (
    MAX_PAST_TIMES,
    EvaluationRequest,
    KeyNotLive,
    TimeInFuture,
    TooManyPastTimes,
    decide_many_with_key,
    decide_with_key,
)
from paktaleem.foundation.accounts.actors import NotAllowed, require
from paktaleem.foundation.accounts.decision_paths import EVALUATION, EVALUATIONS
from paktaleem.foundation.accounts.ip_addresses import get_public_url
from paktaleem.foundation.accounts.middleware import bearer_token
from paktaleem.foundation.accounts.requests import ReceivedRequest
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.metrics.counters import count_decisions
from paktaleem.foundation.tenancy.ids import new_id

_MOST_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
_json = msgspec.json.Encoder()
_STOP_AT = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}


def _handle_errors(view: Callable[[ReceivedRequest], HttpResponse]) -> Any:
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
        response = _text_response(HTTPStatus.METHOD_NOT_ALLOWED, "Send POST.")
        response["Allow"] = "POST"
        return response
    try:
        return view(request)
    except KeyNotLive:
        return _not_authenticated()
    except NotAllowed:
        return _text_response(HTTPStatus.FORBIDDEN, "This key may not request decisions.")
    except (InvalidEvaluation, TimeInFuture, TooManyPastTimes) as error:
        return _bad_request(request, error)
    except DatabaseError:
        response = _text_response(HTTPStatus.SERVICE_UNAVAILABLE, "No decision is available now: deny, and ask again.")
        response["Retry-After"] = "1"
        return response


def _bad_request(request: ReceivedRequest, error: Exception) -> HttpResponse:
    actor = find_key_actor(bearer_token(request), at=request.received_at)
    if actor is None:
        return _not_authenticated()
    try:
        require(actor, Capability.REQUEST_DECISIONS)
    except NotAllowed:
        return _text_response(HTTPStatus.FORBIDDEN, "This key may not request decisions.")
    return _text_response(HTTPStatus.BAD_REQUEST, _error_message(error))


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
        response = _text_response(HTTPStatus.METHOD_NOT_ALLOWED, "Send GET.")
        response["Allow"] = "GET, HEAD"
        return response
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


def _serialize_batch(batch: Batch, decisions: list[Decision | TimeInFuture]) -> list[dict[str, Any]]:
    """Serialize the decisions in order, up to the first that ends the batch under its semantic."""
    answers, ready, stop_at = [], iter(decisions), _STOP_AT[batch.semantic]
    for item in batch.items:
        answer = _serialize_answer(next(ready) if isinstance(item, EvaluationRequest) else item)
        answers.append(answer)
        if answer["decision"] is stop_at:
            break
    return answers


def _serialize_answer(answer: Decision | TimeInFuture | InvalidEvaluation) -> dict[str, Any]:
    return _serialize_decision(answer) if isinstance(answer, Decision) else _serialize_error(answer)


def _serialize_decision(decision: Decision) -> dict[str, Any]:
    context = serialize_decision_context(decision)
    context["decision_id"] = new_id()
    return {"decision": decision.allowed, "context": context}


def _serialize_error(error: Exception) -> dict[str, Any]:
    message = _error_message(error)
    return {"decision": False, "context": {"error": {"status": int(HTTPStatus.BAD_REQUEST), "message": message}}}


def _error_message(error: Exception) -> str:
    if isinstance(error, TimeInFuture):
        return "context.time is in the future: ask about now or the past"
    if isinstance(error, TooManyPastTimes):
        return f"A request asks about at most {MAX_PAST_TIMES} past times, not {error}."
    return str(error)


def _json_response(value: Any) -> HttpResponse:
    return HttpResponse(_json.encode(value), content_type="application/json")


def _not_authenticated() -> HttpResponse:
    response = _text_response(HTTPStatus.UNAUTHORIZED, "A live API key is needed: Authorization: Bearer <key>.")
    response["WWW-Authenticate"] = 'Bearer realm="paktaleem"'
    return response


def _text_response(status: HTTPStatus, message: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
