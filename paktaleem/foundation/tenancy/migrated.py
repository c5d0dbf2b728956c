"""Which migrations the database lacks."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.context import in_global

__all__ = ["missing_migrations"]


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations that are not applied, as (app, name).

    Raises DatabaseError if the database cannot be reached.
    """
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL")
        [exists] = cursor.fetchone() or (False,)
        if not exists:
            return _known_migrations()
        cursor.execute("SELECT app, name FROM django_migrations")
        return _known_migrations() - set(cursor.fetchall())


@cache
def _known_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this code, as (app, name)."""
    return set(MigrationLoader(None).disk_migrations)
