"""App configuration of the worker."""

from paktaleem.foundation.extensions import config

_CHECKS = "paktaleem.foundation.diagnosis.lines.doctor_checks"


class WorkerConfig(config.PortalAppConfig):
    """The worker; the queue's tables are Procrastinate's."""

    name = "paktaleem.foundation.jobs"
    label = "worker"
    handlers = (
        (_CHECKS, "paktaleem.foundation.jobs.diagnosis.check_worker"),
        (_CHECKS, "paktaleem.foundation.jobs.diagnosis.check_queue"),
        (_CHECKS, "paktaleem.foundation.jobs.diagnosis.check_failed_jobs"),
        ("paktaleem.foundation.metrics.gauges.gauges", "paktaleem.foundation.jobs.gauges.read_queue"),
    )
