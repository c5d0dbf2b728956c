"""Django app of the metrics."""

from paktaleem.foundation.operations.extensions import config


class MetricsConfig(config.PortalAppConfig):
    """Counters, gauges and their line of the doctor's report; other apps connect their gauges."""

    name = "paktaleem.foundation.operations.metrics"
    label = "metrics"
    handlers = (
        (
            "paktaleem.foundation.operations.diagnosis.lines.doctor_checks",
            "paktaleem.foundation.operations.metrics.diagnosis.check_metrics",
        ),
    )
