"""Public interfaces of cookies: the page for visitors, and the answers to the script.

They are open to the registered origins of the site only (CORS, Fetch Standard §3.2), and take no cookie and no key of
the API: the site key in the path is public.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from consent.cookies.models import BannerVersion, ChoiceSource, Visitor
from consent.cookies.selectors import (
    find_banner,
    find_client_of_site,
    find_visitor,
    get_open_origins,
    list_choices,
    name_categories,
)
from consent.cookies.services import (
    BannerOutdated,
    ChildMayNotAccept,
    ChoiceMade,
    NothingToChoose,
    delete_visitor,
    record_choice,
)
from paktaleem.directory.access_links.services import Limit, count_in_window
from paktaleem.directory.access_links.sessions import client_page, in_client_context
from paktaleem.foundation.accounts.middleware import get_client_time
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import get_public_url, get_remote_address
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.first_rows import FirstRows
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.web.api.problems import INVALID, NOT_FOUND, problem_response
from paktaleem.foundation.web.public.pages import error_page, page_url, public_page


def has_privacy_signal(request: HttpRequest) -> bool:
    """Return True for ``Sec-GPC: 1``; any other value counts as no signal, one of several that is 1 as a signal."""
    return any(value.strip() == "1" for value in request.headers.get("Sec-GPC", "").split(","))


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
_MANY = Problem("too-many-requests", "Too many requests", "Try again later.", status=HTTPStatus.TOO_MANY_REQUESTS)
_ORIGIN = Problem(
    "origin-not-registered",
    "This site is not registered for the page’s origin",
    "Register the origin of the page in the console, under Sites with the banner.",
    status=HTTPStatus.FORBIDDEN,
)
_METHOD = Problem("method-not-allowed", "This method is not allowed for this URL", status=HTTPStatus.METHOD_NOT_ALLOWED)
_LARGE = Problem("body-too-large", "The body is too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

type Answer = Callable[[HttpRequest, Client], HttpResponse]


class ChoiceInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    version: int
    language: Literal["en", "ur"]
    accepted: list[Literal["preferences", "analytics", "advertising"]]
    source: Literal["banner", "settings", "signal"]
    child: bool | None = None
    signal: bool = False
    visitor: UUID | None = None


class VisitorInput(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
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
    """Return the configuration of the banner; ``signal``: the browser sent ``Sec-GPC: 1``.

    ``child_unless_said``: a visitor whose page does not say otherwise counts as a child.
    """
    banner = find_banner(client.pk)
    content: dict[str, object] = banner.content if banner else {"categories": [], "texts": {}}
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


def _serialize(visitor: Visitor) -> dict[str, object]:
    return {
        "version": visitor.version,
        "accepted": visitor.given,
        "refused": visitor.refused,
        "first_at": visitor.first_at.isoformat(),
        "last_at": visitor.last_at.isoformat(),
    }


PAGE_LIMITS = (
    Limit("cookies-page/ip", 30, timedelta(minutes=1)),
    Limit("cookies-page/address", 120, timedelta(minutes=1)),
)
"""Choices and numbers sent with the form: per IP address, at all clients together, and per client."""
MOST_SHOWN, MOST_IN_COPY = 50, 5_000
"""Choices of one visitor, the newest ones: on the page, and in the copy."""
COOKIE_LIFE = timedelta(days=182)
_ON_PLATFORM = _("Optional cookies can be accepted only on the platform itself.")
_OUTDATED = _("The texts have changed. Please read them and choose again.")


@client_page
def show_cookies(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Show the page; a POST records the visitor's choice, finds that of a number, sends a copy, or deletes the link."""
    client = Client.objects.get(pk=client_id)
    if request.method != "POST":
        return _render(request, client)
    if not count_in_window(PAGE_LIMITS, address=str(client_id), ip=get_remote_address(request) or ""):
        return error_page(HTTPStatus.TOO_MANY_REQUESTS)
    if "copy" in request.POST:
        return _send_copy(request, client)
    if "delete" in request.POST:
        return _delete_link(request, client)
    return _find_choice(request, client) if "number" in request.POST else _take_choice(request, client)


def _find_choice(request: HttpRequest, client: Client) -> HttpResponse:
    token = _parse_uuid(request.POST["number"].strip())
    if find_visitor(client.pk, token) is None or token is None:
        refused = gettext("This number is not known here. Copy it from the cookie settings of the site.")
        return _render(request, client, number_error=refused, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _redirect(client, token, "#history")


def _delete_link(request: HttpRequest, client: Client) -> HttpResponse:
    token = _read_token(request, client)
    certificate = delete_visitor(client, token, at=get_client_time(request)) if token else ""
    response = _render(request, client, certificate=certificate)
    response.delete_cookie(_cookie_name(client), path=_page_url(client).partition("?")[0], samesite="Strict")
    return response


def _send_copy(request: HttpRequest, client: Client) -> HttpResponse:
    visitor = find_visitor(client.pk, _read_token(request, client))
    if visitor is None:
        return error_page(HTTPStatus.NOT_FOUND)
    choices = [
        {
            "recorded_at": one.recorded_at.isoformat(),
            "version": one.version.number,
            "language": one.language,
            "accepted": one.given,
            "refused": one.refused,
            "source": one.source,
            "privacy_signal": one.has_signal,
        }
        for one in list_choices(visitor, most=MOST_IN_COPY)
    ]
    named = {"Content-Disposition": 'attachment; filename="cookie-choices.json"', "Cache-Control": "no-store"}
    return JsonResponse({"client": client.code, **_serialize(visitor), "choices": choices}, headers=named)


def _take_choice(request: HttpRequest, client: Client) -> HttpResponse:
    accepted = [name.removeprefix("category_") for name, value in request.POST.items() if value == "accept"]
    version = request.POST.get("version", "")
    made = ChoiceMade(
        version=int(version) if re.fullmatch("[0-9]{1,9}", version) else 0,  # no version has the number 0
        language=_language(),
        accepted=accepted,
        source=ChoiceSource.PAGE,
        has_signal=has_privacy_signal(request),
        is_child=None,
    )
    try:
        recorded = record_choice(client, made, token=_read_token(request, client), at=get_client_time(request))
    except (BannerOutdated, NothingToChoose):
        return _render(request, client, error=_OUTDATED, status=HTTPStatus.CONFLICT)
    except ChildMayNotAccept:
        return _render(request, client, error=_ON_PLATFORM, status=HTTPStatus.FORBIDDEN)
    return _redirect(client, recorded.token, "&saved=1#choice")


def _redirect(client: Client, token: UUID, shown: str) -> HttpResponse:
    response = HttpResponse(status=HTTPStatus.FOUND, headers={"Location": f"{_page_url(client)}{shown}"})
    response.set_cookie(
        _cookie_name(client),
        str(token),
        max_age=COOKIE_LIFE,
        path=_page_url(client).partition("?")[0],
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def _page_url(client: Client) -> str:
    return page_url("cookies") if client.pk == PAKTALEEM else page_url("cookies-of", client.code)


def _cookie_name(client: Client) -> str:
    return f"cookie_choice_{client.code}"


def _read_token(request: HttpRequest, client: Client) -> UUID | None:
    return _parse_uuid(request.COOKIES.get(_cookie_name(client), ""))


def _render(request: HttpRequest, client: Client, *, status: int = HTTPStatus.OK, **values: Any) -> HttpResponse:
    banner = find_banner(client.pk)
    visitor = find_visitor(client.pk, _read_token(request, client))
    has_signal = has_privacy_signal(request)
    text = banner.content["texts"][_language()] if banner else {"categories": []}
    return public_page(
        request,
        "cookies/page.html",
        title=_("Cookies"),
        status=status,
        client=client,
        is_portal=client.pk == PAKTALEEM,
        support=settings.SUPPORT_ADDRESS,
        text=text,
        banner=banner,
        offered=_list_offered(client, banner, text, visitor, has_signal=has_signal),
        visitor=visitor,
        choices=_list_lines(visitor) if visitor else [],
        has_signal=has_signal,
        is_saved=visitor is not None and "saved" in request.GET,
        **values,
    )


def _list_lines(visitor: Visitor) -> FirstRows[dict[str, object]]:
    return list_choices(visitor, most=MOST_SHOWN).map(
        lambda one: {
            "recorded_at": one.recorded_at,
            "accepted": name_categories(one.given),
            "refused": name_categories(one.refused),
            "source": one.get_source_display(),
        }
    )


def _list_offered(
    client: Client, banner: BannerVersion | None, text: dict[str, Any], visitor: Visitor | None, *, has_signal: bool
) -> list[dict[str, object]]:
    if banner is None:
        return []
    words = {one["code"]: one for one in text["categories"]}
    given = set(visitor.given) if visitor else set()
    return [
        {
            **words[one["code"]],
            "is_given": one["code"] in given,
            "is_covered": has_signal and one["signal"],
            "may_accept": not client.serves_minors or one["code"] in given,
        }
        for one in banner.content["categories"]
    ]


def _language() -> str:
    return "ur" if (translation.get_language() or "").startswith("ur") else "en"


def _parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
