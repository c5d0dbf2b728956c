"""Taking turns: a lock by name that ends with the transaction."""

from collections.abc import Iterable

from django.db import connection

__all__ = ["take_turn", "take_turns"]


def take_turn(name: str) -> None:
    """Wait until no other transaction holds this name, and hold it to the end of ours (pg_advisory_xact_lock).

    For acts on a row that may not be there yet, which ``SELECT … FOR UPDATE`` cannot lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def take_turns(names: Iterable[str]) -> None:
    """Take the turns of many names, always in the same order, so that two who want the same do not deadlock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(slot) FROM ("
            "SELECT DISTINCT hashtextextended(name, 0) AS slot FROM unnest(%s::text[]) AS name ORDER BY 1) AS turns",
            [list(names)],
        )
