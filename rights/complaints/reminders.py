"""The calendar days on which staff are reminded of an authority's deadline. Pure."""

from datetime import date, timedelta

NEAR = timedelta(days=7)
"""From this time before it a deadline counts as near."""
_BEFORE = (7, 3, 1, 0)


def list_reminder_days(due_on: date, *, set_on: date, today: date) -> list[date]:
    """Return the days until ``today`` on which a reminder is due: 7, 3, 1 and 0 days before, then daily.

    Days before the deadline was set are left out.
    """
    before = [due_on - timedelta(days=days) for days in _BEFORE]
    late = [due_on + timedelta(days=days) for days in range(1, max((today - due_on).days, 0) + 1)]
    return [day for day in (*before, *late) if set_on <= day <= today]
