"""Ten thousand disclosures in ten batches, compared with a plain INSERT … SELECT into an equal table.

Run as a program in its own process (``python -m tools.bench.disclosures``), it fills the database named by the
environment if necessary, runs both alternately, and prints one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for
from tools.bench.table import Row, measure_section

ROOT = Path(__file__).resolve().parents[2]
BATCH, BATCHES = 1_000, 10
PEOPLE = BATCH * BATCHES
ROUNDS = 3
WHAT = f"{PEOPLE:,} disclosures in {BATCHES} batches, each decided, beside INSERT … SELECT"

TABLE = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.plain_disclosure (LIKE sharing_disclosure INCLUDING ALL)
"""
PLAIN = """
INSERT INTO bench.plain_disclosure (id, client_id, subject_id, recipient_id, recipient_owner, purpose, categories,
    reason, is_denied, shared_at, reported_at, actor_kind, actor_id, actor_role)
SELECT gen_random_uuid(), client_id, id, client_id, client_id, 'service_delivery', '{usage_logs}', 'permitted', false,
    now(), now(), 'system', client_id, 'system'
FROM people_subject WHERE client_id = %s
"""


def disclosure_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure on a separate database, created from the base world."""
    ensure_database(endpoint, "disclosures", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "disclosures")}
    return measure_section(Row(WHAT, ""), lambda: [_row(environment)])


def _row(environment: dict[str, str]) -> Row:
    from tools.bench.world import migrate  # noqa: PLC0415 -- models need the settings of this run

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.disclosures"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    seen = f"{found['reported']:.2f} s with decisions and evidence, beside {found['plain']:.2f} s"
    return Row(WHAT, seen, found["reported"] / found["plain"])


def main() -> None:
    """Fill the database, then run both alternately, each on empty tables."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    superuser = os.environ["SUPERUSER_URL"]
    _fill(superuser)
    reported, plain = [], []
    for _ in range(ROUNDS):
        with psycopg.connect(superuser) as connection:
            connection.execute("SET session_replication_role = replica")  # disclosures are evidence
            connection.execute("TRUNCATE bench.plain_disclosure, sharing_disclosure")
        plain.append(_timed(lambda: _insert(superuser)))
        reported.append(_timed(_report))
    medians = {"reported": statistics.median(reported), "plain": statistics.median(plain)}
    sys.stdout.write(json.dumps(medians) + "\n")


def _timed(act: Callable[[], int]) -> float:
    began = time.perf_counter()
    made = act()
    if made != PEOPLE:
        raise RuntimeError(f"{made} disclosures were recorded instead of {PEOPLE}.")
    return time.perf_counter() - began


def _insert(superuser_url: str) -> int:
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    with psycopg.connect(superuser_url) as connection:
        return connection.execute(PLAIN, [PATTERN]).rowcount


def _report() -> int:
    """Report a disclosure about each person, a thousand at once, as a system does."""
    from consent.sharing.services import DisclosureReport, report_disclosures  # noqa: PLC0415 -- as above
    from paktaleem.directory.people.models import Subject  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    at, told = datetime.now(UTC), {"recipient": "cloud", "purpose": "service_delivery", "categories": ["usage_logs"]}
    with in_client(PATTERN):
        people = list(Subject.objects.filter(client_id=PATTERN).values_list("external_id", flat=True))
    made = 0
    for start in range(0, PEOPLE, BATCH):
        values: dict[str, Any] = {**told, "shared_at": at}
        reports = [DisclosureReport(subject=str(person), **values) for person in people[start : start + BATCH]]
        with in_client(PATTERN):
            found = report_disclosures(PATTERN, reports, actor=SETTING_UP, at=at)
        made += sum(1 for one in found if one.disclosure is not None)
    return made


def _fill(superuser_url: str) -> None:
    from consent.register.models.agreements import Instruction, RecipientApproval, ServiceAgreement  # noqa: PLC0415 -- as above
    from consent.register.services import change_register  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.consent.making import approve_by_two, make_provider  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT, SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench import world  # noqa: PLC0415 -- as above

    if world.count(superuser_url, "people_subject"):
        return
    with in_client(world.PATTERN):
        told: dict[str, Any] = {"purposes": ["service_delivery"], "categories": ["usage_logs"], "starts_at": CAST_AT}
        cloud = make_provider(world.PATTERN, at=CAST_AT, code="cloud")
        row = RecipientApproval(client_id=world.PATTERN, recipient=cloud, is_integral=True, **told)
        approve_by_two(row, at=CAST_AT)
        agreement = ServiceAgreement.objects.filter(client_id=world.PATTERN).latest("starts_at")
        instruction = Instruction(client_id=world.PATTERN, agreement=agreement, document="Annex 3", **told)
        instruction.recipients = ["cloud"]
        change_register(instruction, actor=SETTING_UP, reason="onboarding", at=CAST_AT)
    with psycopg.connect(superuser_url) as connection:
        world.add_people(connection, people=PEOPLE, clients=1)
        connection.execute(TABLE)
    world.settle(superuser_url, "people_subject")


if __name__ == "__main__":
    main()
