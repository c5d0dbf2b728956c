"""The decision for machines: OpenID AuthZEN Authorization API 1.0, evaluation, evaluations and metadata.

A denial is 200 with ``decision: false`` and the reason; errors are plain text. Unknown fields are ignored.
"""

from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from consent.api.answers import answer_context
from consent.api.authzen import BadQuestion, Batch, read_batch, read_question
from consent.decision import Decision
from consent.selectors.decisions import (
    LATEST,
    Asked,
    KeyNotLive,
    Reading,
    decide_in_sandbox,
    decide_many_in_sandbox,
    decide_many_with_key,
    decide_with_key,
)
from paktaleem.accounts.actors import NotAllowed, require
from paktaleem.accounts.addresses import public_address
from paktaleem.accounts.middleware import bearer_token
from paktaleem.accounts.requests import ReceivedRequest
from paktaleem.accounts.roles import Capability
from paktaleem.accounts.selectors import actor_of_key, is_test_key
from paktaleem.tenancy.ids import new_id

__all__ = ["evaluate", "evaluate_many", "show_metadata"]

_MOST_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
_json = msgspec.json.Encoder()
_STOP_AT = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}


def _answered(view: Callable[[ReceivedRequest], HttpResponse]) -> Any:
    """Turn what goes wrong into AuthZEN's plain errors; nobody learns from a 400 without a live key."""

    @csrf_exempt
    @wraps(view)
    def answer(request: ReceivedRequest) -> HttpResponse:
        try:
            response = _guarded(view, request)
        except RequestDataTooBig:
            response = _text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {_MOST_BYTES:,} bytes.")
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _guarded(view: Callable[[ReceivedRequest], HttpResponse], request: ReceivedRequest) -> HttpResponse:
    if request.method != "POST":
        response = _text(HTTPStatus.METHOD_NOT_ALLOWED, "Send POST.")
        response["Allow"] = "POST"
        return response
    try:
        return view(request)
    except KeyNotLive:
        return _not_authenticated()
    except NotAllowed:
        return _text(HTTPStatus.FORBIDDEN, "This key may not ask for decisions.")
    except BadQuestion as error:
        return _bad_request(request, error)
    except DatabaseError:
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, "No answer can be given now: deny, and ask again.")


def _bad_request(request: ReceivedRequest, error: BadQuestion) -> HttpResponse:
    actor = actor_of_key(bearer_token(request), at=request.received_at)
    if actor is None:
        return _not_authenticated()
    try:
        require(actor, Capability.ASK_DECISIONS)
    except NotAllowed:
        return _text(HTTPStatus.FORBIDDEN, "This key may not ask for decisions.")
    return _text(HTTPStatus.BAD_REQUEST, str(error))


@_answered
def evaluate(request: ReceivedRequest) -> HttpResponse:
    """``POST /access/v1/evaluation``: may this be done with this person's data?"""
    return _json_answer(_told(_decide(request, partial(read_question, _body(request)))))


@_answered
def evaluate_many(request: ReceivedRequest) -> HttpResponse:
    """``POST /access/v1/evaluations``: many questions at once, answered in their order (AuthZEN §7)."""
    reading = partial(read_batch, _body(request))
    batch = reading(LATEST if is_test_key(bearer_token(request)) else request.received_at)
    if batch.single:
        return _json_answer(_told(_decide(request, lambda now: reading(now).questions[0])))
    return _json_answer({"evaluations": _told_in_order(*_decide_all(request, reading, batch))})


@csrf_exempt
def show_metadata(request: HttpRequest) -> HttpResponse:
    """``GET /.well-known/authzen-configuration``: where decisions are asked for (AuthZEN §9)."""
    if request.method not in {"GET", "HEAD"}:
        response = _text(HTTPStatus.METHOD_NOT_ALLOWED, "Send GET.")
        response["Allow"] = "GET, HEAD"
        return response
    address = public_address(request)
    return _json_answer(
        {
            "policy_decision_point": address,
            "access_evaluation_endpoint": f"{address}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{address}/access/v1/evaluations",
        }
    )


def _body(request: HttpRequest) -> bytes:
    if not bearer_token(request):
        raise KeyNotLive
    if request.content_type != "application/json":
        raise BadQuestion("Send Content-Type: application/json")
    return request.body


def _decide(request: ReceivedRequest, reading: Reading[Asked]) -> Decision:
    key, arrived_at = bearer_token(request), request.received_at
    if is_test_key(key):
        return decide_in_sandbox(key, reading, arrived_at=arrived_at)
    asked = reading(arrived_at)
    return decide_with_key(key, asked.person, asked.question, now=arrived_at)


def _decide_all(request: ReceivedRequest, reading: Reading[Batch], batch: Batch) -> tuple[Batch, list[Decision]]:
    """Answer the questions of a batch; by a sandbox's own clock it is read anew, since it may read otherwise then."""
    key, arrived_at = bearer_token(request), request.received_at
    if not is_test_key(key):
        return batch, decide_many_with_key(key, batch.questions, now=arrived_at)
    now, decisions = decide_many_in_sandbox(key, lambda now: reading(now).questions, arrived_at=arrived_at)
    return reading(now), decisions


def _told_in_order(batch: Batch, decisions: list[Decision]) -> list[dict[str, Any]]:
    """Give the answers in the order asked, up to the first that ends it under the request's semantic."""
    answers, ready, stop_at = [], iter(decisions), _STOP_AT[batch.semantic]
    for item in batch.items:
        answer = _told(next(ready)) if isinstance(item, Asked) else _failed(item)
        answers.append(answer)
        if answer["decision"] is stop_at:
            break
    return answers


def _told(decision: Decision) -> dict[str, Any]:
    context = answer_context(decision)
    context["decision_id"] = new_id()
    return {"decision": decision.allowed, "context": context}


def _failed(error: BadQuestion) -> dict[str, Any]:
    return {"decision": False, "context": {"error": {"status": int(HTTPStatus.BAD_REQUEST), "message": str(error)}}}


def _json_answer(value: Any) -> HttpResponse:
    return HttpResponse(_json.encode(value), content_type="application/json")


def _not_authenticated() -> HttpResponse:
    response = _text(HTTPStatus.UNAUTHORIZED, "A live API key is needed: Authorization: Bearer <key>.")
    response["WWW-Authenticate"] = 'Bearer realm="paktaleem"'
    return response


def _text(status: HTTPStatus, message: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
