"""Liveness and readiness endpoints for supervisors and load balancers."""

import math
import time

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.directory.people.erasures import erasure_state
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.startup.diagnosis import clock_differs, find_write_outage
from paktaleem.foundation.tenancy.operations import missing_migrations


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Return 200 while the process is alive; does not query the database."""
    del request
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 if the portal can serve, else 503 with the reason as a code.

    It can serve if the database is reachable, has all migrations, has carried out all erasures, agrees with this
    host on the time, and can be written to: it is no standby, and its disk is not full.
    """
    del request
    try:
        reason = _find_blocker()
    except DatabaseError:
        reason = "database_unreachable"
    if reason:
        return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


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
