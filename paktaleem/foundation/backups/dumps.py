"""Backups in PostgreSQL's custom format, verified to contain every row of the database.

A role subject to row-level security dumps empty tables and reports success. The rows of each table are therefore
counts_by_table in the dumped snapshot and in the finished file; the file gets its name only if they match.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from paktaleem.foundation.backups.programs import BackupFailed, environment_of, find_program, output_of, run

NEVER_EMPTY_TABLES = ("django_migrations", "accounts_client", "ledger_entry")
"""Tables that are never empty once the portal has run; an empty one means row-level security hid its rows."""
_COPY = re.compile(rb"^COPY public\.\"?([a-z0-9_]+)\"? \(.*\) FROM stdin;$")


def back_up(url: str, file: Path) -> dict[str, int]:
    """Dump the database into a new file (mode 0600) and return the number of rows of each table.

    The file is created completely or not at all. Raises BackupFailed, also if the role cannot see all rows.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _snapshot(url) as (link, snapshot):
            counts = count_database(link)
            _require_bypass_rls(link)
            _dump(url, draft, snapshot, server_major(link))
            check_complete(counts, count_dump(draft, major=server_major(link)))
        _publish(draft, file)
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error
    finally:
        draft.unlink(missing_ok=True)
    return counts


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """Hold one snapshot of the database, for counting and dumping."""
    with psycopg.connect(url) as link:
        link.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        link.read_only = True
        [[snapshot]] = link.execute("SELECT pg_export_snapshot()").fetchall()
        yield link, snapshot


def _require_bypass_rls(link: psycopg.Connection[Any]) -> None:
    query = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    [[role, sees_all]] = link.execute(query).fetchall()
    if not sees_all:
        raise BackupFailed(
            f"{role} is subject to row-level security and would dump empty tables. Use the backup role (BYPASSRLS)."
        )


def server_major(link: psycopg.Connection[Any]) -> int:
    """Return the server's major version."""
    return link.info.server_version // 10_000


def count_database(link: psycopg.Connection[Any]) -> dict[str, int]:
    """Return the number of rows of each table, as visible to the connection's role."""
    names = link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
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
    """Return the number of rows of each table in a dump, by reading all of it.

    Raises BackupFailed if it cannot be read.
    """
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
    """Raise BackupFailed, naming the first table, if a table has a wrong number of rows.

    Also if a table in NEVER_EMPTY_TABLES is missing or empty.
    """
    for table in sorted({*wanted, *found, *NEVER_EMPTY_TABLES}):
        if wanted.get(table) != found.get(table):
            raise BackupFailed(
                f"{table} has {found.get(table, 'no')} rows where it should have {wanted.get(table, 'none')}."
            )
    for table in NEVER_EMPTY_TABLES:
        if table not in found:
            raise BackupFailed(f"There is no table {table}. Run manage.py migrate, then start the portal.")
        if not found[table]:
            raise BackupFailed(f"{table} is empty, so this is not a database that the portal has used.")


def _publish(draft: Path, file: Path) -> None:
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
