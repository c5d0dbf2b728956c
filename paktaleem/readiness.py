"""Nobody is served while the database has not carried out every erasure: it would show people who are gone."""

import time
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.api.problems import Problem, is_api, problem_response
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.public.pages import error_page

__all__ = ["ServesOnlyWhenReady"]

_OPEN = ("/healthz", "/readyz")
_CLOSED = Problem(
    "not-ready",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The portal is not ready",
    "Erasures are being carried out again after a restore. Treat every decision as a refusal until then.",
)


class ServesOnlyWhenReady:
    """Answers 503 to everything but the health pages until the erasures are carried out.

    Looks at the first request and then every READINESS_SECONDS; in between it costs one comparison.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer; nothing is known yet."""
        self.get_response = get_response
        self._is_ready, self._looks_again_at = False, 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request, if anyone is answered."""
        if request.path in _OPEN or self._may_serve():
            return self.get_response(request)
        return _refusal(request)

    def _may_serve(self) -> bool:
        if time.monotonic() >= self._looks_again_at:
            self._is_ready = _is_ready()
            self._looks_again_at = time.monotonic() + settings.READINESS_SECONDS
        return self._is_ready


def _is_ready() -> bool:
    try:
        return erasure_state(at=real_now()) is ErasureState.CARRIED_OUT
    except DatabaseError:
        return False


def _refusal(request: HttpRequest) -> HttpResponse:
    response = problem_response(_CLOSED, request) if is_api(request) else error_page(_CLOSED.status)
    response["Retry-After"] = str(max(1, round(settings.READINESS_SECONDS)))
    return response
