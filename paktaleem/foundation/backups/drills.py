"""Drills: make a backup, restore it into a temporary database, check the copy, and measure the time.

Each step is the command that an operator would run, in a process of its own with the addresses of the copy. The copy
has its own erasure list, so a drill changes nothing but the ledger, in which its report is recorded.
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
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from paktaleem.foundation.backups.programs import BackupFailed

_ROOT = Path(__file__).resolve().parents[3]
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
    done = subprocess.run(  # noqa: S603 -- our own commands, no shell
        [sys.executable, "manage.py", *command],
        cwd=_ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
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
                _grant_access(environment[_CREATOR], creator, name)
                erasures = folder / "erasures.jsonl"
                if Path(environment[_LIST]).exists():
                    shutil.copy(environment[_LIST], erasures)
                yield {**environment, **addresses, _LIST: str(erasures)}
            finally:
                creator.execute(_compose("DROP DATABASE {} WITH (FORCE)", name))
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error


def _grant_access(address: str, creator: psycopg.Connection[tuple[str]], name: str) -> None:
    """Let the portal's roles into the database, and no one else."""
    creator.execute(_compose("REVOKE ALL ON DATABASE {} FROM PUBLIC", name))
    for role in _ROLES:
        creator.execute(_compose("GRANT CONNECT ON DATABASE {} TO {}", name, role))
    creator.execute(_compose("GRANT TEMPORARY ON DATABASE {} TO {}", name, _ROLES[1]))
    inside = urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
    with psycopg.connect(inside, autocommit=True) as link:
        link.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        link.execute(_compose("ALTER SCHEMA public OWNER TO {}", _ROLES[0]))
        for role in _ROLES:
            link.execute(_compose("GRANT USAGE ON SCHEMA public TO {}", role))


def _compose(template: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(template).format(*map(sql.Identifier, names))
