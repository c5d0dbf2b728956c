"""Errors outside any view, in the format of the interface they happened in."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from paktaleem.api.problems import NOT_ALLOWED, NOT_FOUND, Problem, is_api, problem_response

__all__ = ["bad_request", "defect", "not_found", "permission_denied"]

_BAD_REQUEST = Problem("bad-request", HTTPStatus.BAD_REQUEST, "The request cannot be read")
_DEFECT = Problem("defect", HTTPStatus.INTERNAL_SERVER_ERROR, "Something is wrong on our side", "Nothing was changed.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that no view could be given."""
    return problem_response(_BAD_REQUEST, request) if is_api(request) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a refusal."""
    return problem_response(NOT_ALLOWED, request) if is_api(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address, and one that is not yours, with the same bytes."""
    return problem_response(NOT_FOUND, request) if is_api(request) else defaults.page_not_found(request, exception)


def defect(request: HttpRequest, *_: Any) -> HttpResponse:
    """Answer our own mistake: nothing of the request was kept."""
    return problem_response(_DEFECT, request) if is_api(request) else defaults.server_error(request)
