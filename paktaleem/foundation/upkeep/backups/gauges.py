"""The gauges of backups and drills."""

from collections.abc import Iterator
from datetime import datetime

from paktaleem.foundation.operations.metrics.gauges import Gauge
from paktaleem.foundation.upkeep.backups.drills import find_last_backup, find_last_drill


def read_backups(at: datetime) -> Iterator[Gauge]:
    """Yield the ages of the last verified backup and of the last drill; nothing for none."""
    if (made_at := find_last_backup()) is not None:
        yield Gauge("backup_age_seconds", "Time since the last verified backup.", (at - made_at).total_seconds())
    if (drilled_at := find_last_drill()) is not None:
        help_text = "Time since the last drill that passed: a restore, with the ledger checked."
        yield Gauge("drill_age_seconds", help_text, (at - drilled_at).total_seconds())
