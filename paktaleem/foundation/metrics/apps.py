"""Django app of the metrics."""

from paktaleem.foundation.extensions import config


class MetricsConfig(config.PortalAppConfig):
    """Counters, gauges and their line of the doctor's report; other apps connect their gauges."""

    name = "paktaleem.foundation.metrics"
    label = "metrics"
    handlers = (
        (
            "paktaleem.foundation.diagnosis.lines.doctor_checks",
            "paktaleem.foundation.metrics.diagnosis.check_metrics",
        ),
    )
