"""Settings of a transaction for a statement that writes very many rows: time, and plans of foreign keys."""

from django.db.backends.utils import CursorWrapper

__all__ = ["allow_long_statements", "plan_as_usual", "plan_for_many"]

_LONG = "SELECT set_config('statement_timeout', '15min', true)"
_WITHOUT_SCANS = "SELECT set_config('enable_seqscan', %(on)s, true), set_config('enable_bitmapscan', %(on)s, true)"


def allow_long_statements(cursor: CursorWrapper) -> None:
    """Allow 15 minutes for each statement of this transaction, instead of the app's usual half a minute."""
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
