"""Backups in PostgreSQL's custom format, verified to contain every row of the database.

A role subject to row-level security dumps empty tables and reports success. The rows of each table are therefore
counts_by_table in the dumped snapshot and in the finished file; the file gets its name only if they match.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

from paktaleem.foundation.embedded.layout import HOST_FOLDERS, WHEEL_BIN, sync_folder, wheel_folder

_PARAMETERS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST"}


class BackupFailed(Exception):
    """A backup or restore failed; the message is the reason, in one line."""


def find_program(name: str, *, major: int) -> Path:
    """Return pg_dump or pg_restore in the lowest version not older than the server's. Raises BackupFailed."""
    places = [*HOST_FOLDERS.glob(f"*/bin/{name}")]
    if package := wheel_folder():
        places.insert(0, package / WHEEL_BIN / name)
    if on_path := shutil.which(name):
        places.insert(0, Path(on_path))
    found = {path: version for path in places if (version := _major_of(path)) and version >= major}
    if not found:
        raise BackupFailed(f"No {name} of PostgreSQL {major} or newer was found. Install postgresql-client-{major}.")
    return min(found, key=lambda path: found[path])


def _major_of(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20)  # noqa: S603 -- a program that we named, with a fixed option
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if match else None


def environment_of(url: str) -> dict[str, str]:
    """Return a database URL as libpq environment variables; a command line would be visible to others."""
    parts = urlsplit(url)
    values = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{_PARAMETERS[name]: value for name, value in parse_qsl(parts.query) if name in _PARAMETERS},
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"LC_ALL": "C"} | {name: value for name, value in values.items() if value}


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, output: int | None = None
) -> None:
    """Run a program, its output to a file descriptor or discarded. Raises BackupFailed with its error message."""
    argv, sent_to = [str(part) for part in command], subprocess.DEVNULL if output is None else output
    done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=sent_to, stderr=subprocess.PIPE)  # noqa: PLW1510, S603 -- PostgreSQL's own programs, no shell
    if done.returncode:
        raise _to_backup_error(Path(command[0]).name, done.stderr)


@contextmanager
def output_of(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Yield the output stream of a program. Raises BackupFailed if the program fails."""
    with subprocess.Popen(  # noqa: S603 -- PostgreSQL's own programs, no shell
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise BackupFailed(f"The output of {command[0]} cannot be read.")
        yield process.stdout
        process.stdout.close()
        error_output = process.stderr.read()
    if process.returncode:
        raise _to_backup_error(Path(command[0]).name, error_output)


def _to_backup_error(name: str, error_output: bytes) -> BackupFailed:
    lines = error_output.decode(errors="replace").strip().splitlines() or ["no error message"]
    errors = [line for line in lines if "error:" in line]
    return BackupFailed(f"{name} failed: {(errors or lines)[0].strip()}")


NEVER_EMPTY_TABLES = ("django_migrations", "accounts_client", "audit_entry")
"""Tables that are never empty once the portal has run; an empty one means row-level security hid its rows."""
_COPY = re.compile(rb"^COPY public\.\"?([a-z0-9_]+)\"? \(.*\) FROM stdin;$")


def back_up(url: str, file: Path) -> dict[str, int]:
    """Dump the database into a new file (mode 0600) and return the number of rows of each table.

    The file is created completely or not at all. Raises BackupFailed, also if the role cannot see all rows.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with psycopg.connect(url) as link:
            link.isolation_level, link.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
            [[snapshot]] = link.execute("SELECT pg_export_snapshot()").fetchall()
            counts = count_database(link)
            _require_bypass_rls(link)
            _dump(url, draft, snapshot, server_major(link))
            check_complete(counts, count_dump(draft, major=server_major(link)))
        draft.replace(file)
        sync_folder(file.parent)
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _require_bypass_rls(link: psycopg.Connection) -> None:
    query = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    [[role, sees_all]] = link.execute(query).fetchall()
    if not sees_all:
        raise BackupFailed(
            f"{role} is subject to row-level security and would dump empty tables. Use the backup role (BYPASSRLS)."
        )


def server_major(link: psycopg.Connection[object]) -> int:
    return link.info.server_version // 10_000


def count_database(link: psycopg.Connection) -> dict[str, int]:
    """Return the number of rows of each table, as visible to the connection's role.

    A partitioned table has none itself: its partitions have them, in a dump too.
    """
    ordinary = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    names = link.execute(ordinary).fetchall()
    counts_by_table = {}
    for (name,) in names:
        query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(name))
        [[counts_by_table[name]]] = link.execute(query).fetchall()
    return counts_by_table


def _dump(url: str, draft: Path, snapshot: str, major: int) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        command = [str(find_program("pg_dump", major=major)), "--format=custom", f"--snapshot={snapshot}"]
        run([*command, "--no-password"], environment=environment_of(url), output=descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def count_dump(file: Path, *, major: int) -> dict[str, int]:
    """Return the number of rows of each table in a dump, by reading all of it. Raises BackupFailed."""
    counts_by_table: dict[str, int] = {}
    with output_of([find_program("pg_restore", major=major), "--data-only", "--file=-", file]) as lines:
        table = ""
        for line in lines:
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    counts_by_table[table] += 1  # one line per row: COPY escapes line ends inside a value as \n
            elif match := _COPY.match(line):
                table = match[1].decode()
                counts_by_table[table] = 0
    return counts_by_table


def check_complete(wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
    """Raise BackupFailed if a table has a wrong number of rows, or one of NEVER_EMPTY_TABLES is missing or empty."""
    for table in sorted({*wanted, *found, *NEVER_EMPTY_TABLES}):
        if wanted.get(table) != found.get(table):
            has, should = found.get(table, "no"), wanted.get(table, "none")
            raise BackupFailed(f"{table} has {has} rows where it should have {should}.")
    for table in NEVER_EMPTY_TABLES:
        if table not in found:
            raise BackupFailed(f"There is no table {table}. Run manage.py migrate, then start the portal.")
        if not found[table]:
            raise BackupFailed(f"{table} is empty, so this is not a database that the portal has used.")
