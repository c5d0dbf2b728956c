"""`manage.py import_roster --client CODE FILE`: import a OneRoster package or a spreadsheet, all or nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper

from paktaleem.directory.schools.oneroster.problems import Oddity, Problem, RosterInvalid
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.run import ImportReport, Tally
from paktaleem.directory.schools.rosters.importing.service import (
    ImportRunning,
    TooMuchLost,
    import_roster,
    open_source,
    try_roster,
)
from paktaleem.directory.schools.rosters.importing.uploads import counts_of
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.selectors import find_client_by_code
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client

INVALID, INTERRUPTED = 2, 130
SHOWN = 3
LINE_EVERY = 10_000


class Command(BaseCommand):
    """Import a roster; if it cannot be imported, write nothing and exit with status 2."""

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
            report = self._import(client_id, file, terms)
        except RosterInvalid as invalid:
            self.stderr.writelines(f"{described(problem)}\n" for problem in invalid.problems)
            raise CommandError(refusal(invalid.problems), returncode=INVALID) from invalid
        except OSError as error:
            raise CommandError(
                f"There is no readable file {file}; nothing was imported.", returncode=INVALID
            ) from error
        except ImportRunning as error:
            raise CommandError("Another import for this client is running; nothing was imported.") from error
        except PeopleChangedMeanwhile as error:
            message = "These people were changed by someone else meanwhile; nothing was imported. Run it again."
            raise CommandError(message) from error
        except TooMuchLost as stop:
            self.stdout.writelines(f"{line}\n" for line in lines_of(stop.report, f"Nothing is imported for {client}."))
            message = f"{stop} If that is right, run it again with --let-many-vanish."
            raise CommandError(message, returncode=INVALID) from stop
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted; nothing was imported.", returncode=INTERRUPTED) from error
        trial_title = f"Nothing is imported for {client}: this is what would change."
        title = trial_title if terms["dry_run"] else f"The roster is imported for {client}."
        self.stdout.writelines(f"{line}\n" for line in lines_of(report, title))

    def _import(self, client_id: UUID, file: Path, terms: dict[str, Any]) -> ImportReport:
        progress = ProgressLine(self.stderr)
        progress.say(f"Checking {file.name} …")
        with in_client(client_id):
            client = Client.objects.get(id=client_id)
        try:
            with file.open("rb") as opened, open_source(opened, client=client) as roster, in_client(client_id):
                common: dict[str, Any] = {
                    "client": Client.objects.get(id=client_id),
                    "actor": system_actor("import_roster"),
                    "at": client_now(),
                    "progress": progress,
                    "everybody": terms["everybody"],
                }
                if terms["dry_run"]:
                    report = try_roster(roster, **common)
                else:
                    report = import_roster(roster, allow_bulk_deactivation=terms["let_many_vanish"], **common)
                _record(report, opened, common, is_trial=terms["dry_run"])
                return report
        finally:
            progress.end()


def _record(report: ImportReport, opened: IO[bytes], common: dict[str, Any], *, is_trial: bool) -> None:
    opened.seek(0)
    digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file
    facts = {"sha256": digest, "everybody": common["everybody"], "counts": counts_of(report)}
    kind = "roster.checked" if is_trial else "roster.imported"
    record_entry(kind, client_id=common["client"].id, facts=facts, actor=common["actor"], at=common["at"])


class ProgressLine:
    """Progress on standard error: one updating line on a terminal, otherwise a line every 10,000 rows."""

    def __init__(self, out: OutputWrapper) -> None:
        """Write to ``out``."""
        self._out, self._moves, self._next, self._phase = out, out.isatty(), LINE_EVERY, ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Report the progress of a phase."""
        if phase != self._phase:
            self._phase, self._next = phase, LINE_EVERY
        if self._moves:
            self.say(f"{done:,} of {total:,} {phase}")
        elif done >= self._next:
            self._next = done - done % LINE_EVERY + LINE_EVERY
            self._out.write(f"{done:,} of {total:,} {phase}", style_func=str)

    def say(self, text: str) -> None:
        """Replace the line on a terminal."""
        if self._moves:
            self._out.write(f"\r\x1b[K{text}", ending="", style_func=str)
            self._out.flush()

    def end(self) -> None:
        """Clear the updating line."""
        self.say("")


def described(problem: Problem | Oddity) -> str:
    """Return the place and message of a finding: ``users.csv row 12, column email: …``."""
    row = "" if problem.row is None else f" row {problem.row}"
    column = "" if problem.column is None else f", column {problem.column}"
    return f"{problem.file}{row}{column}: {problem.message}"


def refusal(problems: list[Problem]) -> str:
    """Return a one-line summary of a refusal."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
    return f"{count}; nothing was imported."


def lines_of(report: ImportReport, title: str) -> Iterator[str]:
    yield title
    yield ""
    yield f"{'':<22}{'added':>10}{'changed':>10}{'unchanged':>11}{'gone':>10}"
    for role, tally in sorted(report.people.items()):
        yield _row(role, tally)
    yield _row("guardian relations", report.relations)
    for part, tally in report.schooling.items():
        yield _row(part, tally)
    yield ""
    people, relations, contacts = (report.losses[kind] for kind in ("people", "relations", "contacts"))
    yield f"Of {_count(people.before, 'active person', 'active people')}, {people.gone:,} are deactivated."
    yield f"Of {_count(relations.before, 'guardian relation')}, {relations.gone:,} end."
    yield f"Of {contacts.before:,} email addresses and phone numbers, {contacts.gone:,} are removed."
    yield f"{_count(report.people_not_named, 'person', 'people')} of this client: not in this roster, left alone."
    yield f"{_count(report.relations_not_named, 'guardian relation')}: not in this roster, left alone."
    yield from _oddity_lines(report)


def _row(name: str, tally: Tally) -> str:
    return f"{name:<22}{tally.added:>10,}{tally.changed:>10,}{tally.unchanged:>11,}{tally.gone:>10,}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _oddity_lines(report: ImportReport) -> Iterator[str]:
    if not report.oddities:
        return
    yield ""
    yield "Oddities (accepted):"
    for code, count in report.oddities.items():
        yield f"  {code}: {count:,}"
        yield from _first([oddity for oddity in report.oddity_sample if oddity.code == code], count)


def _first(sample: Sequence[Oddity], count: int) -> Iterator[str]:
    for oddity in sample[:SHOWN]:
        yield f"    {described(oddity)}"
    if count > SHOWN:
        yield f"    … and {count - SHOWN:,} more"
