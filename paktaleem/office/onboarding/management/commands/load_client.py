"""``manage.py load_client FILE``: set up a client, or change it, as a file says."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.onboarding.files.loading import load_client
from paktaleem.office.onboarding.files.reading import FileInvalid, Report, build_schema, read_client_file

INVALID = 2


class Command(BaseCommand):
    """Load a client; if the file cannot be loaded, store nothing and exit with status 2."""

    help = "Set up a client or change it as a YAML or JSON file says, all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the file and the options."""
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="The file: .yaml, .yml or .json.")
        parser.add_argument("--dry-run", action="store_true", help="Print the differences; store nothing.")
        parser.add_argument("--schema", action="store_true", help="Print the JSON Schema of the file.")

    def handle(self, *_: Any, file: Path | None, dry_run: bool, schema: bool, **__: Any) -> None:
        """Load the file and print what it changes."""
        if schema:
            self.stdout.write(json.dumps(build_schema(), indent=2))
            return
        if file is None:
            raise CommandError("Name the file, or use --schema.", returncode=INVALID)
        try:
            document = read_client_file(file)
        except FileInvalid as invalid:
            self._refuse(invalid.lines)
        except OSError:
            self._refuse([f"There is no readable file {file}."])
        report = self._load(document, dry_run=dry_run)
        if report.errors:
            self._refuse(report.errors)
        self._print(report, dry_run=dry_run)

    def _load(self, document: dict[str, Any], *, dry_run: bool) -> Report:
        at, client_id = wall_clock_now(), find_client_by_code(document["client"]["code"])
        if client_id is not None:
            with in_client(client_id):
                at = client_now()
        return load_client(document, dry_run=dry_run, actor=system_actor("load_client"), at=at)

    def _print(self, report: Report, *, dry_run: bool) -> None:
        if not report.changes:
            self.stdout.write("The file changes nothing.")
        elif dry_run:
            self.stdout.write("Nothing is stored: this is what would change.")
        self.stdout.writelines(f"  {line}\n" for line in report.changes)
        if report.waiting:
            self.stdout.write("Requested, not approved:")
            self.stdout.writelines(f"  {line}\n" for line in report.waiting)

    def _refuse(self, lines: Any) -> Any:
        self.stderr.writelines(f"{' '.join(str(line).split())}\n" for line in lines)
        sys.exit(INVALID)
