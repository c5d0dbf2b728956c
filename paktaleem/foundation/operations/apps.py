"""App configuration of what keeps the portal running: start-up checks, the doctor, metrics, logs and the worker."""

from django.core import checks

from paktaleem.foundation.operations.extensions import PortalAppConfig

_CHECKS = "paktaleem.foundation.operations.diagnosis.doctor_checks"


class OperationsConfig(PortalAppConfig):
    """Registers the reasons to refuse a start as system checks, and the first lines of the doctor's report.

    The queue's tables are Procrastinate's; other apps connect their own lines and gauges.
    """

    name = "paktaleem.foundation.operations"
    handlers = (
        (_CHECKS, ".startup.diagnosis.check_settings"),
        (_CHECKS, ".startup.diagnosis.check_database"),
        (_CHECKS, ".startup.diagnosis.check_limits"),
        (_CHECKS, ".startup.diagnosis.check_migrations"),
        (_CHECKS, ".startup.diagnosis.check_clock"),
        ("paktaleem.foundation.operations.startup.findings.start_checks", ".startup.diagnosis.schema_findings"),
        (_CHECKS, ".metrics.check_metrics"),
        (_CHECKS, ".jobs.check_worker"),
        (_CHECKS, ".jobs.check_queue"),
        (_CHECKS, ".jobs.check_failed_jobs"),
        ("paktaleem.foundation.operations.metrics.gauge_readers", ".jobs.read_queue"),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.foundation.operations.startup.findings import check_database, check_secret_key, check_settings  # noqa: PLC0415 -- needs the app registry

        checks.register(check_secret_key, checks.Tags.security)
        checks.register(check_settings, checks.Tags.security, deploy=True)
        checks.register(check_database, checks.Tags.database)
