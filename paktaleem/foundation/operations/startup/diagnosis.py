"""The doctor's checks of settings, database, migrations, clock and static files."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, OperationalError, connection

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis import Line, fine, name_some, to_mend, to_watch
from paktaleem.foundation.operations.startup.findings import (
    Finding,
    database_findings,
    read_database,
    read_settings,
    settings_findings,
)
from paktaleem.foundation.outages import READ_ONLY, UNREACHABLE, Outage, find_outage
from paktaleem.foundation.tenancy.context import in_global
from paktaleem.foundation.tenancy.operations import (
    TOO_OLD,
    TOO_OLD_REMEDY,
    is_too_old,
    list_missing_parts,
    missing_migrations,
)

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
MAX_CLOCK_DIFFERENCE = timedelta(seconds=2)
"""Largest allowed difference between this host's clock and the database's; records are ordered by host clocks."""


def check_settings() -> Iterator[Line]:
    """Yield the settings with which the portal would not start, and missing static files."""
    yield from lines_of("settings", settings_findings(read_settings()), seen="safe to serve with")
    manifest = getattr(staticfiles_storage, "manifest_name", None)
    if manifest and not (Path(settings.STATIC_ROOT) / manifest).exists():
        yield to_mend("static files", "not collected: pages have no style", "Run: manage.py collectstatic")


def check_database() -> Iterator[Line]:
    """Yield that the database cannot be reached, or what is unsafe about the role or the connection."""
    try:
        facts = read_database()
    except OperationalError:  # its text could quote the address
        remedy = "Start PostgreSQL, and check host, port, role, password and sslmode in DATABASE_URL."
        yield to_mend("database", "cannot be reached", remedy)
        return
    if outage := find_write_outage():
        remedy = "Free space on its disk, or let DATABASE_URL lead to the primary."
        yield to_mend("database", outage.problem.title, remedy)
        return
    yield from lines_of("database", database_findings(facts), seen=f"reached as {facts.role}, durable")


def check_limits() -> Iterator[Line]:
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0' ORDER BY 1", [list(LIMITS)])
        unset = [name for (name,) in cursor.fetchall()]
    if unset:
        remedy = "Run ALTER ROLE paktaleem_app SET … as in docs/deploy/roles.sql."
        yield to_watch("limits", f"{', '.join(unset)} is not set: one statement can hold a process for good", remedy)
    else:
        yield fine("limits", "statements, waits for locks and idle transactions end by themselves")


def schema_findings() -> Iterator[Finding]:
    """Yield that this code cannot upgrade the database, or what the database lacks of the code's schema."""
    if is_too_old():
        yield Finding("startup.E022", TOO_OLD, TOO_OLD_REMEDY)
    elif missing := missing_migrations():
        names = name_some(sorted(".".join(migration) for migration in missing))
        yield Finding("startup.E023", f"{len(missing)} migrations are not applied: {names}.", "Run: manage.py migrate")
    elif parts := list_missing_parts():
        seen = f"Every migration is applied, but the database lacks {len(parts)} parts: {name_some(parts)}."
        hint = "Do not serve it, and run no further migration. Restore a backup, or start with an empty database."
        yield Finding("startup.E024", f"{seen} A migration was changed after it was applied.", hint)


def check_migrations() -> Iterator[Line]:
    yield from lines_of("migrations", schema_findings(), seen="all applied; the schema is that of the code")


def check_clock() -> Iterator[Line]:
    if clock_differs():
        seen = f"differs from the database's by more than {MAX_CLOCK_DIFFERENCE.total_seconds():.0f} seconds"
        yield to_mend("clock", seen, "Synchronise the clocks of both hosts by NTP.")
    else:
        yield fine("clock", "agrees with the database's")


def clock_differs() -> bool:
    """Return True if this host's clock and the database's differ by more than MAX_CLOCK_DIFFERENCE."""
    before = wall_clock_now()
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [there] = cursor.fetchone() or (before,)
    return not before - MAX_CLOCK_DIFFERENCE <= there <= wall_clock_now() + MAX_CLOCK_DIFFERENCE


def find_write_outage() -> Outage | None:
    """Write as a request does, to the log and to the disk, and return what prevents it.

    The message is a record of the write-ahead log that means nothing. The rows do not fit in ``work_mem``, so that
    PostgreSQL writes them to a file of its own.
    """
    try:
        with in_global(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('work_mem', '64kB', true), current_setting('transaction_read_only')")
            if cursor.fetchone() == ("64kB", "on"):
                return READ_ONLY
            cursor.execute("SELECT pg_logical_emit_message(true, 'paktaleem', '')")
            cursor.execute("SELECT count(*) FROM generate_series(1, 20000)")
    except DatabaseError as error:
        return find_outage(error) or UNREACHABLE
    return None


def lines_of(part: str, findings: Iterable[Finding], *, seen: str) -> Iterator[Line]:
    """Yield a line for each reason not to start, or one that says what was seen."""
    lines = [to_mend(part, f"{finding.code}: {finding.message}", finding.hint) for finding in findings]
    yield from lines or [fine(part, seen)]
