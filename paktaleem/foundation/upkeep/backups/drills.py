"""Drills: make a backup, restore it into a temporary database, check the copy, and measure the time.

Each step is the command that an operator would run, in a process of its own with the addresses of the copy. The copy
has its own erasure list, so a drill changes nothing but the ledger, in which its report is recorded.

PostgreSQL's dumps enable row-level security after loading the data, so the owner can fill the tables although it is
subject to the policies afterwards; foreign keys are also checked before. All in one transaction: a failed restore
leaves the database empty.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.backups.dumps import (
    BackupFailed,
    check_complete,
    count_database,
    count_dump,
    environment_of,
    find_program,
    run,
    server_major,
)

_ROOT = Path(__file__).resolve().parents[4]
_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL")
_CREATOR, _LIST = "DRILL_DATABASE_URL", "ERASURE_LIST_FILE"
_ROLES = ("paktaleem_owner", "paktaleem_app", "paktaleem_officer", "paktaleem_backup")
_CHECKS = (
    ("replayed erasures", ("replay_erasures",)),
    ("evidence", ("check_ledger",)),
    ("migrations", ("migrate", "--check")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a drill: its name, the last line that it printed, whether it passed, and its seconds."""

    name: str
    seen: str
    passed: bool
    seconds: float


def run_drill(environment: Mapping[str, str], *, backup: Path | None = None) -> Iterator[Step]:
    """Yield each step once it is done; stop at the first that fails. ``backup`` is an earlier one to restore.

    ``environment`` has the addresses of the portal's database, and in ``DRILL_DATABASE_URL`` one of a role that may
    create databases on the same server. The copy is dropped at the end. Raises BackupFailed if an address or the
    backup is missing, or the temporary database cannot be made.
    """
    if missing := [name for name in (*_ADDRESSES, _CREATOR, _LIST) if not environment.get(name)]:
        raise BackupFailed(f"Set {', '.join(missing)}.")
    if backup is not None and not backup.is_file():
        raise BackupFailed(f"The file {backup} does not exist.")
    with tempfile.TemporaryDirectory(prefix="paktaleem-drill-") as folder:
        file = backup or Path(folder) / "drill.dump"
        steps: list[tuple[str, Sequence[str], Mapping[str, str]]] = []
        if backup is None:
            steps.append(("backup", ("backup", str(file)), environment))
        with _temporary_database(environment, Path(folder)) as copy:
            steps.append(("restore and counts", ("restore", str(file)), copy))
            steps += [(name, command, copy) for name, command in _CHECKS]
            for name, command, values in steps:
                step = _run_step(name, command, values)
                yield step
                if not step.passed:
                    return


def _run_step(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Step:
    began = time.monotonic()
    argv, values = [sys.executable, "manage.py", *command], {**os.environ, **environment}
    done = subprocess.run(argv, cwd=_ROOT, env=values, stdin=subprocess.DEVNULL, capture_output=True, text=True)  # noqa: PLW1510, S603 -- our own commands, no shell
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["done"]
    return Step(name, said[0 if name.startswith("restore") else -1], done.returncode == 0, time.monotonic() - began)


@contextmanager
def _temporary_database(environment: Mapping[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """Make an empty database beside the portal's; yield the environment that points to it; drop it at the end."""
    name = f"{urlsplit(environment['DATABASE_URL']).path.lstrip('/')}_drill_{os.getpid()}"
    addresses = {one: urlunsplit(urlsplit(environment[one])._replace(path=f"/{name}")) for one in _ADDRESSES}
    try:
        with psycopg.connect(environment[_CREATOR], autocommit=True) as creator:
            creator.execute(_compose("CREATE DATABASE {} OWNER {} TEMPLATE template0", name, _ROLES[0]))
            try:
                creator.execute(_compose("REVOKE ALL ON DATABASE {} FROM PUBLIC", name))
                for role in _ROLES:
                    creator.execute(_compose("GRANT CONNECT ON DATABASE {} TO {}", name, role))
                creator.execute(_compose("GRANT TEMPORARY ON DATABASE {} TO {}", name, _ROLES[1]))
                inside = urlunsplit(urlsplit(environment[_CREATOR])._replace(path=f"/{name}"))
                with psycopg.connect(inside, autocommit=True) as link:
                    link.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
                    link.execute(_compose("ALTER SCHEMA public OWNER TO {}", _ROLES[0]))
                    for role in _ROLES:
                        link.execute(_compose("GRANT USAGE ON SCHEMA public TO {}", role))
                erasures = folder / "erasures.jsonl"
                if Path(environment[_LIST]).exists():
                    shutil.copy(environment[_LIST], erasures)
                yield {**environment, **addresses, _LIST: str(erasures)}
            finally:
                creator.execute(_compose("DROP DATABASE {} WITH (FORCE)", name))
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error


def _compose(template: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(template).format(*map(sql.Identifier, names))


def restore(file: Path, *, owner_url: str, backup_url: str) -> dict[str, int]:
    """Restore a dump into the owner's empty database, verify it as the backup role, and return the row counts.

    Raises BackupFailed if the database is not empty or in use, the dump is empty or unreadable, or rows are missing.
    """
    if not file.is_file():
        raise BackupFailed(f"The file {file} does not exist.")
    try:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            major = server_major(owner)
            query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1 LIMIT 1"
            if found := owner.execute(query).fetchone():
                raise BackupFailed(f"The database is not empty (it contains {found[0]}). Restore into a new database.")
            _require_unused(owner)
        expected = count_dump(file, major=major)
        check_complete(expected, expected)
        environment = environment_of(owner_url)  # the loading role becomes the owner; the granted roles must exist
        command = [str(find_program("pg_restore", major=major)), "--no-owner", "--single-transaction"]
        options = ["--exit-on-error", "--no-password", f"--dbname={environment['PGDATABASE']}"]
        run([*command, *options, file], environment=environment)
        with psycopg.connect(backup_url) as link:
            check_complete(expected, count_database(link))
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error
    return expected


def _require_unused(owner: psycopg.Connection[tuple[str]]) -> None:
    """Raise BackupFailed if a process is connected: it could act on people whose erasures are not repeated yet."""
    query = """
        SELECT usename::text FROM pg_stat_activity
        WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
    """
    roles = [role for (role,) in owner.execute(query).fetchall()]
    if roles:
        open_now = "1 connection" if len(roles) == 1 else f"{len(roles)} connections"
        names = ", ".join(sorted(set(roles)))
        raise BackupFailed(f"Stop every process of the portal first: {open_now} of {names} found.")


MADE, PASSED, _FAILED = "backup.made", "backup.drill_passed", "backup.drill_failed"


def record_backup(counts: Mapping[str, int], *, at: datetime) -> None:
    """Record a verified backup with its numbers of rows and tables in PakTaleem's ledger (policy §5)."""
    facts = {"tables": len(counts), "rows": sum(counts.values())}
    record_own_entry(MADE, facts=facts, actor=system_actor("backup"), at=at)


def record_drill(steps: Sequence[Step], *, at: datetime) -> None:
    """Record a drill and the milliseconds of each step in PakTaleem's ledger; it passed if its last step did."""
    milliseconds = {step.name: round(step.seconds * 1000) for step in steps}
    facts = {"milliseconds": milliseconds, "last_step": steps[-1].name}
    kind = PASSED if steps[-1].passed else _FAILED
    record_own_entry(kind, facts=facts, actor=system_actor("drill"), at=at)


def find_last(kind: str) -> datetime | None:
    """Return when a backup was last made (``MADE``) or a drill last passed (``PASSED``), by PakTaleem's ledger."""
    with in_client(PAKTALEEM):
        entries = Entry.objects.filter(client_id=PAKTALEEM, kind=kind).order_by("-recorded_at")
        return entries.values_list("recorded_at", flat=True).first()
