"""An inventory of ten thousand people compared with what a system reported, beside the same statement by psycopg.

Run as a program in its own process (``python -m tools.bench.reconciliation``), it fills the database named by the
environment if necessary, runs both alternately, and prints one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for
from tools.bench.table import Row, measure_section, timed

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 10_000
ROUNDS = 5
WHAT = f"inventory of {PEOPLE:,} people compared, beside the same statement by psycopg"
AT_MOST = 3


HOLDINGS = """
INSERT INTO holdings_holding (id, client_id, subject_id, category, system_id, system_owner, occasions, purposes, count,
    first_collected_at, last_collected_at)
SELECT gen_random_uuid(), p.client_id, p.id, 'usage_logs', s.id, s.client_id, '["assessment"]', '["service_delivery"]',
    1, %(at)s, %(at)s
FROM person p CROSS JOIN (SELECT id, client_id FROM data_systems_system WHERE code = 'lms') s
"""


def reconciliation_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure on a separate database, created from the base world."""
    ensure_database(endpoint, "reconciliation", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "reconciliation")}
    return measure_section(Row(WHAT, "", at_most=AT_MOST), lambda: [_row(environment)])


def _row(environment: dict[str, str]) -> Row:
    from tools.bench.world import migrate  # noqa: PLC0415 -- models need the settings of this run

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.reconciliation"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    seen = f"{found['answered']:.3f} s with marks, lock and evidence, beside {found['plain']:.3f} s"
    return Row(WHAT, seen, found["answered"] / found["plain"], at_most=AT_MOST)


def main() -> None:
    """Fill the database, then let the portal compare, and send the statement that it sent, alternately."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    superuser = os.environ["SUPERUSER_URL"]
    _fill(superuser)
    answered, plain = [], []
    for _ in range(ROUNDS):
        seconds, statement, values = _answer()
        answered.append(seconds)
        with psycopg.connect(superuser) as connection:
            plain.append(timed(lambda: connection.execute(statement, values)))  # noqa: B023 -- called at once
    sys.stdout.write(json.dumps({"answered": statistics.median(answered), "plain": statistics.median(plain)}) + "\n")


def _answer() -> tuple[float, Any, Any]:
    """Return how long the portal's call took, and the statement by which it compared, with its values."""
    from django.db import connection  # noqa: PLC0415 -- as above

    from paktaleem.directory.data_systems.models import System  # noqa: PLC0415 -- as above
    from paktaleem.directory.people.models import Subject  # noqa: PLC0415 -- as above
    from paktaleem.foundation.accounts.actors import key_actor  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from retention.inventories.models import AskedFor, InventoryLine  # noqa: PLC0415 -- as above
    from retention.inventories.services import Count, add_people, answer_inventory, order_inventories  # noqa: PLC0415 -- as above
    from tests.factories import SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    at = datetime.now(UTC)
    by: dict[str, Any] = {"actor": key_actor(PATTERN, PATTERN, {"orders"}), "at": at}
    sent: list[tuple[Any, Any]] = []

    def keep(execute: Any, statement: Any, values: Any, many: Any, context: Any) -> Any:
        if "WITH counted" in str(statement):
            sent.append((statement, values))
        return execute(statement, values, many, context)

    with in_client(PATTERN):
        systems = System.objects.filter(code="lms")
        [inventory] = order_inventories(PATTERN, systems, asked_for=AskedFor.MONTHLY, actor=SETTING_UP, at=at)
        people = Subject.objects.filter(client_id=PATTERN).values_list("external_id", flat=True)
        add_people(inventory, "usage_logs", [sha256(str(one).encode()).hexdigest() for one in people], **by)
    with connection.execute_wrapper(keep), in_client(PATTERN):
        seconds = timed(lambda: answer_inventory(inventory, [Count("usage_logs", PEOPLE)], **by))
    with in_client(PATTERN):
        line = InventoryLine.objects.get(inventory=inventory)
    if (line.expected, line.missing, line.unexpected) != (PEOPLE, 0, 0):
        raise RuntimeError(f"{line.expected} people were compared instead of {PEOPLE}.")
    [(statement, values)] = sent
    return seconds, statement, values


def _fill(superuser_url: str) -> None:
    from paktaleem.directory.data_systems.models import System  # noqa: PLC0415 -- as above
    from paktaleem.directory.data_systems.services.registering import change_system  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT, SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench import world  # noqa: PLC0415 -- as above

    if world.count(superuser_url, "people_subject"):
        return
    with in_client(world.PATTERN):
        details: dict[str, Any] = {"code": "lms", "name": "LMS", "categories": ["usage_logs"], "delivery": "poll"}
        system = System(client_id=world.PATTERN, contact="lms@bench.example", starts_at=CAST_AT, **details)
        change_system(system, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
    with psycopg.connect(superuser_url) as connection:
        world.add_people(connection, HOLDINGS, people=PEOPLE, clients=1)
    world.settle(superuser_url, "people_subject", "holdings_holding")


if __name__ == "__main__":
    main()
