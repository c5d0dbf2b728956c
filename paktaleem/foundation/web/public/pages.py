"""Rendering of public pages: one base template, two languages, cache headers."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header

from paktaleem.foundation.tenancy.context import is_in_sandbox

# Public pages take the language from the address, so that they need no cookie; staff pages keep it in one, and ignore
# Accept-Language, because an office shares computers.


LANGUAGE_PARAMETER = "lang"
COOKIE_AGE = timedelta(days=365)
_API_PATHS = ("/api/", "/access/", "/.well-known/", "/healthz", "/readyz")
STAFF_PATHS = ("/admin/", "/accounts/")


class LanguageMiddleware:
    """Set the language of each response.

    API responses are in English. Public pages follow ``?lang=``, then Accept-Language, and store nothing. Staff
    pages store ``?lang=`` in a cookie and remove it from the URL; without it they are in English.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for_staff = request.path.startswith(STAFF_PATHS)
        if for_staff and request.method == "GET" and (requested := get_requested_language(request)):
            return _store_choice(request, requested)
        language = _choose_language(request, for_staff=for_staff)
        with translation.override(language):
            response = self.get_response(request)
        if not request.path.startswith(_API_PATHS):
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Cookie" if for_staff else "Accept-Language"])
        return response


def get_requested_language(request: HttpRequest) -> str | None:
    """Return the language requested in the URL if it is supported, else None."""
    return _supported_or_none(request.GET.get(LANGUAGE_PARAMETER))


def _supported_or_none(code: str | None) -> str | None:
    return code if code in dict(settings.LANGUAGES) else None


def _choose_language(request: HttpRequest, *, for_staff: bool) -> str:
    if request.path.startswith(_API_PATHS):
        return settings.LANGUAGE_CODE
    if for_staff:
        return _supported_or_none(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)) or settings.LANGUAGE_CODE
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    wanted = [get_requested_language(request), *(_supported_or_none(code.split("-")[0]) for code, _quality in accepted)]
    return next(filter(None, wanted), settings.LANGUAGE_CODE)


def _store_choice(request: HttpRequest, language: str) -> HttpResponse:
    rest = [(name, value) for name, values in request.GET.lists() for value in values if name != LANGUAGE_PARAMETER]
    response = HttpResponseRedirect(request.path + (f"?{urlencode(rest)}" if rest else ""))
    name, is_secure = settings.LANGUAGE_COOKIE_NAME, settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, language, max_age=COOKIE_AGE, secure=is_secure, httponly=True, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


type Words = str | Promise

OWN_PAGE = "own_page"
"""Attribute of the view of a person's own page: the name of the page that a session of it begins with."""
SHARED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class LanguageLink:
    code: str
    name: str
    url: str
    is_current: bool


type PageValues = dict[str, Any]
"""The values that a template shows, by name."""


def public_page(
    request: HttpRequest,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    form: BaseForm | None = None,
    same_for_all: bool = False,
    **values: object,
) -> HttpResponse:
    """Render a page based on ``public/base.html`` in the request's language, with a mark inside a sandbox.

    A ``form`` that was sent is shown again because it is invalid: the status is then 422, unless another one is given.
    The response is not cached, as it may concern a person; with ``same_for_all`` shared caches may store it for
    five minutes.
    """
    if form is not None and form.is_bound and status == HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    html = render_to_string(template, {**_base_context(request.GET.copy()), "form": form, **values}, request)
    return _to_response(html, status, f"public, max-age={SHARED_SECONDS}" if same_for_all else "no-store")


def show_front(request: HttpRequest) -> HttpResponse:
    """Redirect staff to the console; show the way to the public pages, and to the sign-in, to everyone else."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return HttpResponseRedirect(reverse("admin:index"))
    return public_page(request, "public/front.html", title=_("Privacy at PakTaleem"))


def page_url(name: str, *args: object, done: str = "") -> str:
    """Return the URL of a route in the current language; ``done`` is the code of the message that the page shows."""
    query = {LANGUAGE_PARAMETER: _current_language(), **({"done": done} if done else {})}
    return f"{reverse(name, args=args)}?{urlencode(query)}"


def redirect_to_page(name: str, *args: object, done: str = "") -> HttpResponse:
    """Redirect to a route in the current language; ``done`` as for ``page_url``."""
    return HttpResponseRedirect(page_url(name, *args, done=done))


def error_page(
    status: int, *, title: Words | None = None, advice: Words | None = None, is_for_staff: bool = False
) -> HttpResponse:
    """Render an error page; ``title`` and ``advice`` replace the default texts of the HTTP status number.

    Uses neither the request nor the database, as either may be the cause of the error.
    """
    usual_title, usual_advice = _TEXTS.get(status, _TEXTS[HTTPStatus.INTERNAL_SERVER_ERROR])
    words = {"title": title or usual_title, "advice": advice or usual_advice, "is_for_staff": is_for_staff}
    html = render_to_string("public/error.html", {**_base_context(None), **words})
    return _to_response(html, status, "no-store")


def expired_page(*, way_back: str, is_for_staff: bool) -> HttpResponse:
    """Render the page of a form without a valid token: a link to ``way_back``, and what becomes of the typed text."""
    values = {"title": _("The form has expired"), "way_back": way_back, "is_for_staff": is_for_staff}
    html = render_to_string("public/form_expired.html", {**_base_context(None), **values})
    return _to_response(html, HTTPStatus.FORBIDDEN, "no-store")


def _base_context(query: QueryDict | None) -> dict[str, object]:
    links, query = [], QueryDict(mutable=True) if query is None else query
    for code, name in settings.LANGUAGES:
        query[LANGUAGE_PARAMETER] = code
        links.append(LanguageLink(code, name, f"?{query.urlencode()}", code == _current_language()))
    return {"languages": links, "is_sandbox": is_in_sandbox()}


def _to_response(html: str, status: int, cached: str) -> HttpResponse:
    return HttpResponse(html, status=status, headers={"Cache-Control": cached, "Content-Language": _current_language()})


def _current_language() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


_TRY_AGAIN = _("Go back and try again.")
_DEFECT = _("Nothing was changed. Please try again. If the error occurs again, contact PakTaleem.")
_TEXTS: dict[int, tuple[Words, Words]] = {
    400: (_("This request is not valid"), _TRY_AGAIN),
    403: (_("No access"), _("You do not have permission to see this page or to do this.")),
    404: (_("Page not found"), _("This page does not exist, or you do not have access to it.")),
    405: (_("This cannot be sent here"), _("The page does not accept this kind of request. Go back and try again.")),
    408: (_("This took too long"), _("The data you sent did not arrive in time. Go back and try again.")),
    411: (_("This request is not valid"), _TRY_AGAIN),
    413: (_("Too large"), _("The data you sent is too large. Send less data or a smaller file.")),
    429: (_("Too many attempts"), _("You have tried too often. Wait 15 minutes, then try again.")),
    500: (_("Something went wrong"), _DEFECT),
    503: (_("Temporarily unavailable"), _("The portal is not ready yet. Please try again in a minute.")),
}
OUTSIDE_LIMIT: Words = _(
    "Your role is limited to some schools. This concerns the whole institution or people of other schools: ask a "
    "colleague whose role is not limited."
)


_FILE = Path(__file__).parents[1] / "static" / "public" / "noto-naskh-arabic-urdu.woff2"


@cache
def get_urdu_font() -> str:
    """Return the font of Urdu as a ``data:`` URL, for a page that contains all that it needs."""
    return f"data:font/woff2;base64,{b64encode(_FILE.read_bytes()).decode('ascii')}"
