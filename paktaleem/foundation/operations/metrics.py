"""Metrics for Prometheus: counters of each process, and gauges read from the database when they are asked for.

The counters cost about five microseconds of a decision (docs/performance.md). Their labels are codes; no label names a
client or a person: every value of a label is a series of its own, and the holder of the token would learn the clients.
"""

import os
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from paktaleem.foundation.operations.diagnosis import Line, fine, to_watch
from paktaleem.foundation.operations.extensions import ExtensionPoint

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
PARTS = {"/access/": "decisions", "/api/": "api", "/admin/": "console", "/accounts/": "console"}
"""The part of the portal by the beginning of a path; all other pages are ``public``."""

disable_created_metrics()  # the time of a counter's start: twice the series
_decisions = Counter("paktaleem_decisions", "Decisions about consent and other bases.", ["outcome", "reason"])
_lost = Counter("paktaleem_decision_log_lost", "Decisions that could not be logged.")
_seconds = Histogram("paktaleem_request_seconds", "Time from a request to its answer.", ["part"], buckets=_BUCKETS)
_answers = Counter("paktaleem_requests", "Answered requests.", ["part", "status"])


def count_decisions(decisions: Iterable[tuple[bool, str]]) -> None:
    """Count decisions by outcome and reason code; a batch costs one increment for each different pair."""
    for (is_allowed, reason), number in Tally(decisions).items():
        _decisions_of("allowed" if is_allowed else "denied", reason).inc(number)


def count_lost_log_entries(number: int) -> None:
    _lost.inc(number)


def observe_request(path: str, status: int, seconds: float) -> None:
    part = next((part for start, part in PARTS.items() if path.startswith(start)), "public")
    _seconds_of(part).observe(seconds)
    _answers_of(part, f"{status // 100}xx").inc()


_decisions_of, _seconds_of, _answers_of = cache(_decisions.labels), cache(_seconds.labels), cache(_answers.labels)


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

gauge_readers = ExtensionPoint[GaugeReader]("metrics.gauges", "Read the gauges of `/metrics` from the database.")


def read_gauges(at: datetime) -> Iterator[Metric]:
    """Yield the gauges of all apps; a reader that fails leaves its gauges out, and is counted."""
    families: dict[str, GaugeMetricFamily] = {}
    failed = 0
    for reader in gauge_readers:
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


# Labels are codes, never clients: the holder of the token would learn who the clients are. Numbers of rows are read
# when asked for, not kept by a job that may be dead.


CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def is_shared_by_processes() -> bool:
    """Return True if the processes of this host write their counters into a common folder."""
    return bool(os.environ.get(_FOLDER))


def render_metrics(at: datetime) -> bytes:
    """Return all metrics in the text format; without a common folder with the counters of this process only."""
    registry = CollectorRegistry()
    registry.register(_Gauges(at))
    if not is_shared_by_processes():
        return generate_latest(REGISTRY) + generate_latest(registry)
    MultiProcessCollector(registry)
    return generate_latest(registry)


class _Gauges:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterable[Metric]:
        return read_gauges(self._at)

    def describe(self) -> Iterable[Metric]:
        return ()


class RequestMetricsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        observe_request(request.path, response.status_code, time.perf_counter() - began)
        return response


def check_metrics() -> Iterator[Line]:
    """Yield whether the metrics can be read, and count all processes."""
    if not settings.METRICS_TOKEN:
        yield fine("metrics", "closed (METRICS_TOKEN is not set)")
    elif not is_shared_by_processes():
        seen = "each process counts alone: an answer has the counters of one of them"
        yield to_watch("metrics", seen, "Set PROMETHEUS_MULTIPROC_DIR to an empty folder of the servers.")
    else:
        yield fine("metrics", "open to the holder of METRICS_TOKEN; the processes count together")
