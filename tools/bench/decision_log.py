"""Cost of the decision log: the CPU of a decision with the log off, with counts, and with every decision logged."""

import statistics
from collections.abc import Sequence

import psycopg

from tools.bench.loading import Site, drive
from tools.bench.table import Row, print_progress

ROUNDS = 9
SETTLED_AFTER = 1.5
"""Seconds in which the log of a measurement is written: it is part of its cost."""
AT_MOST = {"counts": 1.01, "every": 1.10}
WHAT = {"counts": "decision log: counts beside off", "every": "decision log: every decision beside off"}

_SET = """
INSERT INTO consent_decisionlogsetting (id, client_id, mode, days_kept, ground, pseudonyms, every_since, changed_at)
SELECT gen_random_uuid(), id, %(mode)s::text, 30, '', gen_random_uuid(),
    CASE %(mode)s::text WHEN 'every' THEN now() END, now()
FROM accounts_client
ON CONFLICT (client_id) DO UPDATE SET mode = excluded.mode, every_since = excluded.every_since
"""


def log_rows(site: Site, superuser_url: str, requests: Sequence[bytes], seconds: int) -> list[Row]:
    """Measure the three modes of all clients in turn, so that other load on the machine affects all equally."""
    modes = ["off", *AT_MOST]
    cpu: dict[str, list[float]] = {mode: [] for mode in modes}
    for turn in range(ROUNDS):
        for mode in modes[turn % 3 :] + modes[: turn % 3]:
            with psycopg.connect(superuser_url) as connection:
                connection.execute(_SET, {"mode": mode})
            load = drive(site, requests, seconds, settled_after=SETTLED_AFTER)
            cpu[mode].append(load.web_cpu + load.database_cpu)
            print_progress(f"decision log {mode}: {load.web_cpu:.0f} + {load.database_cpu:.0f} µs, {load.rate:,.0f}/s")
    return [_row(mode, cpu[mode], cpu["off"]) for mode in AT_MOST]


def _row(mode: str, cpu: Sequence[float], off: Sequence[float]) -> Row:
    ratios = sorted(one / other for one, other in zip(cpu, off, strict=True))
    low, middle, high = statistics.quantiles(ratios)
    seen = (
        f"{statistics.median(cpu):,.0f} µs beside {statistics.median(off):,.0f} µs of CPU; "
        f"half of {len(ratios)} pairs between {low:.3f} and {high:.3f}"
    )
    return Row(WHAT[mode], seen, middle, at_most=AT_MOST[mode])
