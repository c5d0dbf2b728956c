"""App configuration of the worker."""

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"


class WorkerConfig(config.PortalAppConfig):
    """The worker; the queue's tables are Procrastinate's."""

    name = "paktaleem.foundation.operations.jobs"
    label = "worker"
    handlers = (
        (_CHECKS, "paktaleem.foundation.operations.jobs.diagnosis.check_worker"),
        (_CHECKS, "paktaleem.foundation.operations.jobs.diagnosis.check_queue"),
        (_CHECKS, "paktaleem.foundation.operations.jobs.diagnosis.check_failed_jobs"),
        (
            "paktaleem.foundation.operations.metrics.gauges.gauges",
            "paktaleem.foundation.operations.jobs.gauges.read_queue",
        ),
    )
