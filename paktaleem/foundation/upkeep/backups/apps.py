"""App configuration of the commands ``backup``, ``restore`` and ``drill``."""

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"


class BackupsConfig(config.PortalAppConfig):
    """Backups, and their line of the doctor's report."""

    name = "paktaleem.foundation.upkeep.backups"
    label = "backups"
    handlers = (
        (_CHECKS, "paktaleem.foundation.upkeep.backups.diagnosis.check_backups"),
        (_CHECKS, "paktaleem.foundation.upkeep.backups.diagnosis.check_drills"),
        (
            "paktaleem.foundation.operations.metrics.gauges.gauges",
            "paktaleem.foundation.upkeep.backups.gauges.read_backups",
        ),
    )
