"""Whether the portal is alive, and whether it can serve (for supervisors and load balancers)."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.clock import real_now
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.migrated import missing_migrations

__all__ = ["CLOCKS_APART", "healthz", "readyz"]

CLOCKS_APART = timedelta(seconds=2)
"""How far this host's clock may be from the database's: answers of several hosts are put in order by their clocks."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive; the database is not asked."""
    del request
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, has every migration and erasure, and our time; 503 with the reason else."""
    del request
    try:
        reason = _reason_not_to_serve()
    except DatabaseError:
        reason = "database_unreachable"
    if reason:
        return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


def _reason_not_to_serve() -> str | None:
    if missing_migrations():
        return "migrations_missing"
    state = erasure_state(at=real_now())
    if state is not ErasureState.CARRIED_OUT:
        return state.value
    return "clock_differs" if _clock_differs() else None


def _clock_differs() -> bool:
    """Say whether this host's clock and the database's are further apart than they may be."""
    before = real_now()
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [there] = cursor.fetchone() or (before,)
    return not before - CLOCKS_APART <= there <= real_now() + CLOCKS_APART
