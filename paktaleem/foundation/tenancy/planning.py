"""Settings of a transaction for a statement that writes very many rows: time, memory, and plans of foreign keys."""

from django.db.backends.utils import CursorWrapper

_LONG = "SELECT set_config('statement_timeout', '15min', true), set_config('work_mem', '128MB', true)"
_WITHOUT_SCANS = "SELECT set_config('enable_seqscan', %(on)s, true), set_config('enable_bitmapscan', %(on)s, true)"


def allow_long_statements(cursor: CursorWrapper) -> None:
    """Allow the statements of this transaction 15 minutes each, instead of half a minute, and 128 MB for each sort.

    With the usual 4 MB, sorts of an import go to disk, and its enrolments take a third longer.
    """
    cursor.execute(_LONG)


def plan_for_many(cursor: CursorWrapper) -> None:
    """Prepare the transaction for a statement that writes very many rows.

    A hundred thousand rows take longer than the app's usual statement timeout. A foreign key is checked with a plan
    that PostgreSQL caches per connection and renews after autovacuum. A plan made while the table was, or seemed to be,
    empty scans the whole table for every row. So cached plans are discarded, and sequential scans are disabled.
    """
    allow_long_statements(cursor)
    cursor.execute(_WITHOUT_SCANS, {"on": "off"})
    cursor.execute("DISCARD PLANS")


def plan_as_usual(cursor: CursorWrapper) -> None:
    """Allow sequential scans again."""
    cursor.execute(_WITHOUT_SCANS, {"on": "on"})
