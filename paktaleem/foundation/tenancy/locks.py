"""Advisory locks by name, released at the end of the transaction."""

from collections.abc import Iterable

from django.db import connection


def advisory_lock(name: str) -> None:
    """Acquire a named advisory lock until the transaction ends (pg_advisory_xact_lock), waiting if needed.

    For rows that may not exist yet, which ``SELECT … FOR UPDATE`` cannot lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def advisory_locks(names: Iterable[str]) -> None:
    """Acquire many named advisory locks, always in the same order, to avoid deadlocks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(slot) FROM ("
            "SELECT DISTINCT hashtextextended(name, 0) AS slot FROM unnest(%s::text[]) AS name ORDER BY 1) AS turns",
            [list(names)],
        )
