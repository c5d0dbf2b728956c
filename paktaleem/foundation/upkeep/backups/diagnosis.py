"""Whether backups are made: the doctor's check and the gauges."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.operations.metrics import Gauge
from paktaleem.foundation.upkeep.backups.dumps import MADE, PASSED, find_last

LONGEST_AGE = timedelta(hours=26)
"""A daily backup, and two hours to make it."""
DRILL_EVERY = timedelta(days=92)
"""A drill each quarter."""


def check_backups() -> Iterator[Line]:
    """Yield when the last verified backup was made, by the ledger."""
    last = find_last(MADE)
    if last is None:
        yield to_mend("backups", "none was ever made", "Run: manage.py backup FILE, every day.")
        return
    age = wall_clock_now() - last
    seen = f"the last is {age.days} days and {age.seconds // 3600} hours old"
    if age > LONGEST_AGE:
        yield to_watch("backups", seen, "Run: manage.py backup FILE, every day.")
    else:
        yield fine("backups", f"{seen}; stored for {settings.BACKUP_LIFE.days} days at most")


def check_drills() -> Iterator[Line]:
    """Yield when a restore was last practised, by the ledger."""
    last = find_last(PASSED)
    if last is None:
        yield to_watch("drills", "a restore was never practised", "Run: manage.py drill, each quarter.")
        return
    days = (wall_clock_now() - last).days
    if days > DRILL_EVERY.days:
        yield to_watch("drills", f"the last was {days} days ago", "Run: manage.py drill, each quarter.")
    else:
        yield fine("drills", f"the last was {days} days ago")


def read_backups(at: datetime) -> Iterator[Gauge]:
    """Yield the ages of the last verified backup and of the last drill; nothing for none."""
    for kind, name, help_text in (
        (MADE, "backup_age_seconds", "Time since the last verified backup."),
        (PASSED, "drill_age_seconds", "Time since the last drill that passed: a restore, with the ledger checked."),
    ):
        if (last := find_last(kind)) is not None:
            yield Gauge(name, help_text, (at - last).total_seconds())
