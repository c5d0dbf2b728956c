"""Whether the portal is alive, and whether it can serve (for supervisors and load balancers)."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paktaleem.tenancy.context import in_global

__all__ = ["healthz", "missing_migrations", "readyz"]


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process is alive; the database is not asked."""
    del request
    return JsonResponse({"status": "alive"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and has every migration, 503 otherwise."""
    del request
    try:
        is_current = not missing_migrations()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "database_unreachable"}, status=503)
    if not is_current:
        return JsonResponse({"status": "unavailable", "reason": "migrations_missing"}, status=503)
    return JsonResponse({"status": "ready"})


def missing_migrations() -> set[tuple[str, str]]:
    """Name the migrations that the database lacks, as (app, name). Raises DatabaseError if it is away."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
        [exists] = cursor.fetchone() or (False,)
        if not exists:
            return _known_migrations()
        cursor.execute("SELECT app, name FROM django_migrations")
        return _known_migrations() - set(cursor.fetchall())


@cache
def _known_migrations() -> set[tuple[str, str]]:
    """Read the migrations of this code once: they do not change while it runs."""
    return set(MigrationLoader(None).disk_migrations)
