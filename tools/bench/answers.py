"""Measurements over HTTP compared with pgbench: decisions, batches, recording, growth."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from paktaleem.foundation.embedded.layout import APP, SUPERUSER, Endpoint
from tools.bench import requests as questions
from tools.bench.loading import Load, Site, ask_all, drive, pgbench
from tools.bench.table import Row, measure_section, print_progress

ROUNDS, TURNS = 3, 5
BATCHES = {100: 2.5, 1000: 3.5}


@dataclass
class Answers:
    """Two served worlds, ``small`` and ``big``, with the number of people per client in each."""

    endpoint: Endpoint
    small: Site
    big: Site
    few: int
    many: int
    seconds: int

    def rows(self) -> list[Row]:
        """Measure everything. Writes come last, so that their checkpoints do not disturb the other measurements."""
        for site in (self.small, self.big):
            print_progress("Warming up: every process compiles every client's register ...")
            ask_all(site.port, questions.warming())
        return [
            *measure_section(Row("one decision over HTTP", "", at_least=0.12), self._decision),
            *measure_section(Row("decision p50, 1,000,000 rows beside 10,000", "", at_most=1.15), self._growth),
            *(row for size in BATCHES for row in self._batches(size)),
            *measure_section(Row("recording a consent", "", at_least=0.20), self._recording),
        ]

    @cached_property
    def base(self) -> Load:
        """Measure the decision's statement with pgbench."""
        script = questions.decision_script(self.many)
        pgbench(self.endpoint, self._app, script, self.seconds)  # warm the cache
        return self._median(lambda: pgbench(self.endpoint, self._app, script, self.seconds), "pgbench, one decision")

    @cached_property
    def requests(self) -> list[bytes]:
        return questions.decisions(self.many)

    @property
    def _app(self) -> str:
        return self.endpoint.url(APP, "big")

    @property
    def _root(self) -> str:
        return self.endpoint.url(SUPERUSER, "big")

    def _decision(self) -> list[Row]:
        base, requests = self.base, self.requests
        drive(self.big, requests, self.seconds)  # warm the cache
        one = self._median(lambda: drive(self.big, requests, self.seconds), "HTTP, one decision")
        return [
            Row(
                "pgbench, the decision's statement",
                f"{base.rate:,.0f}/s, mean {base.mean:.2f} ms",
                cpu=f"0 + {base.database_cpu:.0f} µs",
            ),
            _beside("one decision over HTTP", one.rate, base.rate, 0.12, one),
            Row("its p99", f"{one.p99:.1f} ms (p50 {one.p50:.2f} ms)", one.p99, at_most=8 * base.mean + 5, unit=" ms"),
        ]

    def _growth(self) -> list[Row]:
        """Measure both worlds alternately, so that other load on the machine affects both equally."""
        of_few = questions.decisions(self.few)
        drive(self.small, of_few, self.seconds)
        pairs = [
            (drive(self.small, of_few, self.seconds), drive(self.big, self.requests, self.seconds))
            for _ in range(TURNS)
        ]
        less, more = (statistics.median(load.p50 for load in loads) for loads in zip(*pairs, strict=True))
        cheap, dear = (statistics.median(load.database_cpu for load in loads) for loads in zip(*pairs, strict=True))
        seen, cpu = f"{more:.2f} ms beside {less:.2f} ms", f"database {dear:.0f} beside {cheap:.0f} µs"
        return [Row("decision p50, 1,000,000 rows beside 10,000", seen, more / less, at_most=1.15, cpu=cpu)]

    def _batches(self, size: int) -> list[Row]:
        what, target = f"batches of {size:,}: decisions", BATCHES[size]

        def measure() -> list[Row]:
            batch = questions.batches(self.many, size)
            drive(self.big, batch, self.seconds)
            many = self._median(lambda: drive(self.big, batch, self.seconds), f"HTTP, batches of {size}")
            return [_beside(what, many.rate * size, self.base.rate, target, many, size)]

        return measure_section(Row(what, "", at_least=target), measure)

    def _recording(self) -> list[Row]:
        """Measure both alternately, so that deferred work of the server affects both equally."""
        script = questions.consent_script(self._root, self.many)

        def turn() -> tuple[Load, Load]:
            requests = questions.consents(self._root, self.many)
            return pgbench(self.endpoint, self._app, script, self.seconds), drive(self.big, requests, self.seconds)

        turn()  # warm up pages, plans and processes
        base, over_http = zip(*(turn() for _ in range(TURNS)), strict=True)
        wrote, recorded = _middle(base, "pgbench, consent"), _middle(over_http, "HTTP, consent")
        return [
            Row(
                "pgbench, the consent's statements",
                f"{wrote.rate:,.0f}/s, mean {wrote.mean:.2f} ms",
                cpu=f"0 + {wrote.database_cpu:.0f} µs",
            ),
            _beside("recording a consent", recorded.rate, wrote.rate, 0.20, recorded),
        ]

    def _median(self, measure: Callable[[], Load], what: str) -> Load:
        return _middle([measure() for _ in range(ROUNDS)], what)


def _middle(loads: Sequence[Load], what: str) -> Load:
    print_progress(f"{what}: {', '.join(f'{load.rate:,.0f}/s' for load in loads)}")
    return sorted(loads, key=lambda load: load.rate)[len(loads) // 2]


def _beside(what: str, rate: float, base: float, target: float, load: Load, size: int = 1) -> Row:  # noqa: PLR0917 -- a row's cells
    cpu = f"{load.web_cpu / size:.0f} + {load.database_cpu / size:.0f} µs"
    return Row(what, f"{rate:,.0f}/s beside {base:,.0f}/s", rate / base, at_least=target, cpu=cpu)
