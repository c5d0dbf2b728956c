"""Messages delivered per second by one worker, compared with pgbench writing one row per transaction.

Run as a program in its own process (``python -m tools.bench.outbox``), it creates events for twenty receivers on
this machine, delivers all of them, and prints one line of JSON.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing import Process
from pathlib import Path
from uuid import UUID

from paktaleem.foundation.embedded.layout import APP, Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for, free_port
from tools.bench.loading import pgbench
from tools.bench.table import Row, measure_section

ROOT = Path(__file__).resolve().parents[2]
WHAT = "messages delivered by one worker beside pgbench inserts"
ENDPOINTS, EVENTS = 20, 250
SECONDS_AT_MOST = 90.0
LENGTH = re.compile(rb"(?i)content-length: (\d+)")
PGBENCH = """
BEGIN;
SELECT set_config('role', 'none', true), set_config('paktaleem.client', '{client}', true);
INSERT INTO webhooks_attempt (id, client_id, delivery_id, started_at, milliseconds, status, error)
VALUES (gen_random_uuid(), '{client}', '{delivery}', now(), 1, 204, '');
COMMIT;
"""


def outbox_rows(endpoint: Endpoint, folder: Path, seconds: int) -> list[Row]:
    """Measure on a separate database, created from the base world."""
    ensure_database(endpoint, "outbox", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "outbox"), "OUTBOX_PORT": str(free_port())}
    environment["WEBHOOKS_ALLOWED"] = f"127.0.0.1:{environment['OUTBOX_PORT']}"
    return measure_section(Row(WHAT, ""), lambda: [_row(endpoint, environment, seconds)])


def _row(endpoint: Endpoint, environment: dict[str, str], seconds: int) -> Row:
    from tools.bench.world import migrate  # noqa: PLC0415 -- as above

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.outbox"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    script = PGBENCH.format(client=found["client"], delivery=found["delivery"])
    plain = pgbench(endpoint, endpoint.url(APP, "outbox"), script, seconds)
    rate = found["delivered"] / found["seconds"]
    seen = f"{rate:,.0f}/s to {ENDPOINTS} receivers, signed and logged, beside {plain.rate:,.0f}/s"
    return Row(WHAT, seen, rate / plain.rate)


def main() -> None:
    """Create events, then deliver them."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    from django.db import connections  # noqa: PLC0415 -- models need the settings of this run

    from paktaleem.directory.webhooks.models import Delivery  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    own = _let_happen()
    connections.close_all()
    with _receivers(int(os.environ["OUTBOX_PORT"])):
        seconds = asyncio.run(_send())
    with in_client(PATTERN):
        deliveries = Delivery.objects.filter(client_id=PATTERN, endpoint__in=own)
        done = list(deliveries.filter(state="delivered").values_list("pk", flat=True))
    if len(done) != ENDPOINTS * EVENTS:
        raise RuntimeError(f"{len(done):,} messages were delivered, not {ENDPOINTS * EVENTS:,}.")
    found = {"client": str(PATTERN), "delivery": str(done[0]), "delivered": len(done), "seconds": seconds}
    sys.stdout.write(json.dumps(found) + "\n")


def _let_happen() -> list[UUID]:
    """Add receivers and create events; return the receivers. Receivers of an aborted run are removed."""
    from paktaleem.directory.webhooks.models import Endpoint as Webhook  # noqa: PLC0415 -- as above
    from paktaleem.directory.webhooks.services import add_endpoint, remove_endpoint  # noqa: PLC0415 -- as above
    from paktaleem.foundation.audit.services import record_entry  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from tests.factories import SETTING_UP  # noqa: PLC0415 -- as above
    from tools.bench.world import PATTERN  # noqa: PLC0415 -- as above

    at, url = datetime.now(UTC), f"http://127.0.0.1:{os.environ['OUTBOX_PORT']}/hooks"
    with in_client(PATTERN):
        for old in Webhook.objects.filter(removed_at=None):
            remove_endpoint(old, actor=SETTING_UP, reason="review", at=at)
        made = [
            add_endpoint(PATTERN, url=url, events=["consent.given"], actor=SETTING_UP, at=at)[0].pk
            for _ in range(ENDPOINTS)
        ]
        for _ in range(EVENTS):
            facts = {"purpose": "newsletter"}
            record_entry("consent.given", client_id=PATTERN, facts=facts, actor=SETTING_UP, at=at)
    return made


async def _send() -> float:
    from paktaleem.directory.webhooks.tasks import Pump  # noqa: PLC0415 -- as above

    began = time.perf_counter()
    await Pump().run(seconds=SECONDS_AT_MOST, until_idle=True)
    return time.perf_counter() - began


@contextmanager
def _receivers(port: int) -> Iterator[None]:
    receiving = Process(target=_receive, args=(port,), daemon=True)
    receiving.start()
    try:
        yield
    finally:
        receiving.terminate()
        receiving.join()


def _receive(port: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(int(LENGTH.findall(head)[0]))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
            await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
