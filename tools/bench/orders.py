"""A hundred thousand orders by one statement, compared with a plain INSERT … SELECT into an equal table.

Run as a program in its own process (``python -m tools.bench.orders``), it fills the database named by the
environment if necessary, runs both alternately, and prints one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for
from tools.bench.table import Row, measure_section

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 100_000
ROUNDS = 3
WHAT = f"{PEOPLE:,} orders by one statement beside INSERT … SELECT"
AT_MOST = 3

TABLE = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.plain_order (LIKE data_systems_order INCLUDING ALL)
"""
PLAIN = """
INSERT INTO bench.plain_order (id, client_id, system_id, system_owner, subject_id, state, attempts, failure, fields,
    categories, changed_at, stuck_at, kind, reason, ground, due_at, parent_kind, created_at)
SELECT gen_random_uuid(), client_id, client_id, client_id, id, 'queued', 0, '', '{}', '{usage_logs}',
    now(), now(), 'erase', 'review', 'retention_ended', now() + interval '1 day', '', now()
FROM people_subject WHERE client_id = %s
"""
CLEARED = "TRUNCATE bench.plain_order, data_systems_order, data_systems_orderset CASCADE"


def order_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure on a separate database, created from the base world."""
    ensure_database(endpoint, "orders", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "orders")}
    return measure_section(Row(WHAT, "", at_most=AT_MOST), lambda: [_row(environment)])


def _row(environment: dict[str, str]) -> Row:
    from tools.bench.world import migrate  # noqa: PLC0415 -- as above

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.orders"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    seen = f"{found['issued']:.2f} s with evidence and a step each, beside {found['plain']:.2f} s"
    return Row(WHAT, seen, found["issued"] / found["plain"], at_most=AT_MOST)


def main() -> None:
    """Fill the database, then run both alternately, each on empty tables."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    superuser = os.environ["SUPERUSER_URL"]
    _fill(superuser)
    issued, plain = [], []
    for _ in range(ROUNDS):
        _clear(superuser)
        plain.append(_timed(lambda: _insert(superuser)))
        issued.append(_timed(_issue))
    medians = {"issued": statistics.median(issued), "plain": statistics.median(plain)}
    sys.stdout.write(json.dumps(medians) + "\n")


def _timed(act: Callable[[], int]) -> float:
    began = time.perf_counter()
    made = act()
    if made != PEOPLE:
        raise RuntimeError(f"{made} orders were made instead of {PEOPLE}.")
    return time.perf_counter() - began


def _insert(superuser_url: str) -> int:
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- models need the settings of this run

    with psycopg.connect(superuser_url) as connection:
        return connection.execute(PLAIN, [PATTERN]).rowcount


def _issue() -> int:
    from paktaleem.directory.data_systems.models import Ground, OrderKind  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.services import issuing  # noqa: PLC0415 -- as above
    from paktaleem.directory.people.models import Subject  # noqa: PLC0415 -- as above
    from paktaleem.foundation.audit.actors import Reason  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    at = datetime.now(UTC)
    order = issuing.OrderSpec(
        kind=OrderKind.ERASE,
        categories=frozenset({"usage_logs"}),
        reason=Reason.REVIEW,
        ground=Ground.RETENTION_ENDED,
        due_at=at + timedelta(days=1),
    )
    with in_client(PATTERN):
        made = issuing.issue_orders_for_set(Subject.objects.all(), order, client_id=PATTERN, actor=SETTING_UP, at=at)
        return 0 if made is None else made.size


def _clear(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(CLEARED)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def _fill(superuser_url: str) -> None:
    from paktaleem.directory.data_systems.models import System  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.services.registering import change_system  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT, SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench import world  # noqa: PLC0415 -- as above

    if world.count(superuser_url, "people_subject"):
        return
    with in_client(world.PATTERN):
        if not System.objects.filter(code="lms").exists():  # not yet created by an aborted run
            system = System(
                client_id=world.PATTERN, code="lms", name="LMS", categories=["usage_logs"], starts_at=CAST_AT
            )
            system.contact, system.delivery = "lms@bench.example", "poll"
            change_system(system, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
    with psycopg.connect(superuser_url) as connection:
        world.add_people(connection, people=PEOPLE, clients=1)
        connection.execute(TABLE)
    world.settle(superuser_url, "people_subject")


if __name__ == "__main__":
    main()
