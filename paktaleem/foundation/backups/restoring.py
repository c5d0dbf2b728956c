"""Restoring a backup into an empty database, as its owner and nobody more powerful.

In PostgreSQL's dumps row-level security is enabled after the data, with the policies, so the owner may still fill
the tables although the wall will be forced on it in the end; foreign keys are checked before that, too. Everything
happens in one transaction: a restore that fails leaves the database empty.
"""

from pathlib import Path

import psycopg

from paktaleem.foundation.backups.dumps import (
    check_complete,
    count_database,
    count_dump,
    server_major,
)
from paktaleem.foundation.backups.programs import BackupFailed, environment_of, find_program, run

__all__ = ["restore"]


def restore(file: Path, *, owner_url: str, backup_url: str) -> dict[str, int]:
    """Restore a dump into the owner's empty database and count it as the backup role; returns the rows of each table.

    Raises BackupFailed if the database is not empty, the dump is empty or unreadable, or a row is missing afterwards.
    """
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    try:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            major = server_major(owner)
            _refuse_filled(owner)
        wanted = count_dump(file, major=major)
        check_complete(wanted, wanted)
        _load(file, owner_url, major)
        with psycopg.connect(backup_url) as link:
            check_complete(wanted, count_database(link))
    except psycopg.Error as error:
        raise BackupFailed(f"The database refused: {str(error).strip().splitlines()[0]}") from error
    return wanted


def _refuse_filled(owner: psycopg.Connection[tuple[str]]) -> None:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1 LIMIT 1"
    if found := owner.execute(query).fetchone():
        raise BackupFailed(f"The database is not empty (it has {found[0]}): restore into a new one.")


def _load(file: Path, owner_url: str, major: int) -> None:
    """Load schema, rows and rights. Ownership falls to the one who loads; rights name roles that must exist."""
    environment = environment_of(owner_url)
    command = [str(find_program("pg_restore", major=major)), "--no-owner", "--single-transaction", "--exit-on-error"]
    run([*command, "--no-password", f"--dbname={environment['PGDATABASE']}", file], environment=environment)
