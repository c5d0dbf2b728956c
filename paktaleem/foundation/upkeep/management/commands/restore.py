"""``manage.py restore FILE``: restore a backup into an empty database; the erasures are repeated afterwards."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from paktaleem.foundation.tenancy.operations import apply_grants, missing_migrations
from paktaleem.foundation.upkeep.backups.dumps import BackupFailed, restore

FAILED = 2


class Command(BaseCommand):
    help = "Restore FILE into the empty database of DATABASE_OWNER_URL. Run replay_erasures afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="A backup created by manage.py backup.")

    def handle(self, *_: object, file: Path, **__: object) -> None:
        if not settings.DATABASE_BACKUP_URL or not settings.DATABASE_OWNER_URL:
            raise CommandError("Set DATABASE_OWNER_URL and DATABASE_BACKUP_URL to the new database.", returncode=FAILED)
        connections.close_all()
        try:
            owner_url, backup_url = settings.DATABASE_OWNER_URL, settings.DATABASE_BACKUP_URL
            counts = restore(file.absolute(), owner_url=owner_url, backup_url=backup_url)
        except (BackupFailed, OSError) as error:
            raise CommandError(f"The restore failed; do not serve this database. {error}", returncode=FAILED) from error
        apply_grants("owner")
        self.stdout.write(f"Restored {sum(counts.values()):,} rows in {len(counts)} tables; verified.")
        if missing := missing_migrations():
            self.stdout.write(f"The backup lacks {len(missing)} migrations. Run: manage.py migrate")
        self.stdout.write("Before the portal can serve, run: manage.py replay_erasures")
