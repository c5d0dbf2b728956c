"""Data folder of a checkout, removed after the test, and an installation in which everything is in order."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.startup.findings import NOT_FOR_SERVERS, read_database
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import list_kinds
from tests.cast import Cast
from tests.demo.running import Demonstration
from tests.mail.server import mail_server

SMTP = "paktaleem.directory.mail.delivery.EmailBackend"


def run_sql(query: str, *values: Any) -> None:
    with in_global(), connection.cursor() as cursor:
        cursor.execute(query, values)


@pytest.fixture
def checkout() -> Iterator[Demonstration]:
    """A folder for management commands; ``left_running`` finds remaining servers."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-trial-")).resolve()
    folder.chmod(0o755)
    yield Demonstration(folder)
    shutil.rmtree(folder)


@pytest.fixture
def in_order(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Provide an installation in which every part but backups is in order; the tests' own PostgreSQL is not durable."""
    facts = replace(read_database(), fsync="on", synchronous_commit="on", full_page_writes="on")
    for module in ("diagnosis", "findings"):
        monkeypatch.setattr(f"paktaleem.foundation.operations.startup.{module}.read_database", lambda: facts)
    keys = tmp_path / "keys.json"
    keys.write_text(settings.KEYRING)
    keys.chmod(0o600)
    settings.KEYRING_FILE, settings.KEYRING = str(keys), ""
    settings.SECRET_KEY = "long enough for a check of the settings"
    for name in NOT_FOR_SERVERS:
        monkeypatch.delenv(name, raising=False)
    run_sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    from paktaleem.foundation.upkeep.periods.models import DisposalRun  # noqa: PLC0415 -- models need the settings of this run

    with in_client(PAKTALEEM):
        for kind in list_kinds():
            DisposalRun.objects.update_or_create(
                client_id=PAKTALEEM, kind=kind.code, defaults={"ran_at": wall_clock_now(), "rows": 0, "rows_ever": 0}
            )
    with mail_server() as server:
        settings.MAILERS = {"default": {"BACKEND": SMTP, "OPTIONS": {"host": "127.0.0.1", "port": server.port}}}
        yield keys
