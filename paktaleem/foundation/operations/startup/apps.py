"""Django app of the start-up checks."""

from django.core import checks

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"
_AT_START = "paktaleem.foundation.operations.startup.findings.start_checks"


class StartupConfig(config.PortalAppConfig):
    """Registers the reasons to refuse a start as system checks, and the first lines of the doctor's report."""

    name = "paktaleem.foundation.operations.startup"
    label = "startup"
    handlers = (
        (_CHECKS, "paktaleem.foundation.operations.startup.diagnosis.check_settings"),
        (_CHECKS, "paktaleem.foundation.operations.startup.diagnosis.check_database"),
        (_CHECKS, "paktaleem.foundation.operations.startup.diagnosis.check_limits"),
        (_CHECKS, "paktaleem.foundation.operations.startup.diagnosis.check_migrations"),
        (_CHECKS, "paktaleem.foundation.operations.startup.diagnosis.check_clock"),
        (_AT_START, "paktaleem.foundation.operations.startup.diagnosis.schema_findings"),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.foundation.operations.startup.checks import check_database, check_settings  # noqa: PLC0415 -- needs the app registry

        checks.register(check_settings, checks.Tags.security, deploy=True)
        checks.register(check_database, checks.Tags.database)
