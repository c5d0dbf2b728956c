"""App configuration of the commands ``backup``, ``restore`` and ``drill``."""

from paktaleem.foundation.extensions import config

_CHECKS = "paktaleem.foundation.diagnosis.lines.doctor_checks"


class BackupsConfig(config.PortalAppConfig):
    """Backups, and their line of the doctor's report."""

    name = "paktaleem.foundation.backups"
    label = "backups"
    handlers = (
        (_CHECKS, "paktaleem.foundation.backups.diagnosis.check_backups"),
        (_CHECKS, "paktaleem.foundation.backups.diagnosis.check_drills"),
        ("paktaleem.foundation.metrics.gauges.gauges", "paktaleem.foundation.backups.gauges.read_backups"),
    )
