"""Errors outside any view, in the format of the interface they happened in."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.api.problems import (
    NOT_ALLOWED,
    NOT_FOUND,
    Problem,
    is_api,
    problem_response,
)
from paktaleem.foundation.public.pages import FORM_EXPIRED, error_page

__all__ = ["bad_request", "defect", "form_expired", "not_found", "permission_denied"]

log = logging.getLogger(__name__)

_BAD_REQUEST = Problem("bad-request", HTTPStatus.BAD_REQUEST, "The request cannot be read")
_TOO_LARGE = Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
_DEFECT = Problem("defect", HTTPStatus.INTERNAL_SERVER_ERROR, "Something is wrong on our side", "Nothing was changed.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that no view could be given."""
    return _answer(_TOO_LARGE if isinstance(exception, RequestDataTooBig) else _BAD_REQUEST, request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refusal."""
    del exception
    return _answer(NOT_ALLOWED, request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address, and one that is not yours, with the same bytes."""
    del exception
    return _answer(NOT_FOUND, request)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its token (Django's CSRF_FAILURE_VIEW)."""
    del request, reason
    title, advice = FORM_EXPIRED
    return error_page(HTTPStatus.FORBIDDEN, title=title, advice=advice)


def defect(request: HttpRequest, *_: Any) -> HttpResponse:
    """Answer our own mistake: nothing of the request was kept. If even the page fails, in one line of text."""
    try:
        return _answer(_DEFECT, request)
    except Exception:
        log.exception("The page of an error could not be rendered.")
        return HttpResponse(f"{_DEFECT.title}. {_DEFECT.detail}\n", status=500, content_type="text/plain")


def _answer(problem: Problem, request: HttpRequest) -> HttpResponse:
    return problem_response(problem, request) if is_api(request) else error_page(problem.status)
