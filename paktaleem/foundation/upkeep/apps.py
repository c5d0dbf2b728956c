"""Django app of the portal's upkeep: periods of its own data, runs of long acts, backups."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_CHECKS = "paktaleem.foundation.operations.diagnosis.doctor_checks"
_DATA_KINDS = "paktaleem.foundation.upkeep.periods.kinds.data_kinds"
_GAUGES = "paktaleem.foundation.operations.metrics.gauge_readers"


class UpkeepConfig(PortalAppConfig):
    name = "paktaleem.foundation.upkeep"
    parts = ("periods", "runs", "backups")
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", ".periods.services.PERIOD"),
        (_DATA_KINDS, ".periods.tasks.JOBS_DONE"),
        (_DATA_KINDS, ".periods.tasks.JOBS_FAILED"),
        (_CHECKS, ".periods.services.check_disposals"),
        (_CHECKS, ".backups.dumps.check_backups"),
        (_CHECKS, ".backups.dumps.check_drills"),
        (_GAUGES, ".backups.dumps.read_backups"),
    )
    families = "period: Periods of the portal’s own data"
    ledger = (
        entry("backup.drill_failed", "Drill of a restore failed"),
        entry("backup.drill_passed", "Drill of a restore passed"),
        entry("backup.made", "Verified backup made"),
        entry("period.change_requested", "Another period of the portal’s own data requested"),
        entry("period.change_settled", "Another period of the portal’s own data approved or declined"),
    )
