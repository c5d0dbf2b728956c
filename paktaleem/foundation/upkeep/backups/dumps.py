"""Backups in PostgreSQL's custom format, verified to contain every row; their drills; and what the doctor says.

A role subject to row-level security dumps empty tables and reports success. The rows of each table are therefore
counts_by_table in the dumped snapshot and in the finished file; the file gets its name only if they match.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, LiteralString
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import psycopg
from django.conf import settings
from psycopg import sql

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.embedded.layout import HOST_FOLDERS, WHEEL_BIN, sync_folder, wheel_folder
from paktaleem.foundation.operations.diagnosis import Line, fine, to_mend, to_watch
from paktaleem.foundation.operations.metrics import Gauge
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

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


# A drill makes a backup, restores it into a temporary database, checks the copy, and measures the time. Each step is
# the command that an operator would run, in a process of its own with the addresses of the copy. The copy has its own
# erasure list, so a drill changes nothing but the ledger, in which its report is recorded.
#
# PostgreSQL's dumps enable row-level security after loading the data, so the owner can fill the tables although it is
# subject to the policies afterwards; foreign keys are also checked before. All in one transaction: a failed restore
# leaves the database empty.

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


LONGEST_AGE = timedelta(hours=26)
"""A daily backup, and two hours to make it."""
DRILL_EVERY = timedelta(days=92)
"""A drill each quarter."""


def check_backups() -> Iterator[Line]:
    last = find_last(MADE)
    if last is None:
        yield to_mend("backups", "none was ever made", "Run: manage.py backup FILE, every day.")
        return
    age = wall_clock_now() - last
    seen = f"the last is {age.days} days and {age.seconds // 3600} hours old"
    if age > LONGEST_AGE:
        yield to_watch("backups", seen, "Run: manage.py backup FILE, every day.")
    else:
        yield fine("backups", f"{seen}; stored for {settings.BACKUP_LIFE.days} days at most")


def check_drills() -> Iterator[Line]:
    last = find_last(PASSED)
    if last is None:
        yield to_watch("drills", "a restore was never practised", "Run: manage.py drill, each quarter.")
        return
    days = (wall_clock_now() - last).days
    if days > DRILL_EVERY.days:
        yield to_watch("drills", f"the last was {days} days ago", "Run: manage.py drill, each quarter.")
    else:
        yield fine("drills", f"the last was {days} days ago")


def read_backups(at: datetime) -> Iterator[Gauge]:
    """Yield the ages of the last verified backup and of the last drill; nothing for none."""
    for kind, name, help_text in (
        (MADE, "backup_age_seconds", "Time since the last verified backup."),
        (PASSED, "drill_age_seconds", "Time since the last drill that passed: a restore, with the ledger checked."),
    ):
        if (last := find_last(kind)) is not None:
            yield Gauge(name, help_text, (at - last).total_seconds())
