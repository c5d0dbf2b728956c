"""The tests' own PostgreSQL: one cluster a worker, in it a migrated template with the cast, and copies of that.

No two workers share a cluster: a snapshot waits for the writing transactions of every database in it, so that one
worker's long test would hold up what another one's expects to see.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections

from paktaleem.embedded import APP, OWNER, Cluster, Endpoint, drop_database, ensure_database, ensure_roles

FOLDER = "PAKTALEEM_TEST_FOLDER"
TEMPLATE = "portal_template"
ALIASES = {"default": APP, "aside": APP, "owner": OWNER}


def begin_run() -> None:
    """Make the run's folder; workers inherit its name through the environment."""
    folder = tempfile.mkdtemp(prefix="paktaleem-tests-")
    Path(folder).chmod(0o755)
    os.environ[FOLDER] = folder


def end_run() -> None:
    """Stop the workers' servers and remove the run's folder."""
    folder = Path(os.environ.pop(FOLDER))
    for of_worker in folder.iterdir():
        cluster_of(of_worker).destroy()
    shutil.rmtree(folder, ignore_errors=True)


def cluster_of(folder: Path) -> Cluster:
    """A worker's cluster: its data need not survive a power cut."""
    return Cluster(folder / "postgres", durable=False)


def run_folder() -> Path:
    """What this run keeps on disk, for all of its processes."""
    return Path(os.environ[FOLDER])


def worker_name() -> str:
    """Which of xdist's workers this process is."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def worker_folder() -> Path:
    """What this worker keeps on disk while the run lasts; the server's own account can reach it."""
    folder = run_folder() / worker_name()
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def template_ready() -> Endpoint:
    """Return this worker's server, with the template migrated and the cast in it; the first to ask makes it."""
    folder = worker_folder()
    with turn(folder / "template.lock"):
        endpoint = cluster_of(folder).ensure_running()
        if not (folder / "cast.json").exists():
            ensure_roles(endpoint)
            ensure_database(endpoint, TEMPLATE)
            _fill_template(endpoint, folder)
    return endpoint


def _fill_template(endpoint: Endpoint, folder: Path) -> None:
    from tests.cast import make_cast  # noqa: PLC0415 -- models need the database settings of this run

    use_database(endpoint, TEMPLATE)
    call_command("migrate", verbosity=0)
    cast = make_cast()
    leave_database()
    fresh = folder / "cast.json.new"
    fresh.write_text(json.dumps(cast))
    fresh.rename(folder / "cast.json")


@contextmanager
def turn(lock: Path) -> Iterator[None]:
    """Wait until no other process has this lock."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cast_values() -> dict[str, Any]:
    """The ids and secrets of the cast, as make_cast wrote them."""
    values: dict[str, Any] = json.loads((worker_folder() / "cast.json").read_text())
    return values


@contextmanager
def copied_database(name: str) -> Iterator[Endpoint]:
    """Point Django at a fresh copy of the template, as app and owner; drop the copy afterwards."""
    endpoint = template_ready()
    with turn(worker_folder() / "template.lock"):
        ensure_database(endpoint, name, template=TEMPLATE)
    before = {alias: dict(connections.databases[alias]) for alias in ALIASES}
    use_database(endpoint, name)
    try:
        yield endpoint
    finally:
        leave_database()
        for alias, values in before.items():
            connections.databases[alias].update(values)
        drop_database(endpoint, name)


def use_database(endpoint: Endpoint, name: str) -> None:
    """Connect ``default`` as app and ``owner`` as owner to a database of this worker's server."""
    leave_database()
    for alias, role in ALIASES.items():
        connections.databases[alias].update(
            NAME=name,
            USER=role,
            PASSWORD=endpoint.passwords[role],
            HOST=endpoint.host,
            PORT=str(endpoint.port),
        )


def leave_database() -> None:
    """Close this thread's connections."""
    for alias in ALIASES:
        connections[alias].close()
