"""App configuration of what keeps the portal running: start-up checks, the doctor, metrics, logs and the worker."""

from django.core import checks

from paktaleem.foundation.operations.extensions import PortalAppConfig

_CHECKS = "paktaleem.foundation.operations.diagnosis.doctor_checks"
_STARTUP = "paktaleem.foundation.operations.startup.diagnosis"
_JOBS = "paktaleem.foundation.operations.jobs"


class OperationsConfig(PortalAppConfig):
    """Registers the reasons to refuse a start as system checks, and the first lines of the doctor's report.

    The queue's tables are Procrastinate's; other apps connect their own lines and gauges.
    """

    name = "paktaleem.foundation.operations"
    handlers = (
        (_CHECKS, f"{_STARTUP}.check_settings"),
        (_CHECKS, f"{_STARTUP}.check_database"),
        (_CHECKS, f"{_STARTUP}.check_limits"),
        (_CHECKS, f"{_STARTUP}.check_migrations"),
        (_CHECKS, f"{_STARTUP}.check_clock"),
        ("paktaleem.foundation.operations.startup.findings.start_checks", f"{_STARTUP}.schema_findings"),
        (_CHECKS, ".metrics.check_metrics"),
        (_CHECKS, f"{_JOBS}.check_worker"),
        (_CHECKS, f"{_JOBS}.check_queue"),
        (_CHECKS, f"{_JOBS}.check_failed_jobs"),
        ("paktaleem.foundation.operations.metrics.gauge_readers", f"{_JOBS}.read_queue"),
    )

    def ready(self) -> None:
        super().ready()
        from paktaleem.foundation.operations.startup.findings import check_database, check_secret_key, check_settings  # noqa: PLC0415 -- needs the app registry

        checks.register(check_secret_key, checks.Tags.security)
        checks.register(check_settings, checks.Tags.security, deploy=True)
        checks.register(check_database, checks.Tags.database)
