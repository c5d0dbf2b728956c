"""App configuration of the commands ``backup`` and ``restore``."""

from paktaleem.foundation.extensions import config

_CHECKS = "paktaleem.foundation.diagnosis.lines.doctor_checks"


class BackupsConfig(config.PortalAppConfig):
    """Backups, and their line of the doctor's report."""

    name = "paktaleem.foundation.backups"
    label = "backups"
    handlers = (
        (_CHECKS, "paktaleem.foundation.backups.diagnosis.check_backups"),
        ("paktaleem.foundation.metrics.gauges.gauges", "paktaleem.foundation.backups.gauges.read_backups"),
    )
