"""Language of a page: from the URL or Accept-Language; for staff also from a cookie."""

# Public pages take the language from the address, so that they need no cookie; staff pages keep it in one, and ignore
# Accept-Language, because an office shares computers.

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGE_PARAMETER = "lang"
COOKIE_AGE = timedelta(days=365)
_API_PATHS = ("/api/", "/access/", "/.well-known/", "/healthz", "/readyz")
STAFF_PATHS = ("/admin/", "/accounts/")


class LanguageMiddleware:
    """Set the language of each response.

    API responses are in English. Public pages follow ``?lang=``, then Accept-Language, and store nothing. Staff
    pages store ``?lang=`` in a cookie and remove it from the URL; without it they are in English whatever the
    browser prefers, as an office works in one language.
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
    return get_requested_language(request) or _preferred_language(request)


def _preferred_language(request: HttpRequest) -> str:
    """Return the first supported language of Accept-Language; cookies are ignored."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if found := _supported_or_none(code.split("-")[0]):
            return found
    return settings.LANGUAGE_CODE


def _store_choice(request: HttpRequest, language: str) -> HttpResponse:
    """Store the chosen language in a cookie and redirect to the URL without the parameter."""
    rest = [(name, value) for name, values in request.GET.lists() for value in values if name != LANGUAGE_PARAMETER]
    response = HttpResponseRedirect(request.path + (f"?{urlencode(rest)}" if rest else ""))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
