"""Which language a page is in: asked for in the address, without a cookie, but where staff work."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

__all__ = ["LANGUAGE_PARAMETER", "LanguageMiddleware", "asked_language"]

LANGUAGE_PARAMETER = "lang"
REMEMBERED_FOR = timedelta(days=365)
_MACHINES = ("/api/", "/access/", "/.well-known/", "/healthz", "/readyz")
_STAFF = ("/admin/", "/accounts/")


class LanguageMiddleware:
    """Chooses the language of each answer.

    Machines get English. On public pages ``?lang=`` decides, then Accept-Language; nothing is kept. Staff choose with
    the same ``?lang=``, which is kept in a cookie and taken out of the address; without a choice they get English,
    whatever their browser prefers: an office works in the language it agreed on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request in its language."""
        for_staff = request.path.startswith(_STAFF)
        if for_staff and request.method == "GET" and (asked := asked_language(request)):
            return _remember(request, asked)
        language = _language_of(request, for_staff=for_staff)
        with translation.override(language):
            response = self.get_response(request)
        if not request.path.startswith(_MACHINES):
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Cookie" if for_staff else "Accept-Language"])
        return response


def asked_language(request: HttpRequest) -> str | None:
    """Return the language the address asks for, if we speak it."""
    return _spoken(request.GET.get(LANGUAGE_PARAMETER))


def _spoken(code: str | None) -> str | None:
    return code if code in dict(settings.LANGUAGES) else None


def _language_of(request: HttpRequest, *, for_staff: bool) -> str:
    if request.path.startswith(_MACHINES):
        return settings.LANGUAGE_CODE
    if for_staff:
        return _spoken(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)) or settings.LANGUAGE_CODE
    return asked_language(request) or _preferred(request)


def _preferred(request: HttpRequest) -> str:
    """Return the first language of Accept-Language that we speak; cookies do not count."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if found := _spoken(code.split("-")[0]):
            return found
    return settings.LANGUAGE_CODE


def _remember(request: HttpRequest, language: str) -> HttpResponse:
    """Keep what a member of staff chose in their browser, and lead back to the page without it in the address."""
    rest = [(name, value) for name, values in request.GET.lists() for value in values if name != LANGUAGE_PARAMETER]
    response = HttpResponseRedirect(request.path + (f"?{urlencode(rest)}" if rest else ""))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=REMEMBERED_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
