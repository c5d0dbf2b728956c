"""``manage.py check_evidence FILE``: check an evidence bundle offline."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from consent.receipts.evidence_bundles import BundleBroken, check_bundle


class Command(BaseCommand):
    """Check every hash of an evidence bundle, offline."""

    help = "Check every hash of an evidence bundle; exit with status 2 and one line if something differs."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the ZIP archive")

    def handle(self, *_: object, file: Path, **__: object) -> None:
        try:
            found = check_bundle(file.read_bytes())
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.", returncode=2) from error
        except BundleBroken as error:
            raise CommandError(f"{file}: {error}", returncode=2) from error
        self.stdout.write(f"The bundle is unmodified. SHA-256 of the manifest: {found}")
