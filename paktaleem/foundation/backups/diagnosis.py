"""The doctor's check of backups."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from paktaleem.foundation.backups.records import find_last_backup
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.diagnosis.lines import Line, fine, to_mend, to_watch

__all__ = ["check_backups"]

LONGEST_AGE = timedelta(hours=26)
"""A daily backup, and two hours to make it."""


def check_backups() -> Iterator[Line]:
    """Yield when the last verified backup was made, by the ledger."""
    last = find_last_backup()
    if last is None:
        yield to_mend("backups", "none was ever made", "Run: manage.py backup FILE, every day.")
        return
    age = wall_clock_now() - last
    seen = f"the last is {age.days} days and {age.seconds // 3600} hours old"
    if age > LONGEST_AGE:
        yield to_watch("backups", seen, "Run: manage.py backup FILE, every day.")
    else:
        yield fine("backups", f"{seen}; stored for {settings.BACKUP_LIFE.days} days at most")
