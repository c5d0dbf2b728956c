"""Errors as problem details (RFC 9457): a stable ``type``, a title, what is allowed, and which field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from paktaleem.accounts.actors import NotAllowed

__all__ = ["INVALID", "PointedProblem", "Problem", "answer_problem", "declare_problems", "problem_response"]

MEDIA_TYPE = "application/problem+json"
_PLAIN = ("/access/", "/.well-known/authzen-configuration")
_TYPES = "urn:paktaleem:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: a stable code, the HTTP status, a title, what would help, and the field it is about."""

    code: str
    status: HTTPStatus
    title: str
    detail: str = ""
    field: str = ""

    def body(self, **extensions: Any) -> dict[str, Any]:
        """Give the members of the problem document."""
        members: dict[str, Any] = {
            "type": _TYPES + self.code,
            "title": self.title,
            "status": int(self.status),
        }
        if self.detail:
            members["detail"] = self.detail
        if self.field:
            members["errors"] = list(_errors({self.field: self.detail or self.title}, "#"))
        return members | extensions


class PointedProblem(Exception):
    """A problem that points at the fields it is about, as invalid input does; subclasses name the problem."""

    problem: ClassVar[Problem]

    def __init__(self, details: Mapping[str, Any]) -> None:
        """Hold the details, nested as the input is."""
        super().__init__()
        self.details = details


INVALID = Problem("invalid-input", HTTPStatus.BAD_REQUEST, "The input is not valid")
NOT_FOUND = Problem("not-found", HTTPStatus.NOT_FOUND, "There is nothing here")
NOT_ALLOWED = Problem("not-allowed", HTTPStatus.FORBIDDEN, "This is not allowed")
_OF_DRF: dict[type[exceptions.APIException], Problem] = {
    exceptions.ParseError: Problem("malformed-body", HTTPStatus.BAD_REQUEST, "The body cannot be read"),
    exceptions.NotAuthenticated: Problem(
        "not-authenticated",
        HTTPStatus.UNAUTHORIZED,
        "A live API key is needed",
        "Authorization: Bearer <key>",
    ),
    exceptions.AuthenticationFailed: Problem(
        "not-authenticated",
        HTTPStatus.UNAUTHORIZED,
        "A live API key is needed",
        "Authorization: Bearer <key>",
    ),
    exceptions.NotFound: NOT_FOUND,
    exceptions.PermissionDenied: NOT_ALLOWED,
    exceptions.MethodNotAllowed: Problem(
        "method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take that method"
    ),
    exceptions.UnsupportedMediaType: Problem(
        "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json"
    ),
    exceptions.NotAcceptable: Problem("not-acceptable", HTTPStatus.NOT_ACCEPTABLE, "Answers are application/json"),
}
_DECLARED: dict[type[Exception], Problem] = {
    Http404: NOT_FOUND,
    NotAllowed: NOT_ALLOWED,
    PermissionDenied: NOT_ALLOWED,
}


def declare_problems(problems: Mapping[type[Exception], Problem]) -> None:
    """Say which problem an exception of a room's services is, once, beside the room's operations."""
    _DECLARED.update(problems)


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception as a problem document (DRF's exception handler); None lets a defect be a defect."""
    problem, extensions = _problem_of(error)
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


def _problem_of(error: Exception) -> tuple[Problem | None, dict[str, Any]]:
    if isinstance(error, exceptions.ValidationError):
        return INVALID, {"errors": list(_errors(error.detail, "#"))}
    if isinstance(error, PointedProblem):
        return error.problem, {"errors": list(_errors(error.details, "#"))}
    if isinstance(error, DjangoValidationError):
        return INVALID, {"errors": list(_errors(_field_messages(error), "#"))}
    if isinstance(error, exceptions.APIException):
        return _of_drf(error), {}
    declared = (_DECLARED[kind] for kind in type(error).__mro__ if kind in _DECLARED)
    return next(declared, None), {}


def _of_drf(error: exceptions.APIException) -> Problem:
    known = _OF_DRF.get(type(error))
    if known is None:
        known = Problem(str(error.default_code), HTTPStatus(error.status_code), str(error.default_detail))
    detail = str(error.detail)
    return Problem(known.code, known.status, known.title, known.detail or ("" if detail == known.title else detail))


def _field_messages(error: DjangoValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}


def _errors(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    """Walk DRF's nested details, giving each message the JSON Pointer of its field (RFC 6901)."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = pointer if name in {"", "non_field_errors", "__all__"} else f"{pointer}/{_escaped(str(name))}"
            yield from _errors(inner, here)
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _errors(inner, f"{pointer}/{position}" if nested else pointer)
    else:
        yield {"detail": str(detail), "pointer": pointer}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Answer a problem outside any operation (an unknown address, a defect): as text where AuthZEN is spoken."""
    if request.path.startswith(_PLAIN):
        return HttpResponse(problem.title, status=problem.status, content_type="text/plain; charset=utf-8")
    return JsonResponse(problem.body(), status=problem.status, content_type=MEDIA_TYPE)


def is_api(request: HttpRequest) -> bool:
    """Whether an address belongs to the machines' face."""
    return request.path.startswith(("/api/", *_PLAIN))
