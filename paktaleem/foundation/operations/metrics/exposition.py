"""The text that Prometheus reads: the counters of all processes, and the gauges."""

# Labels are codes, never clients: the holder of the token would learn who the clients are. Numbers of rows are read
# when asked for, not kept by a job that may be dead.

import os
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from paktaleem.foundation.operations.metrics.gauges import read_gauges

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def is_shared_by_processes() -> bool:
    """Return True if the processes of this host write their counters into a common folder."""
    return bool(os.environ.get(_FOLDER))


def render_metrics(at: datetime) -> bytes:
    """Return all metrics in the text format.

    Without a common folder the counters are those of the process that answers.
    """
    if not is_shared_by_processes():
        return generate_latest(REGISTRY) + generate_latest(_registry_of(_Gauges(at)))
    registry = _registry_of(_Gauges(at))
    MultiProcessCollector(registry)
    return generate_latest(registry)


class _Gauges:
    """Collector of the gauges as of a time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterable[Metric]:
        return read_gauges(self._at)

    def describe(self) -> Iterable[Metric]:
        return ()


def _registry_of(collector: _Gauges) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
