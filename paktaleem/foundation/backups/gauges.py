"""The gauge of backups."""

from collections.abc import Iterator
from datetime import datetime

from paktaleem.foundation.backups.records import find_last_backup
from paktaleem.foundation.metrics.gauges import Gauge

__all__ = ["read_backups"]


def read_backups(at: datetime) -> Iterator[Gauge]:
    """Yield the age of the last verified backup; nothing if there is none."""
    if (made_at := find_last_backup()) is not None:
        yield Gauge("backup_age_seconds", "Time since the last verified backup.", (at - made_at).total_seconds())
