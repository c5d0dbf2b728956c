"""Django app of the portal's upkeep: periods of its own data, runs of long acts, backups."""

from paktaleem.foundation.operations.extensions import config


class UpkeepConfig(config.PortalAppConfig):
    """Periods of the portal's own data, runs of long acts, and backups."""

    name = "paktaleem.foundation.upkeep"
    label = "upkeep"
    parts = ("periods", "runs", "backups")
    handlers = (
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.foundation.upkeep.periods.purging.JOBS_DONE",
        ),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.foundation.upkeep.periods.purging.JOBS_FAILED",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.lines.doctor_checks",
            "paktaleem.foundation.upkeep.periods.diagnosis.check_disposals",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.lines.doctor_checks",
            "paktaleem.foundation.upkeep.backups.diagnosis.check_backups",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.lines.doctor_checks",
            "paktaleem.foundation.upkeep.backups.diagnosis.check_drills",
        ),
        (
            "paktaleem.foundation.operations.metrics.gauges.gauges",
            "paktaleem.foundation.upkeep.backups.gauges.read_backups",
        ),
    )
