"""Gauges: numbers that apps read from the database when the metrics are asked for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from paktaleem.foundation.operations.extensions.points import ExtensionPoint

log = structlog.stdlib.get_logger(__name__)

MOST_COUNTED = 10_000
"""A gauge of rows counts no further, so that a scrape stays cheap."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number: its name with its unit, what it says, and its labels. Labels are codes, never names."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


type GaugeReader = Callable[[datetime], Iterable[Gauge]]
"""Reads gauges as of a time, in a context that it opens, and changes nothing."""

gauges = ExtensionPoint[GaugeReader]("metrics.gauges", "Read the gauges of `/metrics` from the database.")


def read_gauges(at: datetime) -> Iterator[Metric]:
    """Yield the gauges of all apps; a reader that fails leaves its gauges out, and is counted."""
    families: dict[str, GaugeMetricFamily] = {}
    failed = 0
    for reader in gauges:
        try:
            read = list(reader(at))
        except Exception:
            log.exception("The gauges of an app could not be read.")
            failed += 1
            continue
        for one in read:
            name = f"paktaleem_{one.name}"
            family = families.setdefault(name, GaugeMetricFamily(name, one.help, labels=list(one.labels)))
            family.add_metric(list(one.labels.values()), one.value)
    yield from families.values()
    yield GaugeMetricFamily("paktaleem_gauges_failed", "Apps whose gauges could not be read.", value=failed)
