"""PgBouncer in transaction mode before the tests' PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paktaleem.foundation.embedded.layout import Endpoint
from tests.demo.running import free_port
from tests.waiting import wait_until

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(
    not PGBOUNCER and "PAKTALEEM_NEEDS_PGBOUNCER" not in os.environ,
    reason="PgBouncer is not installed (apt-get install pgbouncer); with PAKTALEEM_NEEDS_PGBOUNCER set it must be",
)
NOBODY = 65_534
CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {size}
max_prepared_statements = 200
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pooled(endpoint: Endpoint, *, size: int) -> Iterator[Endpoint]:
    """Run PgBouncer with so many server connections; yield its endpoint."""
    assert PGBOUNCER, "PgBouncer is needed here and not installed"
    folder, listens = Path(tempfile.mkdtemp(prefix="paktaleem-pool-")), free_port()
    values = {"host": endpoint.host, "port": endpoint.port, "listens": listens, "folder": folder, "size": size}
    (folder / "users.txt").write_text("".join(f'"{role}" "{word}"\n' for role, word in endpoint.passwords.items()))
    (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(**values))
    account = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    for path in (folder, *folder.iterdir()) if account else ():
        os.chown(path, NOBODY, NOBODY)
    process = subprocess.Popen([PGBOUNCER, "-q", str(folder / "pgbouncer.ini")], **account)  # type: ignore[call-overload]  # the account is a user and a group, or nothing
    try:
        front = Endpoint(endpoint.host, listens, process.pid, endpoint.passwords)
        with socket.socket() as attempt:
            wait_until(lambda: attempt.connect_ex((front.host, front.port)) == 0)
        yield front
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)
