"""Run the whole measurement and put its table into docs/performance.md; BENCH_DIR keeps the filled cluster there."""

import os
import platform
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from paktaleem.embedded import APP, SUPERUSER, Endpoint, ensure_database
from tests.bench.ground import cluster, environment_for, served
from tests.bench.loading import Load, Site, ask_all, drive, generator, pgbench

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
ROUNDS = 3
ROWS = {"small": 10_000, "big": 1_000_000}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
START, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


def main() -> None:
    """Make the world if it is not there, measure, print and write the table."""
    with cluster() as (endpoint, folder):
        os.environ.update(environment_for(endpoint, folder, "base"))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
        django.setup()
        people = _world(endpoint, folder)
        with served(endpoint, folder, "small") as small, served(endpoint, folder, "big") as big:
            lines = _measured(endpoint, small, big, people)
    table = "\n".join([_heading(), "", *lines])
    sys.stdout.write(table + "\n")
    page = PAGE.read_text()
    PAGE.write_text(page[: page.index(START)] + f"{START}\n\n{table}\n\n" + page[page.index(END) :])


def _world(endpoint: Endpoint, folder: Path) -> int:
    from tests.bench import world  # noqa: PLC0415 -- models need the settings of this run

    if not (folder / "filled").exists():
        ensure_database(endpoint, "base")
        call_command("migrate", verbosity=0)
        world.fill_register(endpoint.url(SUPERUSER, "base"))
        connections.close_all()
        for name, rows in ROWS.items():
            _say(f"Filling {rows:,} consents ...")
            ensure_database(endpoint, name, template="base")
            world.fill_people(endpoint.url(SUPERUSER, name), rows)
        (folder / "filled").touch()
    return ROWS["big"] // world.CLIENTS // world.PURPOSES_ANSWERED


def _measured(endpoint: Endpoint, small: Site, big: Site, people: int) -> list[str]:
    from tests.bench import questions  # noqa: PLC0415 -- as above

    for site in (small, big):
        _say("Warming up: every process compiles every client's register ...")
        ask_all(site.port, questions.warming())
    app, root = endpoint.url(APP, "big"), endpoint.url(SUPERUSER, "big")
    asked = questions.decisions(people)
    script = questions.decision_script(people)
    base = _median(lambda: pgbench(endpoint, app, script, SECONDS), "pgbench, one decision")
    one = _median(lambda: drive(big, asked, SECONDS), "HTTP, one decision")
    rows = _decision_rows(one, base)
    for size, target in ((100, 2.5), (1000, 3.5)):
        batch = questions.batches(people, size)
        many = _median(lambda batch=batch: drive(big, batch, SECONDS), f"HTTP, batches of {size}")  # type: ignore[misc]
        rows.append(_row(f"batches of {size}: decisions", many.rate * size, base.rate, f"≥ {target}", many, size))
    wrote = _median(lambda: pgbench(endpoint, app, questions.consent_script(root, people), SECONDS), "pgbench, consent")
    recorded = _median(lambda: drive(big, questions.consents(root, people), SECONDS), "HTTP, consent")
    rows.append(_row("recording a consent", recorded.rate, wrote.rate, "≥ 0.20", recorded))
    few = people * ROWS["small"] // ROWS["big"]
    rows.append(_growth_row(small, big, questions.decisions(few), asked))
    return ["| what | seen | ratio | target | CPU: web + database |", "|---|---|---|---|---|", *rows]


def _decision_rows(one: Load, base: Load) -> list[str]:
    bound = 8 * base.mean + 5
    seen = f"{base.rate:,.0f}/s, mean {base.mean:.2f} ms"
    return [
        f"| pgbench, the decision's statement | {seen} | 1 | | 0 + {base.database_cpu:.0f} µs |",
        _row("one decision over HTTP", one.rate, base.rate, "≥ 0.12", one),
        f"| its p99 | {one.p99:.1f} ms (p50 {one.p50:.2f} ms) | | ≤ {bound:.1f} ms | |",
    ]


def _growth_row(small: Site, big: Site, of_few: list[bytes], of_many: list[bytes]) -> str:
    """Measure both by turns, so that what else the machine does meets both alike."""
    turns = [(drive(small, of_few, SECONDS).p50, drive(big, of_many, SECONDS).p50) for _ in range(ROUNDS)]
    less, more = (statistics.median(times) for times in zip(*turns, strict=True))
    seen = f"{more:.2f} ms beside {less:.2f} ms"
    return f"| decision p50, 1,000,000 rows beside 10,000 | {seen} | {more / less:.2f} | ≤ 1.15 | |"


def _row(what: str, rate: float, base: float, target: str, load: Load, size: int = 1) -> str:  # noqa: PLR0917 -- a row's cells
    cpu = f"{load.web_cpu / size:.0f} + {load.database_cpu / size:.0f} µs"
    return f"| {what} | {rate:,.0f}/s beside {base:,.0f}/s | {rate / base:.2f} | {target} | {cpu} |"


def _median(measure: Callable[[], Load], what: str) -> Load:
    """Measure some times and take the run of the middle rate."""
    loads = sorted((measure() for _ in range(ROUNDS)), key=lambda load: load.rate)
    _say(f"{what}: {', '.join(f'{load.rate:,.0f}/s' for load in loads)}")
    return loads[len(loads) // 2]


def _heading() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = statistics.fmean(os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, {memory:.0f} GB · {platform.machine()} · "
        f"load average at the end {busy:.1f} · generator: {generator()} · medians of {ROUNDS} × {SECONDS} s"
    )


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
