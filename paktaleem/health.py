"""Liveness and readiness endpoints for supervisors and load balancers."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.migrated import missing_migrations

__all__ = ["MAX_CLOCK_DIFFERENCE", "healthz", "readyz"]

MAX_CLOCK_DIFFERENCE = timedelta(seconds=2)
"""Largest allowed difference between this host's clock and the database's; records are ordered by host clocks."""


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

    It can serve if the database is reachable, has all migrations, has carried out all erasures and agrees with this
    host on the time.
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
    if state is not ErasureState.CARRIED_OUT:
        return state.value
    return "clock_differs" if _clock_differs() else None


def _clock_differs() -> bool:
    """Return True if this host's clock and the database's differ by more than MAX_CLOCK_DIFFERENCE."""
    before = wall_clock_now()
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [there] = cursor.fetchone() or (before,)
    return not before - MAX_CLOCK_DIFFERENCE <= there <= wall_clock_now() + MAX_CLOCK_DIFFERENCE
