"""`manage.py import_roster --client CODE FILE`: import a OneRoster package or a spreadsheet, all or nothing."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from paktaleem.directory.schools.oneroster.problems import Oddity, Problem, RosterInvalid
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.run import ImportReport
from paktaleem.directory.schools.rosters.importing.service import ImportRunning, TooMuchLost, import_roster, open_source
from paktaleem.directory.schools.rosters.importing.uploads import counts_of
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client

INVALID = 2
SHOWN = 3
LINE_EVERY = 10_000
_OBSTACLES = {
    ImportRunning: "Another import for this client is running",
    PeopleChangedMeanwhile: "These people were changed by someone else meanwhile",
}


class Command(BaseCommand):
    help = "Import people and guardian relations from a OneRoster package or a spreadsheet, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client", required=True, metavar="CODE", help="Code of the client.")
        parser.add_argument("--dry-run", action="store_true", help="Report what would change; write nothing.")
        parser.add_argument(
            "--everybody", action="store_true", help="The file is complete: close the accounts of people not in it."
        )
        parser.add_argument(
            "--let-many-vanish",
            action="store_true",
            help=f"Continue even if more than {settings.ROSTER_VANISH_PERCENT} % of the active people, relations, "
            "or email addresses and phone numbers are lost.",
        )
        parser.add_argument("file", type=Path, metavar="FILE", help="The package (zip) or spreadsheet (CSV, XLSX).")

    def handle(self, *_: Any, client: str, file: Path, **terms: Any) -> None:
        client_id = find_client_by_code(client)
        if client_id is None:
            raise CommandError(f"No client has the code “{client}”; nothing was imported.", returncode=INVALID)
        try:
            report = self._import(client_id, file, **terms)
        except RosterInvalid as invalid:
            self.stderr.writelines(f"{described(problem)}\n" for problem in invalid.problems)
            count = len(invalid.problems)
            message = f"{count:,} problem{'' if count == 1 else 's'}; nothing was imported."
            raise CommandError(message, returncode=INVALID) from invalid
        except OSError as error:
            message = f"There is no readable file {file}; nothing was imported."
            raise CommandError(message, returncode=INVALID) from error
        except (ImportRunning, PeopleChangedMeanwhile) as error:
            raise CommandError(f"{_OBSTACLES[type(error)]}; nothing was imported. Run it again.") from error
        except TooMuchLost as stop:
            self.stdout.writelines(f"{line}\n" for line in lines_of(stop.report, f"Nothing is imported for {client}."))
            message = f"{stop} If that is right, run it again with --let-many-vanish."
            raise CommandError(message, returncode=INVALID) from stop
        trial_title = f"Nothing is imported for {client}: this is what would change."
        title = trial_title if terms["dry_run"] else f"The roster is imported for {client}."
        self.stdout.writelines(f"{line}\n" for line in lines_of(report, title))

    def _import(
        self, client_id: UUID, file: Path, *, dry_run: bool, everybody: bool, let_many_vanish: bool, **_: object
    ) -> ImportReport:
        with in_client(client_id):
            client = Client.objects.get(id=client_id)
        with file.open("rb") as opened, open_source(opened, client=client) as roster, in_client(client_id):
            actor, at = system_actor("import_roster"), client_now()
            report = import_roster(
                roster,
                client=Client.objects.get(id=client_id),
                actor=actor,
                at=at,
                progress=self._report_progress,
                everybody=everybody,
                is_trial=dry_run,
                allow_bulk_deactivation=let_many_vanish,
            )
            opened.seek(0)
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            facts = {"sha256": digest, "everybody": everybody, "counts": counts_of(report)}
            kind = "roster.checked" if dry_run else "roster.imported"
            record_entry(kind, client_id=client_id, facts=facts, actor=actor, at=at)
            return report

    def _report_progress(self, phase: str, done: int, total: int) -> None:
        if done % LINE_EVERY == 0:  # chunks are whole thousands
            self.stderr.write(f"{done:,} of {total:,} {phase}", style_func=str)


def described(problem: Problem | Oddity) -> str:
    row = "" if problem.row is None else f" row {problem.row}"
    column = "" if problem.column is None else f", column {problem.column}"
    return f"{problem.file}{row}{column}: {problem.message}"


def lines_of(report: ImportReport, title: str) -> Iterator[str]:
    """Yield a report as text: the numbers, what is lost, and the oddities with their first places."""
    yield f"{title}\n\n{'':<22}{'added':>10}{'changed':>10}{'unchanged':>11}{'gone':>10}"
    tallies = {**dict(sorted(report.people.items())), "guardian relations": report.relations, **report.schooling}
    for name, tally in tallies.items():
        yield f"{name:<22}{tally.added:>10,}{tally.changed:>10,}{tally.unchanged:>11,}{tally.gone:>10,}"
    yield ""
    yield from (f"{kind} lost: {loss.gone:,} of {loss.before:,}" for kind, loss in report.losses.items())
    left = f"{report.people_not_named:,} people, {report.relations_not_named:,} relations"
    yield f"Not in this roster and left alone: {left}."
    for code, count in report.oddities.items():
        yield f"Oddity (accepted) {code}: {count:,}"
        yield from [f"    {described(one)}" for one in report.oddity_sample if one.code == code][:SHOWN]
