"""The planner's statistics, which keep samples of values: refreshed during imports, and forgetting what was erased."""

from collections.abc import Collection

from django.db import connection

from paktaleem.foundation.tenancy.context import allow_long_statements, in_global
from paktaleem.foundation.tenancy.operations import list_table_policies
from paktaleem.foundation.tenancy.tables import Personal

_READABLE = {Personal.STAFF, Personal.PSEUDONYM}


def refresh_statistics(tables: Collection[str]) -> None:
    """Make the statistics of tables anew; of a table that is being analysed elsewhere they stay as they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_refresh_statistics(%s)", [list(tables)])


def forget_erased_values() -> None:
    """Make the statistics anew of each table with pseudonyms, or names or addresses of staff, which are not sealed.

    Each table has a transaction of its own, so that none stays locked while others are sampled.
    """
    walls = list_table_policies()
    for table in sorted(walls):
        if walls[table].rights and _READABLE & set(walls[table].personal.values()):
            with in_global(), connection.cursor() as cursor:
                allow_long_statements(cursor)
                refresh_statistics([table])
