"""Error handlers outside any view: problem details for the API, pages for everything else."""

import sys
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from paktaleem.foundation.accounts.middleware import is_refused_by_limit
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.outages import Outage, find_outage
from paktaleem.foundation.tenancy.context import is_outside_limit
from paktaleem.foundation.web.api.problems import NOT_ALLOWED, NOT_FOUND, is_api, problem_response
from paktaleem.foundation.web.public.pages import (
    OUTSIDE_LIMIT,
    OWN_PAGE,
    STAFF_PATHS,
    error_page,
    expired_page,
    page_url,
)

log = structlog.stdlib.get_logger(__name__)

_BAD_REQUEST = Problem("bad-request", "The request cannot be parsed", status=HTTPStatus.BAD_REQUEST)
_TOO_LARGE = Problem("body-too-large", "The body is too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_DEFECT = Problem("defect", "Internal server error", "Nothing was changed.", status=HTTPStatus.INTERNAL_SERVER_ERROR)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if outage := find_outage(exception):
        return outage_response(outage, request)
    return _to_response(_TOO_LARGE if isinstance(exception, RequestDataTooBig) else _BAD_REQUEST, request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    cause = exception.__cause__
    if is_refused_by_limit(request) or (cause is not None and is_outside_limit(cause)):
        return error_page(HTTPStatus.FORBIDDEN, advice=OUTSIDE_LIMIT, is_for_staff=True)
    return _to_response(NOT_ALLOWED, request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 404, identical for an unknown address and for an object of another client (``handler404``)."""
    del exception
    return _to_response(NOT_FOUND, request)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 for a form without a valid CSRF token, with a link to its page (``CSRF_FAILURE_VIEW``)."""
    del reason
    is_for_staff = request.path.startswith(STAFF_PATHS)
    return expired_page(way_back=_find_way_back(request, is_for_staff=is_for_staff), is_for_staff=is_for_staff)


def _find_way_back(request: HttpRequest, *, is_for_staff: bool) -> str:
    """Return the page of the portal that the browser names, else the first page of this part of the portal.

    Browsers name the page in the console only; other forms have the address of their page, but those of own pages.
    """
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    if is_ours and urlsplit(came_from).path.strip("/"):
        return came_from
    if is_for_staff:
        return reverse("admin:login")
    match = request.resolver_match
    if match is None or not (own_page := getattr(match.func, OWN_PAGE, "")):
        return request.get_full_path()
    return page_url(match.kwargs.get("page", own_page))


def defect(request: HttpRequest, *_: object) -> HttpResponse:
    """Return 500, or 503 if the database is the cause (``handler500``); plain text if the error page itself fails."""
    try:
        if outage := find_outage(sys.exception()):
            return outage_response(outage, request)
        return _to_response(_DEFECT, request)
    except Exception:
        log.exception("The error page could not be rendered.")
        return HttpResponse(f"{_DEFECT.title}. {_DEFECT.detail}\n", status=500, content_type="text/plain")


def outage_response(outage: Outage, request: HttpRequest) -> HttpResponse:
    """Return 503 with its cause, and when to try again."""
    if is_api(request):
        response = problem_response(outage.problem, request)
    else:
        response = error_page(outage.problem.status, advice=outage.advice)
    response["Retry-After"] = str(outage.retry_after)
    return response


def _to_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return problem_response(problem, request)
    return error_page(problem.status, is_for_staff=request.path.startswith(STAFF_PATHS))


FIRST_ERROR = 400


class BareErrorsMiddleware:
    """Add an error page to responses without a body, such as Django's 405; keep their other headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < FIRST_ERROR or response.streaming or response.content or is_api(request):
            return response
        page = error_page(response.status_code)
        page.cookies = response.cookies
        for name, value in response.items():
            if name not in {"Content-Type", "Content-Length"}:
                page[name] = value
        return page
