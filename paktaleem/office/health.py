"""Endpoints for supervisors, load balancers and Prometheus, and the wait until erasures are repeated."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.accounts.middleware import bearer_token
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.operations.metrics import CONTENT_TYPE, render_metrics
from paktaleem.foundation.operations.startup.diagnosis import clock_differs, find_write_outage
from paktaleem.foundation.tenancy.operations import missing_migrations
from paktaleem.foundation.web.api.problems import is_api, problem_response
from paktaleem.foundation.web.public.pages import error_page


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """Return 200 while the process is alive; does not query the database."""
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Return 200 if the portal can serve, else 503 with the reason as a code.

    It can serve if the database is reachable, has all migrations, has carried out all erasures, agrees with this
    host on the time, and can be written to: it is no standby, and its disk is not full.
    """
    try:
        reason = _find_blocker()
    except DatabaseError:
        reason = "database_unreachable"
    answer = {"status": "unavailable", "reason": reason} if reason else {"status": "ready"}
    return JsonResponse(answer, status=503 if reason else 200)


def _find_blocker() -> str | None:
    if missing_migrations():
        return "migrations_missing"
    state = erasure_state(at=wall_clock_now())
    if not state.may_serve:
        return state.value
    return "clock_differs" if clock_differs() else _find_write_blocker()


class _LastWrite:
    """Time of the last write for a readiness check, by the monotonic clock: anyone can ask, so writes are limited."""

    at = -math.inf


def _find_write_blocker() -> str | None:
    if time.monotonic() < _LastWrite.at + settings.READINESS_SECONDS:
        return None
    if outage := find_write_outage():
        return outage.problem.code.replace("-", "_")
    _LastWrite.at = time.monotonic()
    return None


log = structlog.stdlib.get_logger(__name__)

_OPEN = ("/healthz", "/readyz", "/metrics")
_CLOSED = Problem(
    "not-ready",
    "The portal is not ready",
    "Erasures are being repeated after a restore. Treat every decision as a refusal until then.",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
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
        problem = _CLOSED if self._state is ErasureState.NOT_REPLAYED else _NO_LIST
        response = problem_response(problem, request) if is_api(request) else error_page(problem.status)
        response["Retry-After"] = str(max(1, round(settings.READINESS_SECONDS)))
        return response

    def _may_serve(self) -> bool:
        if time.monotonic() >= self._next_check_at:
            state = erasure_state(at=wall_clock_now())
            if not state.may_serve:
                log.error("No request is served; manage.py doctor says what to do.", reason=state.value)
            self._state = state
            self._next_check_at = time.monotonic() + settings.READINESS_SECONDS
        return self._state.may_serve


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to the holder of METRICS_TOKEN; 401 to others. Raises Http404 if no token is configured."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(bearer_token(request), settings.METRICS_TOKEN):
        response = HttpResponse("Send Authorization: Bearer METRICS_TOKEN.", status=401, content_type="text/plain")
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return HttpResponse(render_metrics(wall_clock_now()), content_type=CONTENT_TYPE)
