"""Middleware that answers 503 until the database has carried out every erasure, so that no erased data is shown."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.api.problems import is_api, problem_response
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.public.pages import error_page

__all__ = ["ReadinessMiddleware"]

_OPEN = ("/healthz", "/readyz", "/metrics")
_CLOSED = Problem(
    "not-ready",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The portal is not ready",
    "Erasures are being repeated after a restore. Treat every decision as a refusal until then.",
)


class ReadinessMiddleware:
    """Answer 503 to all but the health endpoints until all erasures are carried out.

    Checks on the first request and then every READINESS_SECONDS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Store the next middleware; the state is unknown."""
        self.get_response = get_response
        self._is_ready, self._next_check_at = False, 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or answer 503."""
        if request.path in _OPEN or self._may_serve():
            return self.get_response(request)
        return _refusal(request)

    def _may_serve(self) -> bool:
        if time.monotonic() >= self._next_check_at:
            self._is_ready = _is_ready()
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return self._is_ready


def _is_ready() -> bool:
    try:
        return erasure_state(at=wall_clock_now()) is ErasureState.CARRIED_OUT
    except DatabaseError:
        return False


def _refusal(request: HttpRequest) -> HttpResponse:
    response = problem_response(_CLOSED, request) if is_api(request) else error_page(_CLOSED.status)
    response["Retry-After"] = str(max(1, round(settings.READINESS_SECONDS)))
    return response
