"""The planner's statistics, which keep samples of values: refreshed during imports, and forgetting what was erased."""

from collections.abc import Collection

from django.db import connection

from paktaleem.foundation.tenancy.operations import list_table_policies
from paktaleem.foundation.tenancy.tables import Personal

_READABLE = {Personal.STAFF, Personal.PSEUDONYM}


def refresh_statistics(tables: Collection[str]) -> None:
    """Make the statistics of tables anew; of a table that is being analysed elsewhere they stay as they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_refresh_statistics(%s)", [list(tables)])


def list_readable_tables() -> list[str]:
    """List the tables with personal values that are not sealed: pseudonyms, and names and addresses of staff."""
    walls = list_table_policies()
    return sorted(table for table, wall in walls.items() if wall.rights and _READABLE & set(wall.personal.values()))
