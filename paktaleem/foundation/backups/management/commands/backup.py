"""``manage.py backup FILE``: dump the database, and prove that the dump holds every row."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from paktaleem.foundation.backups.dumps import back_up
from paktaleem.foundation.backups.programs import BackupFailed

FAILED = 2


class Command(BaseCommand):
    """Back up; exit status 2 and no file if anything is missing."""

    help = "Dump the database into FILE (custom format, 0600). Fails if the dump would lack a single row."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, metavar="FILE", help="Where the backup goes; replaced when complete.")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        """Dump, count, publish."""
        if not settings.DATABASE_BACKUP_URL:
            raise CommandError("Set DATABASE_BACKUP_URL to the backup role's database.", returncode=FAILED)
        try:
            counts = back_up(settings.DATABASE_BACKUP_URL, file.absolute())
        except (BackupFailed, OSError) as error:
            raise CommandError(f"No backup was made. {error}", returncode=FAILED) from error
        people, rows = counts["subjects_subject"], sum(counts.values())
        self.stdout.write(f"{file}: {rows:,} rows of {len(counts)} tables, {people:,} people among them; all counted.")
