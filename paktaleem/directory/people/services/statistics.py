"""The planner's statistics of people, which PostgreSQL makes of a sample of their rows."""

from django.db import connection


def refresh_statistics() -> None:
    """Make the statistics of people anew, with this transaction's rows and without those of erased people.

    A sample has LMS ids, the one identifier in clear, so it keeps those of erased people until it is made anew. A table
    that another transaction is just analyzing is left out (``people/sql/subjects_refresh_statistics.sql``).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT subjects_refresh_statistics()")
