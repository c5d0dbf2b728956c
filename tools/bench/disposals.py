"""A sweep of a million holdings, and the orders that follow, beside a plain UPDATE and INSERT … SELECT of as many rows.

Run as a program in its own process (``python -m tools.bench.disposals``), it fills the database named by the
environment if necessary, runs each once, and prints one line of JSON.
"""

import json
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for
from tools.bench.orders import TABLE
from tools.bench.table import Row, measure_section, timed

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = int(os.environ.get("BENCH_DISPOSAL_PEOPLE", "500_000"))
CATEGORIES = ("contact_details", "usage_logs")
SWEPT = f"sweep of {PEOPLE * len(CATEGORIES):,} holdings beside UPDATE"
ORDERED = f"checking again and {PEOPLE:,} orders beside INSERT … SELECT"
AT_MOST = 3
DATABASE = "disposals"

HOLDINGS = """
INSERT INTO holdings_holding (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes, count,
    first_collected_at, last_collected_at)
SELECT gen_random_uuid(), p.client_id, p.id, c.code, s.id, s.client_id, '["assessment"]', '["product_research"]', 1,
    %(at)s, %(at)s
FROM person p
CROSS JOIN unnest(%(categories)s::text[]) c (code)
CROSS JOIN (SELECT id, client_id FROM data_systems_system WHERE code = 'lms') s
"""
UPDATE = "UPDATE holdings_holding SET last_activity_at = last_collected_at WHERE client_id = %s"
PLAIN = """
INSERT INTO bench.plain_order (id, client_id, system_id, system_owner, subject_id, state, attempts, failure, fields,
    categories, changed_at, stuck_at, kind, reason, ground, due_at, parent_kind, created_at)
SELECT gen_random_uuid(), client_id, client_id, client_id, id, 'queued', 0, '', '{}', '{usage_logs}',
    now(), now(), 'erase', 'review', 'retention_ended', now() + interval '1 day', '', now()
FROM people_subject WHERE client_id = %s
"""


def disposal_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure on a separate database, created anew from the base world."""
    ensure_database(endpoint, DATABASE, template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, DATABASE)}
    return measure_section(Row(SWEPT, "", at_most=AT_MOST), lambda: _rows(environment))


def _rows(environment: dict[str, str]) -> list[Row]:
    from tools.bench.world import migrate  # noqa: PLC0415 -- models need the settings of this run

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.disposals"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    seen = f"{found['swept']:.1f} s beside {found['updated']:.1f} s; the process grew by {found['grew']:.0f} MB"
    issued = f"{found['ordered']:.1f} s beside {found['inserted']:.1f} s"
    return [
        Row(SWEPT, seen, found["swept"] / found["updated"], at_most=AT_MOST),
        Row(ORDERED, issued, found["ordered"] / found["inserted"], at_most=AT_MOST),
    ]


def main() -> None:
    """Fill the database, then sweep, order, and do the same plainly."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    superuser = os.environ["SUPERUSER_URL"]
    _fill(superuser)
    found = {"updated": timed(lambda: _run(superuser, UPDATE)), "inserted": timed(lambda: _run(superuser, PLAIN))}
    _run(superuser, "UPDATE holdings_holding SET last_activity_at = NULL WHERE client_id = %s")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE holdings_holding")
        connection.execute("CHECKPOINT")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["swept"] = timed(_sweep)
    found["grew"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE disposals_item")
    found["ordered"] = timed(_order)
    sys.stdout.write(json.dumps(found) + "\n")


def _run(superuser_url: str, statement: str) -> None:
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    with psycopg.connect(superuser_url) as connection:
        connection.execute(statement, [PATTERN])


def _stamp(days: int = 0) -> dict[str, Any]:
    from tests.factories import SETTING_UP  # noqa: PLC0415 -- as above

    return {"actor": SETTING_UP, "at": datetime.now(UTC) + timedelta(days=days)}


def _sweep() -> None:
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from retention.disposals.services.batches import flag_chunk, start_sweep  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    stamp = _stamp()
    with in_client(PATTERN):
        sweep = start_sweep(PATTERN, **stamp)
    more = True
    while more:
        with in_client(PATTERN):
            more = flag_chunk(sweep, **stamp)
    with in_client(PATTERN):
        sweep.refresh_from_db()
    if sweep.flagged != PEOPLE * len(CATEGORIES):
        raise RuntimeError(f"{sweep.flagged} holdings were flagged.")


def _order() -> None:
    from paktaleem.directory.data_systems.models import Order  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from retention.disposals.models import Batch  # noqa: PLC0415 -- as above
    from retention.disposals.services.executing import order_chunk  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    stamp = _stamp()
    approved = {"approved_kind": "user", "approved_by": PATTERN, "approved_at": stamp["at"], "starts_at": stamp["at"]}
    with in_client(PATTERN):
        batch = Batch.objects.get()
        Batch.objects.filter(pk=batch.pk).update(stage="scheduled", **approved)
    more = True
    while more:
        with in_client(PATTERN):
            more = order_chunk(batch, **stamp)
    with in_client(PATTERN):
        issued = Order.objects.count()
    if issued != PEOPLE:
        raise RuntimeError(f"{issued} orders were issued.")


def _fill(superuser_url: str) -> None:
    from paktaleem.directory.data_systems.models import System  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.services.registering import change_system  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from retention.schedule.models import RetentionRule  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT, SETTING_UP  # noqa: PLC0415 -- as above
    from tests.retention.schedule.making import make_rule  # noqa: PLC0415 -- as above
    from tools.bench import world  # noqa: PLC0415 -- as above

    with in_client(world.PATTERN):
        if RetentionRule.objects.filter(client_id=world.PATTERN).exists():
            raise RuntimeError("Drop this database: it was measured before.")
        system = System(client_id=world.PATTERN, code="lms", name="LMS", categories=list(CATEGORIES), starts_at=CAST_AT)
        system.contact, system.delivery = "lms@bench.example", "poll"
        change_system(system, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
        for category in CATEGORIES:
            make_rule(world.PATTERN, "product_research", category, at=CAST_AT, period="P1D")
    with psycopg.connect(superuser_url) as connection:
        world.add_people(connection, people=PEOPLE, clients=1)
        connection.execute(HOLDINGS, {"at": CAST_AT, "categories": list(CATEGORIES)})
        connection.execute(TABLE)
    world.settle(superuser_url, "people_subject", "holdings_holding")


if __name__ == "__main__":
    main()
