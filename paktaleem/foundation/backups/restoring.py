"""Restore a backup into an empty database, as the owner role.

PostgreSQL's dumps enable row-level security after loading the data, so the owner can fill the tables although it is
subject to the policies afterwards; foreign keys are also checked before. All in one transaction: a failed restore
leaves the database empty.
"""

from pathlib import Path

import psycopg

from paktaleem.foundation.backups.dumps import check_complete, count_database, count_dump, server_major
from paktaleem.foundation.backups.programs import BackupFailed, environment_of, find_program, run


def restore(file: Path, *, owner_url: str, backup_url: str) -> dict[str, int]:
    """Restore a dump into the owner's empty database, verify it as the backup role, and return the row counts.

    Raises BackupFailed if the database is not empty or in use, the dump is empty or unreadable, or rows are missing.
    """
    if not file.is_file():
        raise BackupFailed(f"The file {file} does not exist.")
    try:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            major = server_major(owner)
            _require_empty(owner)
            _require_unused(owner)
        expected = count_dump(file, major=major)
        check_complete(expected, expected)
        _load(file, owner_url, major)
        with psycopg.connect(backup_url) as link:
            check_complete(expected, count_database(link))
    except psycopg.Error as error:
        raise BackupFailed(f"Database error: {str(error).strip().splitlines()[0]}") from error
    return expected


def _require_empty(owner: psycopg.Connection[tuple[str]]) -> None:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1 LIMIT 1"
    if found := owner.execute(query).fetchone():
        raise BackupFailed(f"The database is not empty (it contains {found[0]}). Restore into a new database.")


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


def _load(file: Path, owner_url: str, major: int) -> None:
    """Load schema, rows and privileges; the loading role becomes the owner, and the granted roles must exist."""
    environment = environment_of(owner_url)
    command = [str(find_program("pg_restore", major=major)), "--no-owner", "--single-transaction", "--exit-on-error"]
    run([*command, "--no-password", f"--dbname={environment['PGDATABASE']}", file], environment=environment)
