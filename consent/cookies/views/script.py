"""Answers to the script on a client's pages: configuration, and the visitor's choice, as JSON.

They are open to the registered origins of the site only (CORS, Fetch Standard §3.2), and take no cookie and no key of
the API: the site key in the path is public.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from consent.cookies.models.choices import ChoiceSource, Visitor
from consent.cookies.selectors import find_banner, find_client_of_site, find_visitor, get_open_origins
from consent.cookies.services.choices import ChoiceMade, record_choice
from consent.cookies.views.signal import has_privacy_signal
from paktaleem.directory.access_links.decorators import in_client_context
from paktaleem.directory.access_links.limits import Limit, count_in_window
from paktaleem.foundation.accounts.ip_addresses import get_public_url, get_remote_address
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.requests import get_client_time
from paktaleem.foundation.api.problems import INVALID, NOT_FOUND, problem_response
from paktaleem.foundation.errors import PortalError, Problem

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
CHOICE_LIMITS = (
    Limit("cookie-choices/address+ip", 60, _MINUTE),
    Limit("cookie-choices-daily/address+ip", 5_000, _DAY),
    Limit("cookie-choices/address", 300, _MINUTE),
)
"""Choices, each a row that stays: per site and IP address, which a whole school may share, and per site."""
QUESTION_LIMITS = (
    Limit("cookie-questions/address+ip", 300, _MINUTE),
    Limit("cookie-questions/address", 3_000, _MINUTE),
)
"""Questions about choices: a browser in use asks every five minutes, so that 1,500 may share an IP address."""
MOST_BYTES = 4096
CACHE_SECONDS = 300
_VARY = "Origin, Sec-GPC"
_MANY = Problem("too-many-requests", HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "Try again later.")
_ORIGIN = Problem(
    "origin-not-registered",
    HTTPStatus.FORBIDDEN,
    "This site is not registered for the page’s origin",
    "Register the origin of the page in the console, under Sites with the banner.",
)
_METHOD = Problem("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "This method is not allowed for this URL")
_LARGE = Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")

type Answer = Callable[[HttpRequest, Client], HttpResponse]


class ChoiceInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A choice as the script reports it."""

    version: int
    language: Literal["en", "ur"]
    accepted: list[Literal["preferences", "analytics", "advertising"]]
    source: Literal["banner", "settings", "signal"]
    child: bool | None = None
    signal: bool = False
    visitor: UUID | None = None


class VisitorInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A question about the choice in force."""

    visitor: UUID


def _site_view(method: str, limits: Sequence[Limit] = ()) -> Callable[[Answer], Callable[..., HttpResponse]]:
    """Answer in the context of the site's client, with the headers for its registered origins; errors are problems."""

    def decorate(answer: Answer) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(answer)
        def run(request: HttpRequest, key: str) -> HttpResponse:
            client_id = find_client_of_site(key) if key.isascii() and key.isprintable() else None
            if client_id is None:
                return problem_response(NOT_FOUND, request)
            return in_client_context(client_id, lambda: _answer(request, client_id, method, limits, answer))

        return run

    return decorate


def _answer(
    request: HttpRequest, client_id: UUID, method: str, limits: Sequence[Limit], answer: Answer
) -> HttpResponse:
    origin = request.headers.get("Origin")
    is_open = origin in get_open_origins(client_id)
    if request.method == "OPTIONS":
        response = HttpResponse(status=HTTPStatus.NO_CONTENT) if is_open else problem_response(_ORIGIN, request)
    elif request.method != method:
        response = problem_response(_METHOD, request)
        response["Allow"] = f"{method}, OPTIONS"
    elif not is_open and (method == "POST" or origin is not None):
        response = problem_response(_ORIGIN, request)
    else:
        response = _run(request, client_id, limits, answer)
    if is_open and origin is not None:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Methods"] = f"{method}, OPTIONS"
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Access-Control-Max-Age"] = "600"
    response["Vary"] = _VARY
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _run(request: HttpRequest, client_id: UUID, limits: Sequence[Limit], answer: Answer) -> HttpResponse:
    if not count_in_window(limits, address=str(client_id), ip=get_remote_address(request) or ""):
        return problem_response(_MANY, request)
    if len(request.body) > MOST_BYTES:
        return problem_response(_LARGE, request)
    try:
        return answer(request, Client.objects.get(pk=client_id))
    except msgspec.DecodeError as error:  # names the field and what is allowed
        return problem_response(replace(INVALID, detail=str(error)), request)
    except PortalError as error:
        if error.problem is None:
            raise
        return problem_response(error.problem, request)


@_site_view("GET")
def show_config(request: HttpRequest, client: Client) -> HttpResponse:
    """Return the configuration of the banner: categories and texts in both languages.

    ``child_unless_said`` says that a visitor whose page does not say otherwise counts as a child; ``signal`` that the
    browser sent ``Sec-GPC: 1``.
    """
    banner = find_banner(client.pk)
    content: dict[str, Any] = banner.content if banner else {"categories": [], "texts": {}}
    response = JsonResponse(
        {
            "version": banner.number if banner else 0,
            "asks_since": banner.asks_since if banner else 0,
            "child_unless_said": client.serves_minors,
            "signal": has_privacy_signal(request),
            "page": get_public_url(request) + reverse("cookies-of", args=[client.code]),
            **content,
        }
    )
    response["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    return response


@_site_view("POST", CHOICE_LIMITS)
def take_choice(request: HttpRequest, client: Client) -> HttpResponse:
    """Record a visitor's choice and return the one in force, with the number that the browser keeps."""
    given = msgspec.json.decode(request.body, type=ChoiceInput)
    made = ChoiceMade(
        version=given.version,
        language=given.language,
        accepted=given.accepted,
        source=ChoiceSource(given.source),
        has_signal=given.signal or has_privacy_signal(request),
        is_child=given.child,
    )
    recorded = record_choice(client, made, token=given.visitor, at=get_client_time(request))
    body = {"visitor": str(recorded.token), **_serialize(recorded.visitor)}
    return JsonResponse(body, status=HTTPStatus.CREATED)


@_site_view("POST", QUESTION_LIMITS)
def show_choice(request: HttpRequest, client: Client) -> HttpResponse:
    """Return the choice in force of a visitor; 404 if the number is not known, or not any more."""
    asked = msgspec.json.decode(request.body, type=VisitorInput)
    visitor = find_visitor(client.pk, asked.visitor)
    if visitor is None:
        return problem_response(NOT_FOUND, request)
    return JsonResponse(_serialize(visitor))


def _serialize(visitor: Visitor) -> dict[str, Any]:
    return {
        "version": visitor.version,
        "accepted": visitor.given,
        "refused": visitor.refused,
        "first_at": visitor.first_at.isoformat(),
        "last_at": visitor.last_at.isoformat(),
    }
