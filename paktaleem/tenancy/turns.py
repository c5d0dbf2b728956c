"""Taking turns: a lock by name that ends with the transaction."""

from django.db import connection

__all__ = ["take_turn"]


def take_turn(name: str) -> None:
    """Wait until no other transaction holds this name, and hold it to the end of ours (pg_advisory_xact_lock).

    For acts on a row that may not be there yet, which ``SELECT … FOR UPDATE`` cannot lock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
