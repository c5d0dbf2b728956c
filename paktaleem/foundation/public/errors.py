"""Error handlers outside any view: problem details for the API, pages for everything else."""

import sys
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.accounts.requests import is_refused_by_limit
from paktaleem.foundation.api.problems import (
    NOT_ALLOWED,
    NOT_FOUND,
    is_api,
    problem_response,
)
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.outages import Outage, find_outage
from paktaleem.foundation.public.pages import FORM_EXPIRED, OUTSIDE_LIMIT, error_page
from paktaleem.foundation.tenancy.context import is_outside_limit

__all__ = ["bad_request", "defect", "form_expired", "not_found", "outage_response", "permission_denied"]

log = structlog.stdlib.get_logger(__name__)

_BAD_REQUEST = Problem("bad-request", HTTPStatus.BAD_REQUEST, "The request cannot be parsed")
_TOO_LARGE = Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
_DEFECT = Problem("defect", HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error", "Nothing was changed.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 400, 413 for a body that is too large, or 503 if a session cannot be saved (``handler400``)."""
    if outage := find_outage(exception):
        return outage_response(outage, request)
    return _to_response(_TOO_LARGE if isinstance(exception, RequestDataTooBig) else _BAD_REQUEST, request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 403 (``handler403``); staff limited to schools read if the limit is the cause."""
    cause = exception.__cause__
    if is_refused_by_limit(request) or (cause is not None and is_outside_limit(cause)):
        return error_page(HTTPStatus.FORBIDDEN, advice=OUTSIDE_LIMIT)
    return _to_response(NOT_ALLOWED, request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return 404, identical for an unknown address and for an object of another client (``handler404``)."""
    del exception
    return _to_response(NOT_FOUND, request)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 for a form without a valid CSRF token (``CSRF_FAILURE_VIEW``)."""
    del request, reason
    title, advice = FORM_EXPIRED
    return error_page(HTTPStatus.FORBIDDEN, title=title, advice=advice)


def defect(request: HttpRequest, *_: Any) -> HttpResponse:
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
    return problem_response(problem, request) if is_api(request) else error_page(problem.status)
