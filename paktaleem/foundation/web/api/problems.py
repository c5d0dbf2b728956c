"""Errors as problem details (RFC 9457): a stable ``type``, a title, a detail and the fields concerned."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import ClassVar

from django.core.exceptions import PermissionDenied, ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.middleware import METADATA
from paktaleem.foundation.errors import PortalError, Problem

MEDIA_TYPE = "application/problem+json"
_PLAIN_TEXT_PATHS = ("/access/", METADATA)


class FieldProblem(PortalError):
    """Base of exceptions that point to input fields; subclasses define ``problem``."""

    problem: ClassVar[Problem]

    def __init__(self, details: Mapping[str, object]) -> None:
        super().__init__()
        self.details = details


INVALID = Problem("invalid-input", "The input is not valid", status=HTTPStatus.BAD_REQUEST)
NOT_FOUND = Problem("not-found", "Not found", status=HTTPStatus.NOT_FOUND)
NOT_ALLOWED = NotAllowed.problem
_NO_KEY = Problem(
    "not-authenticated", "A valid API key is required", "Authorization: Bearer <key>", status=HTTPStatus.UNAUTHORIZED
)
DRF_PROBLEMS: dict[type[exceptions.APIException], Problem] = {
    exceptions.ParseError: Problem(
        "malformed-body", "The request body cannot be parsed", status=HTTPStatus.BAD_REQUEST
    ),
    exceptions.NotAuthenticated: _NO_KEY,
    exceptions.AuthenticationFailed: _NO_KEY,
    exceptions.NotFound: NOT_FOUND,
    exceptions.PermissionDenied: NOT_ALLOWED,
    exceptions.MethodNotAllowed: Problem(
        "method-not-allowed", "This method is not allowed for this URL", status=HTTPStatus.METHOD_NOT_ALLOWED
    ),
    exceptions.UnsupportedMediaType: Problem(
        "unsupported-media-type", "Send application/json", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    ),
    exceptions.NotAcceptable: Problem(
        "not-acceptable", "Responses are application/json", status=HTTPStatus.NOT_ACCEPTABLE
    ),
}
_DJANGO_PROBLEMS: dict[type[Exception], Problem] = {Http404: NOT_FOUND, PermissionDenied: NOT_ALLOWED}


def to_problem_response(error: Exception, context: dict[str, object]) -> Response | None:
    """Convert an exception to a problem response (DRF's exception handler); None for an unexpected exception."""
    problem, extensions = _find_problem(error)
    if problem is None:
        return None
    del context
    response = Response(problem.body(**extensions), status=problem.status, content_type=MEDIA_TYPE)
    if isinstance(error, exceptions.APIException):
        for header in ("auth_header", "wait"):
            value = getattr(error, header, None)
            if value:
                response["WWW-Authenticate" if header == "auth_header" else "Retry-After"] = str(value)
    return response


def _find_problem(error: Exception) -> tuple[Problem | None, dict[str, object]]:
    if isinstance(error, exceptions.ValidationError):
        return INVALID, {"errors": list(_flatten_errors(error.detail, "#"))}
    if isinstance(error, FieldProblem):
        return error.problem, {"errors": list(_flatten_errors(error.details, "#"))}
    if isinstance(error, DjangoValidationError):
        details: object = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return INVALID, {"errors": list(_flatten_errors(details, "#"))}
    if isinstance(error, exceptions.APIException):
        return _convert_drf_error(error), {}
    if isinstance(error, PortalError):
        return error.problem, {}
    return next((problem for kind, problem in _DJANGO_PROBLEMS.items() if isinstance(error, kind)), None), {}


def _convert_drf_error(error: exceptions.APIException) -> Problem:
    known = DRF_PROBLEMS.get(type(error))
    if known is None:
        known = Problem(str(error.default_code), str(error.default_detail), status=HTTPStatus(error.status_code))
    detail = str(error.detail)
    return Problem(
        known.code, known.title, known.detail or ("" if detail == known.title else detail), status=known.status
    )


def _flatten_errors(detail: object, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            is_whole = name in {"", "non_field_errors", "__all__"}
            yield from _flatten_errors(inner, pointer if is_whole else f"{pointer}/{escaped}")
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _flatten_errors(inner, f"{pointer}/{position}" if nested else pointer)
    else:
        yield {"detail": str(detail), "pointer": pointer}


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Return a problem outside any operation (unknown URL, server error); plain text for AuthZEN endpoints."""
    if request.path.startswith(_PLAIN_TEXT_PATHS):
        return HttpResponse(problem.title, status=problem.status, content_type="text/plain; charset=utf-8")
    return JsonResponse(problem.body(), status=problem.status, content_type=MEDIA_TYPE)


def error_response(error: Exception) -> HttpResponse:
    """Return the problem of an error outside any operation; raises the error itself if it is unexpected."""
    problem, extensions = _find_problem(error)
    if problem is None:
        raise error
    return JsonResponse(problem.body(**extensions), status=problem.status, content_type=MEDIA_TYPE)


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", *_PLAIN_TEXT_PATHS))
