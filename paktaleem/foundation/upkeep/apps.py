"""Django app of the portal's upkeep: periods of its own data, runs of long acts, backups."""

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"
_DATA_KINDS = "paktaleem.foundation.upkeep.periods.kinds.data_kinds"


class UpkeepConfig(config.PortalAppConfig):
    """Periods of the portal's own data, runs of long acts, and backups."""

    name = "paktaleem.foundation.upkeep"
    label = "upkeep"
    parts = ("periods", "runs", "backups")
    handlers = (
        (_DATA_KINDS, "paktaleem.foundation.upkeep.periods.purging.JOBS_DONE"),
        (_DATA_KINDS, "paktaleem.foundation.upkeep.periods.purging.JOBS_FAILED"),
        (_CHECKS, "paktaleem.foundation.upkeep.periods.diagnosis.check_disposals"),
        (_CHECKS, "paktaleem.foundation.upkeep.backups.diagnosis.check_backups"),
        (_CHECKS, "paktaleem.foundation.upkeep.backups.diagnosis.check_drills"),
        (
            "paktaleem.foundation.operations.metrics.gauges.gauges",
            "paktaleem.foundation.upkeep.backups.gauges.read_backups",
        ),
    )
