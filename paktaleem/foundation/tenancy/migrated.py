"""Which migrations the database lacks."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.context import in_global

__all__ = ["missing_migrations"]


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
