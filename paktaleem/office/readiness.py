"""Middleware that answers 503 until the database has carried out every erasure, so that no erased data is shown."""

import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.web.api.problems import is_api, problem_response
from paktaleem.foundation.web.public.pages import error_page

log = structlog.stdlib.get_logger(__name__)

_OPEN = ("/healthz", "/readyz", "/metrics")
_CLOSED = Problem(
    "not-ready",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The portal is not ready",
    "Erasures are being repeated after a restore. Treat every decision as a refusal until then.",
)
_NO_LIST = replace(_CLOSED, detail="The list of erasures cannot be used. Treat every decision as a refusal until then.")


class ReadinessMiddleware:
    """Answer 503 to all but the health endpoints until all erasures are carried out.

    Checks on the first request and then every READINESS_SECONDS. Raises DatabaseError if the database does not answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._state = ErasureState.NOT_REPLAYED
        self._next_check_at = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in _OPEN or self._may_serve():
            return self.get_response(request)
        return _refusal(request, self._state)

    def _may_serve(self) -> bool:
        if time.monotonic() >= self._next_check_at:
            self._state = _read_state()
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return self._state.may_serve


def _read_state() -> ErasureState:
    state = erasure_state(at=wall_clock_now())
    if not state.may_serve:
        log.error("No request is served; manage.py doctor says what to do.", reason=state.value)
    return state


def _refusal(request: HttpRequest, state: ErasureState) -> HttpResponse:
    problem = _CLOSED if state is ErasureState.NOT_REPLAYED else _NO_LIST
    response = problem_response(problem, request) if is_api(request) else error_page(problem.status)
    response["Retry-After"] = str(max(1, round(settings.READINESS_SECONDS)))
    return response
