"""Run all measurements and write the table into docs/performance.md; the filled cluster is stored in BENCH_DIR.

BENCH_ROWS names sections to run alone (``answers``, ``log``, ``effect``, ``roster``, ``enrolments``, ``orders``,
``disclosures``, ``disposals``, ``reconciliation``, ``outbox``, ``clone``); the page is then not changed.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.clone import clone_rows
from tools.bench.decision_log import log_rows
from tools.bench.disclosures import disclosure_rows
from tools.bench.disposals import disposal_rows
from tools.bench.effect import effect_rows
from tools.bench.enrolments import enrolment_rows
from tools.bench.infrastructure import cluster, environment_for, served
from tools.bench.loading import ask_all, drive, generator
from tools.bench.orders import order_rows
from tools.bench.outbox import outbox_rows
from tools.bench.reconciliation import reconciliation_rows
from tools.bench.roster import roster_rows
from tools.bench.table import Row, measure_section, print_progress, render

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
ONLY = os.environ.get("BENCH_ROWS", "").replace(",", " ").split()
ROWS = {"small": 10_000, "big": 1_000_000}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
START, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


def main() -> None:
    """Create the world if needed, measure, print and write the table."""
    began, before = time.monotonic(), dict(os.environ)
    rows: list[Row] = []
    if not ONLY or set(ONLY) != {"clone"}:
        with cluster() as (endpoint, folder):
            os.environ.update(environment_for(endpoint, folder, "base"))
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paktaleem.settings")
            django.setup()
            _ready(endpoint)
            rows += _section("answers", lambda: _answer_rows(endpoint, folder))
            rows += _section("log", lambda: _log_rows(endpoint, folder))
            rows += _section("effect", lambda: effect_rows(endpoint, folder))
            rows += _section("roster", lambda: roster_rows(endpoint, folder))
            rows += _section("enrolments", lambda: enrolment_rows(endpoint, folder))
            rows += _section("orders", lambda: order_rows(endpoint, folder))
            rows += _section("disclosures", lambda: disclosure_rows(endpoint, folder))
            rows += _section("disposals", lambda: disposal_rows(endpoint, folder))
            rows += _section("reconciliation", lambda: reconciliation_rows(endpoint, folder))
            rows += _section("outbox", lambda: outbox_rows(endpoint, folder, SECONDS))
    rows += _section("clone", lambda: clone_rows(before))
    table = f"{_heading(time.monotonic() - began)}\n\n{render(rows)}"
    sys.stdout.write(table + "\n")
    if not ONLY:
        page = PAGE.read_text()
        PAGE.write_text(page[: page.index(START)] + f"{START}\n\n{table}\n\n" + page[page.index(END) :])


def _section(name: str, measure: Callable[[], list[Row]]) -> list[Row]:
    if ONLY and name not in ONLY:
        return []
    print_progress(f"{name} ...")
    return measure_section(Row(name, ""), measure)


def _ready(endpoint: Endpoint) -> None:
    from tools.bench import world  # noqa: PLC0415 -- models need the settings of this run

    ensure_database(endpoint, "base")
    call_command("migrate", verbosity=0)
    if not world.is_filled(endpoint.url(SUPERUSER, "base")):
        world.fill_register(endpoint.url(SUPERUSER, "base"))
    connections.close_all()


def _answer_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    from tools.bench import world  # noqa: PLC0415 -- as above
    from tools.bench.answers import Answers  # noqa: PLC0415 -- as above

    for name, rows in ROWS.items():
        print_progress(f"The world of {rows:,} consents ...")
        ensure_database(endpoint, name, template="base")
        world.migrate(environment_for(endpoint, folder, name))
        world.fill_people(endpoint.url(SUPERUSER, name), rows)
    few, many = (rows // world.CLIENTS // world.PURPOSES_ANSWERED for rows in ROWS.values())
    with served(endpoint, folder, "small") as small, served(endpoint, folder, "big") as big:
        return Answers(endpoint, small, big, few, many, SECONDS).rows()


def _log_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    from tools.bench import requests, world  # noqa: PLC0415 -- as above

    ensure_database(endpoint, "small", template="base")
    world.migrate(environment_for(endpoint, folder, "small"))
    world.fill_people(endpoint.url(SUPERUSER, "small"), ROWS["small"])
    with served(endpoint, folder, "small") as site:
        ask_all(site.port, requests.warming())
        asked = requests.decisions(ROWS["small"] // world.CLIENTS // world.PURPOSES_ANSWERED)
        drive(site, asked, SECONDS)  # warm the cache
        return log_rows(site, endpoint.url(SUPERUSER, "small"), asked, SECONDS)


def _heading(took: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = statistics.fmean(os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, {memory:.0f} GB · {platform.machine()} · "
        f"Python {platform.python_version()} · load average at the end {busy:.1f} · generator: {generator()} · "
        f"medians of {SECONDS} s each · the whole run took {took / 60:.0f} min"
    )


if __name__ == "__main__":
    main()
