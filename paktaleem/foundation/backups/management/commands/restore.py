"""``manage.py restore FILE``: restore a backup into an empty database, up to the point where it may be served."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from paktaleem.foundation.backups.programs import BackupFailed
from paktaleem.foundation.backups.restoring import restore
from paktaleem.foundation.tenancy.grants import apply_grants
from paktaleem.foundation.tenancy.migrated import missing_migrations

FAILED = 2


class Command(BaseCommand):
    """Restore; exit status 2 and an empty database if it cannot be."""

    help = "Restore FILE into the empty database that DATABASE_OWNER_URL names. Then run replay_erasures."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="A backup made with manage.py backup.")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        """Load, count, grant, and say what comes next."""
        if not settings.DATABASE_BACKUP_URL or not settings.DATABASE_OWNER_URL:
            raise CommandError("Set DATABASE_OWNER_URL and DATABASE_BACKUP_URL to the new database.", returncode=FAILED)
        connections.close_all()
        try:
            counts = restore(
                file.absolute(), owner_url=settings.DATABASE_OWNER_URL, backup_url=settings.DATABASE_BACKUP_URL
            )
        except (BackupFailed, OSError) as error:
            raise CommandError(f"Nothing may be served. {error}", returncode=FAILED) from error
        apply_grants("owner")
        self.stdout.write(f"Restored {sum(counts.values()):,} rows of {len(counts)} tables; all counted.")
        if missing := missing_migrations():
            self.stdout.write(f"The backup is older than this code by {len(missing)} migrations: manage.py migrate")
        self.stdout.write("Nobody is served before: manage.py replay_erasures")
