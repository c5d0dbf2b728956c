"""Infrastructure of a run: a durable cluster in a temporary folder, databases, and web servers."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import SUPERUSER, Endpoint
from paktaleem.foundation.embedded.roles import ensure_roles
from paktaleem.office.demo.supervision import Child, running, web_program
from paktaleem.office.demo.trial import variables
from tools.bench.loading import Site

HOST = "127.0.0.1"


@contextmanager
def cluster() -> Iterator[tuple[Endpoint, Path]]:
    """Start a cluster with fsync on, in a temporary folder that is removed at the end, or in BENCH_DIR."""
    kept = os.environ.get("BENCH_DIR")
    folder = Path(kept or tempfile.mkdtemp(prefix="paktaleem-bench-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    server = Cluster(folder / "postgres", durable=True)
    try:
        endpoint = server.ensure_running()
        ensure_roles(endpoint)
        yield endpoint, folder
    finally:
        if kept:
            server.stop()
        else:
            server.destroy()
            shutil.rmtree(folder, ignore_errors=True)


def environment_for(endpoint: Endpoint, folder: Path, database: str) -> dict[str, str]:
    """Return the environment of a trial on this database, as ``make run`` would set it."""
    return variables(endpoint, folder, database) | {
        "SUPERUSER_URL": endpoint.url(SUPERUSER, database),
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def served(endpoint: Endpoint, folder: Path, database: str) -> Iterator[Site]:
    """Serve a database as the demonstration does; yield the site once it responds."""
    port = free_port()
    before = dict(os.environ)
    os.environ.update(environment_for(endpoint, folder, database))
    try:
        with running([("web", web_program(HOST, port))], folder / f"log-{database}") as [web]:
            _wait(web, port)
            yield Site(port, web.process.pid, endpoint.pid)
    finally:
        os.environ.clear()
        os.environ.update(before)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(web: Child, port: int) -> None:
    while True:
        web.check()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return
