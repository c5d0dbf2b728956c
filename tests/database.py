"""PostgreSQL for the tests: one cluster per worker, with a migrated template that holds the cast, and copies of it.

The template is made once per run, in a cluster that is stopped afterwards; each worker's cluster is a copy of its
files. The first process of the run makes it while the workers collect the tests; a run without workers makes it for the
first test that needs it.

Workers do not share a cluster: a snapshot waits for the writing transactions of all databases in the cluster, so a
long test of one worker would delay what another worker expects to see.
"""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections, transaction
from psycopg import sql

from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import APP, OWNER, SUPERUSER, Endpoint
from paktaleem.foundation.embedded.roles import drop_database, ensure_database, ensure_roles
from tests.restoring import RestoredDatabase

FOLDER = "PAKTALEEM_TEST_FOLDER"
SHARED_FOLDER = "PAKTALEEM_TEST_SHARED_FOLDER"
"""Environment variable: a folder of several runs, one after the other, with their template and servers."""
TEMPLATE = "portal_template"
_RESTORED: dict[str, RestoredDatabase] = {}
_PREPARED: dict[str, Any] = {}
ALIASES = {"default": APP, "aside": APP, "owner": OWNER}


def begin_run() -> None:
    """Create the folder of the run, or use a shared one; workers inherit its name through the environment."""
    folder = os.environ.get(SHARED_FOLDER) or tempfile.mkdtemp(prefix="paktaleem-tests-")
    Path(folder).chmod(0o755)
    os.environ[FOLDER] = folder


def end_run() -> None:
    """End the run; a shared folder is left to who made it."""
    folder = Path(os.environ.pop(FOLDER))
    if SHARED_FOLDER not in os.environ:
        destroy_folder(folder)


def destroy_folder(folder: Path) -> None:
    """Stop the workers' servers and remove the folder of the run."""
    for made in folder.iterdir():
        if made.is_dir():
            cluster_of(made).destroy()
    shutil.rmtree(folder, ignore_errors=True)


def cluster_of(folder: Path) -> Cluster:
    """Return the cluster of a worker, or of the template; its data need not survive a power failure."""
    return Cluster(folder / "postgres", durable=False)


def run_folder() -> Path:
    return Path(os.environ[FOLDER])


def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def worker_folder() -> Path:
    """Return the folder of this worker for the run; the database server's account can access it."""
    return made_folder(worker_name())


def made_folder(name: str) -> Path:
    folder = run_folder() / name
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def template_ready() -> Endpoint:
    """Return this worker's server, a copy of the template's; the first worker of the run makes the template."""
    cluster = cluster_of(worker_folder())
    if not cluster.home.exists():
        folder = ensure_template()
        draft = cluster.home.with_name("draft")
        subprocess.run(["cp", "-a", cluster_of(folder).home, draft], check=True)  # owners too: the server has its own
        draft.rename(cluster.home)
    return cluster.ensure_running()


def ensure_template() -> Path:
    """Make the template unless this run has it; return its folder."""
    folder = made_folder("template")
    with file_lock(run_folder() / "template.lock"):
        if not (folder / "cast.json").exists():
            _make_template(folder)
    return folder


def _make_template(folder: Path) -> None:
    cluster = cluster_of(folder)
    endpoint = cluster.ensure_running()
    ensure_roles(endpoint)
    ensure_database(endpoint, TEMPLATE)
    cast = _filled_template(endpoint)
    cluster.stop()
    (cluster.home / "port").unlink()  # or every copy would want the same one
    fresh = folder / "cast.json.new"
    fresh.write_text(json.dumps(cast))
    fresh.rename(folder / "cast.json")


def _filled_template(endpoint: Endpoint) -> dict[str, Any]:
    from tests.cast import make_cast  # noqa: PLC0415 -- models need the database settings of this run

    use_database(endpoint, TEMPLATE)
    call_command("migrate", verbosity=0)
    cast = make_cast()
    leave_database()
    return cast


@contextmanager
def file_lock(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cast_values() -> dict[str, Any]:
    values: dict[str, Any] = json.loads((run_folder() / "template" / "cast.json").read_text())
    return values


@contextmanager
def copied_database(name: str) -> Iterator[Endpoint]:
    """Point Django at a new copy of the template, as app and owner; drop the copy afterwards."""
    endpoint = template_ready()
    _copy_database(endpoint, name)
    try:
        with in_use(endpoint, name):
            yield endpoint
    finally:
        drop_database(endpoint, name)


@contextmanager
def restored_database(name: str) -> Iterator[Endpoint]:
    """Point Django at a database with the rows of the template.

    It is the database of the last test, with its rows put back, unless that test changed the schema.
    """
    endpoint, database = template_ready(), _RESTORED.get(name)
    if database is not None and database.is_reusable():
        database.restore()
    else:
        if database is not None:
            database.close()
        _copy_database(endpoint, name)
        _RESTORED[name] = RestoredDatabase(endpoint, name)
    with in_use(endpoint, name):
        yield endpoint


@contextmanager
def prepared_database(name: str, prepare: Callable[[], Any]) -> Iterator[Any]:
    """Point Django at a copy of the template in which ``prepare`` ran once; yield what it returned then.

    What is done with the database is rolled back at the end.
    """
    endpoint = template_ready()
    if name not in _PREPARED:
        _copy_database(endpoint, name)
        with in_use(endpoint, name):
            _PREPARED[name] = prepare()
    with in_use(endpoint, name), transaction.atomic():
        yield _PREPARED[name]
        transaction.set_rollback(True)


@contextmanager
def in_use(endpoint: Endpoint, name: str) -> Iterator[None]:
    before = {alias: dict(connections.databases[alias]) for alias in ALIASES}
    use_database(endpoint, name)
    try:
        yield
    finally:
        leave_database()
        for alias, values in before.items():
            connections.databases[alias].update(values)


def _copy_database(endpoint: Endpoint, name: str) -> None:
    """Copy the template file by file: half the work of PostgreSQL's own choice, which writes every page to its log."""
    drop_database(endpoint, name)  # left in a shared folder by a run that was killed
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*map(sql.Identifier, (name, TEMPLATE)))
    with psycopg.connect(endpoint.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(copy)
    ensure_database(endpoint, name)


def server_version() -> int:
    """Return the major version of the tests' server: other PostgreSQL programs on this machine may not fit it."""
    with psycopg.connect(template_ready().url(SUPERUSER, "postgres")) as link:
        return link.info.server_version // 10_000


def use_database(endpoint: Endpoint, name: str) -> None:
    """Connect ``default`` as app and ``owner`` as owner to a database of this worker's server."""
    leave_database()
    for alias, role in ALIASES.items():
        connections.databases[alias].update(
            NAME=name, USER=role, PASSWORD=endpoint.passwords[role], HOST=endpoint.host, PORT=str(endpoint.port)
        )


def leave_database() -> None:
    for alias in ALIASES:
        connections[alias].close()
