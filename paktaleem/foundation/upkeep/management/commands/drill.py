"""``manage.py drill``: does a backup restore, how long does it take, and is the copy what it should be?"""

import os
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.upkeep.backups.dumps import BackupFailed, Step, record_drill, run_drill

FAILED = 2


class Command(BaseCommand):
    help = "Back up, restore into a temporary database, repeat the erasures, check the ledger, and print the times."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--backup", type=Path, metavar="FILE", help="Restore this backup instead of a new one.")

    def handle(self, *_: object, backup: Path | None, **__: object) -> None:
        steps: list[Step] = []
        try:
            for step in run_drill(os.environ, backup=backup.absolute() if backup else None):
                steps.append(step)
                state = "ok" if step.passed else "failed"
                self.stdout.write(f"{state:<8}{step.name:<20}{step.seconds:>8.1f} s  {step.seen}")
        except (BackupFailed, OSError) as error:
            raise CommandError(f"The drill failed. {error}", returncode=FAILED) from error
        recorded = "recorded in the ledger"
        try:
            record_drill(steps, at=wall_clock_now())
        except DatabaseError:  # which does not hide the result
            self.stderr.write("The drill could not be recorded in the ledger: look at DATABASE_URL.")
            recorded = ""
        if not steps[-1].passed:
            raise CommandError(f"The drill failed at: {steps[-1].name}.", returncode=FAILED)
        self.stdout.write(f"{'':<8}{'all':<20}{sum(step.seconds for step in steps):>8.1f} s  {recorded}".rstrip())
