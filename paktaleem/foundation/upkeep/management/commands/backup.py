"""``manage.py backup FILE``: dump the database and verify that the dump contains every row."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.upkeep.backups.dumps import BackupFailed, back_up, record_backup

FAILED = 2


class Command(BaseCommand):
    help = "Dump the database into FILE (custom format, mode 0600). Fails if a row is missing from the dump."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="Path of the backup; an existing file is replaced.")

    def handle(self, *_: object, file: Path, **__: object) -> None:
        if not settings.DATABASE_BACKUP_URL:
            raise CommandError("Set DATABASE_BACKUP_URL to the database, with the backup role.", returncode=FAILED)
        try:
            counts = back_up(settings.DATABASE_BACKUP_URL, file.absolute())
        except (BackupFailed, OSError) as error:
            raise CommandError(f"The backup failed. {error}", returncode=FAILED) from error
        try:
            record_backup(counts, at=wall_clock_now())
        except DatabaseError:  # which does not make it a failed backup
            self.stderr.write("The backup is good, but could not be recorded in the ledger: look at DATABASE_URL.")
        people, rows = counts["people_subject"], sum(counts.values())
        self.stdout.write(f"{file}: {rows:,} rows in {len(counts)} tables, including {people:,} people; verified.")
