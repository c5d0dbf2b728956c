"""The decision for machines: OpenID AuthZEN Authorization API 1.0, the evaluation endpoint.

A denial is 200 with ``decision: false`` and the reason; errors are plain text. Unknown fields are ignored.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.api.answers import answer_context
from consent.decision import Decision, Question, Reason
from consent.selectors.decisions import KeyNotLive, decide_with_key
from consent.selectors.registers import RegisterUnsettled
from paktaleem.accounts.actors import NotAllowed
from paktaleem.accounts.middleware import bearer_token
from paktaleem.tenancy.ids import new_id

__all__ = ["evaluate"]


class _Subject(msgspec.Struct):
    type: str
    id: str


class _Action(msgspec.Struct):
    name: str


class _ResourceProperties(msgspec.Struct):
    categories: list[str] | None = None
    recipient: str | None = None


class _Resource(msgspec.Struct):
    type: str
    id: str
    properties: _ResourceProperties = msgspec.field(default_factory=_ResourceProperties)


class _Context(msgspec.Struct):
    time: datetime | None = None


class _Evaluation(msgspec.Struct):
    subject: _Subject
    action: _Action
    resource: _Resource
    context: _Context = msgspec.field(default_factory=_Context)

    def question(self, now: datetime) -> Question:
        """Turn the request into a question. Raises BadQuestion for a moment that cannot be asked about."""
        return Question(
            purpose=self.resource.id if self.resource.type == "purpose" else "",
            action=self.action.name,
            categories=_categories(self.resource.properties),
            recipient=self.resource.properties.recipient,
            at=_moment(self.context.time, now),
        )


class BadQuestion(ValueError):
    """The request is well-formed, but asks about a moment that cannot be answered for."""


_request = msgspec.json.Decoder(_Evaluation)
_json = msgspec.json.Encoder()


def _categories(properties: _ResourceProperties) -> frozenset[str] | None:
    return None if properties.categories is None else frozenset(properties.categories)


def _moment(asked: datetime | None, now: datetime) -> datetime:
    if asked is None:
        return now
    if asked.tzinfo is None:
        raise BadQuestion("context.time needs an offset, such as 2026-11-24T09:30:00+05:00")
    if asked > now:
        raise BadQuestion("context.time lies in the future: ask about now or the past")
    return asked


@csrf_exempt
@require_POST
def evaluate(request: HttpRequest) -> HttpResponse:
    """``POST /access/v1/evaluation``: may this be done with this person's data?"""
    response = _answer(request)
    if "X-Request-ID" in request.headers:
        response["X-Request-ID"] = request.headers["X-Request-ID"]
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    secret = bearer_token(request)
    if not secret:
        return _not_authenticated()
    try:
        asked = _read(request)
        question = asked.question(request.received_at)  # type: ignore[attr-defined]
        person = asked.subject.id if asked.subject.type == "end_user" else ""
        decision = decide_with_key(secret, person, question, now=request.received_at)  # type: ignore[attr-defined]
    except KeyNotLive:
        return _not_authenticated()
    except NotAllowed:
        return _text(HTTPStatus.FORBIDDEN, "This key may not ask for decisions.")
    except (msgspec.DecodeError, BadQuestion) as error:
        return _text(HTTPStatus.BAD_REQUEST, str(error))
    except RegisterUnsettled:
        decision = Decision(False, Reason.UNDECIDABLE, None, (), request.received_at)  # type: ignore[attr-defined]
    except DatabaseError:
        return _text(HTTPStatus.SERVICE_UNAVAILABLE, "No answer can be given now: deny, and ask again.")
    return _told(decision)


def _read(request: HttpRequest) -> _Evaluation:
    if request.content_type != "application/json":
        raise msgspec.DecodeError("Send Content-Type: application/json")
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise msgspec.DecodeError(f"A body has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes")
    return _request.decode(request.body)


def _told(decision: Decision) -> HttpResponse:
    context: dict[str, Any] = {**answer_context(decision), "decision_id": str(new_id())}
    body = _json.encode({"decision": decision.allowed, "context": context})
    return HttpResponse(body, content_type="application/json")


def _not_authenticated() -> HttpResponse:
    response = _text(HTTPStatus.UNAUTHORIZED, "A live API key is needed: Authorization: Bearer <key>.")
    response["WWW-Authenticate"] = 'Bearer realm="paktaleem"'
    return response


def _text(status: HTTPStatus, message: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
