"""The doctor's check of the metrics."""

from collections.abc import Iterator

from django.conf import settings

from paktaleem.foundation.operations.diagnosis.lines import Line, fine, to_watch
from paktaleem.foundation.operations.metrics.exposition import is_shared_by_processes


def check_metrics() -> Iterator[Line]:
    """Yield whether the metrics can be read, and count all processes."""
    if not settings.METRICS_TOKEN:
        yield fine("metrics", "closed (METRICS_TOKEN is not set)")
    elif not is_shared_by_processes():
        seen = "each process counts alone: an answer has the counters of one of them"
        yield to_watch("metrics", seen, "Set PROMETHEUS_MULTIPROC_DIR to an empty folder of the servers.")
    else:
        yield fine("metrics", "open to the holder of METRICS_TOKEN; the processes count together")
