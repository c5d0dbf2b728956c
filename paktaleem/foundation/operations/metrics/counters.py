"""Counters of each process: decisions, and the time that requests take.

The counters cost about five microseconds of a decision (docs/performance.md). Their labels are codes; no label names a
client or a person, because every value of a label is a series of its own.
"""

from collections import Counter as Tally
from collections.abc import Iterable
from functools import cache

from prometheus_client import Counter, Histogram, disable_created_metrics

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
PARTS = {"/access/": "decisions", "/api/": "api", "/admin/": "console", "/accounts/": "console"}
"""The part of the portal by the beginning of a path; all other pages are ``public``."""

disable_created_metrics()  # the time of a counter's start: twice the series
_decisions = Counter("paktaleem_decisions", "Decisions about consent and other bases.", ["outcome", "reason"])
_seconds = Histogram("paktaleem_request_seconds", "Time from a request to its answer.", ["part"], buckets=_BUCKETS)
_answers = Counter("paktaleem_requests", "Answered requests.", ["part", "status"])


def count_decisions(decisions: Iterable[tuple[bool, str]]) -> None:
    """Count decisions by outcome and reason code; a batch costs one increment for each different pair."""
    for (is_allowed, reason), number in Tally(decisions).items():
        _decisions_of("allowed" if is_allowed else "denied", reason).inc(number)


def observe_request(path: str, status: int, seconds: float) -> None:
    """Count an answered request and the time it took."""
    part = next((part for start, part in PARTS.items() if path.startswith(start)), "public")
    _seconds_of(part).observe(seconds)
    _answers_of(part, status).inc()


@cache
def _decisions_of(outcome: str, reason: str) -> Counter:
    return _decisions.labels(outcome, reason)


@cache
def _seconds_of(part: str) -> Histogram:
    return _seconds.labels(part)


@cache
def _answers_of(part: str, status: int) -> Counter:
    return _answers.labels(part, f"{status // 100}xx")
