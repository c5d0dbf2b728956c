"""Middleware of the API: no cache keeps its answers, and each has an id (OpenID AuthZEN 1.0 §10.1.4)."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.web.api.problems import is_api

_PRIVATE = ("/api/", "/access/", "/accounts/", "/admin/login/")
_PUBLIC = ("/api/schema/", "/api/docs/")


class NoStoreMiddleware:
    """Says ``Cache-Control: no-store`` on pages of the sign-in and answers of the API, but not on its description."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(_PRIVATE) and not request.path.startswith(_PUBLIC):
            response["Cache-Control"] = "no-store"
        return response


HEADER = "X-Request-ID"
_VALID_ID = re.compile(r"\A[\x21-\x7e]{1,200}\Z")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        request_id = request.headers.get(HEADER, "")
        if _VALID_ID.match(request_id):
            response[HEADER] = request_id
        elif is_api(request):
            response[HEADER] = structlog.contextvars.get_contextvars().get("request_id") or str(new_id())
        return response
