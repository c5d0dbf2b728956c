"""Import a roster for a client, or try an import and roll it back."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import batched
from typing import IO

from django.conf import settings
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from paktaleem.directory.schools.oneroster.package import ZIP_ERRORS
from paktaleem.directory.schools.oneroster.problems import PACKAGE, refusal
from paktaleem.directory.schools.oneroster.roster import Roster, open_roster
from paktaleem.directory.schools.rosters.importing import people, tables
from paktaleem.directory.schools.rosters.importing.run import ImportReport, Loss, Run, find_large_losses
from paktaleem.directory.schools.rosters.spreadsheet.rows import Spreadsheet, open_csv, open_xlsx
from paktaleem.directory.schools.services.recording import TABLES_OF_PEOPLE, lock_schools
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.sealing import blind_index
from paktaleem.foundation.tenancy.context import try_advisory_lock
from paktaleem.foundation.tenancy.database.statistics import refresh_statistics
from paktaleem.foundation.text.normal_forms import normal_number

CHUNK = 2_000
"""Number of people or relations held in memory and written together."""

type Progress = Callable[[str, int, int], None]
"""Called with the phase, the number done in it, and the total."""


type RosterSource = Roster | Spreadsheet
"""A checked roster file."""


class ImportRunning(Exception):
    """Another import for this client is running."""


class PlanChanged(Exception):
    """People changed since the trial, so the import would differ from what was shown. Try it again."""


class TooMuchLost(Exception):
    """More people, relations or contacts would be lost than allowed without confirmation."""

    def __init__(self, report: ImportReport, losses: Mapping[str, Loss]) -> None:
        super().__init__(" ".join(loss.describe(kind) for kind, loss in losses.items()))
        self.report = report


def import_roster(
    roster: RosterSource,
    *,
    client: Client,
    actor: Actor,
    at: datetime,
    progress: Progress | None = None,
    everybody: bool = False,
    is_trial: bool = False,
    allow_bulk_deactivation: bool = False,
    as_shown: str | None = None,
) -> ImportReport:
    """Register or update a roster's people and relations in one transaction, in the client's context.

    The outcome equals ``register_subject`` and ``claim_guardian`` for each; a second run changes nothing. Erased people
    are skipped. People not named are left alone, unless ``everybody`` is set: then accounts that an earlier roster
    created are closed, and its claims end. ``as_shown`` is the plan of a trial (``is_trial``: all is rolled back) that
    the import must match. ``progress`` is called with phase, number done and total.

    Raises RosterInvalid naming each problem, NotAllowed, ImportRunning, PeopleChangedMeanwhile, PlanChanged,
    ContextMissing outside the client's context, and above ROSTER_VANISH_PERCENT TooMuchLost, unless
    ``allow_bulk_deactivation`` is set.
    """
    require(actor, Capability.MANAGE_SYSTEMS, client.id)
    run = Run(
        client=client,
        actor=actor,
        at=at,
        today=client.day_at(at),
        columns=roster.columns,
        is_whole=roster.is_whole,
        stated_roles=roster.stated_roles,
        everybody=everybody and roster.is_whole,
    )
    with _one_transaction():
        report = _import_all(roster, run, progress or (lambda _phase, _done, _total: None))
        if is_trial:
            transaction.set_rollback(True)
            return report
        if as_shown is not None and report.plan != as_shown:
            raise PlanChanged
        losses = find_large_losses(report.losses, settings.ROSTER_VANISH_PERCENT)
        if losses and not allow_bulk_deactivation:
            raise TooMuchLost(report, losses)
        return report


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Run in one transaction. Raises PeopleChangedMeanwhile if another transaction registered a person first."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise people.PeopleChangedMeanwhile from error
        raise


def _import_all(roster: RosterSource, run: Run, progress: Progress) -> ImportReport:
    if not try_advisory_lock(f"roster/{run.client.id}"):
        raise ImportRunning
    lock_schools(run.client.id, waits=True)
    before = tables.count_records(run.client.id)
    tables.make_stages()
    _import_people(roster, run, progress)
    for names in batched(tables.missing_people(run.client.id) if run.everybody else (), CHUNK):
        people.close_people(list(names), run)
        run.missing += len(names)
    _import_relations(roster, run, progress)
    if run.everybody or run.removed:
        claims = tables.claims_to_end(run.client.id, list(run.removed.values()), everybody=run.everybody)
        for chunk in batched(claims, CHUNK):
            people.end_relations(chunk, run)
    people.import_schooling(roster.schooling(complete=run.everybody), run)
    return _report(roster, run, before)


def _import_people(roster: RosterSource, run: Run, progress: Progress) -> None:
    done = 0
    for number, chunk in enumerate(batched(roster.placed_people(), CHUNK), start=1):
        people.import_people(chunk, run)
        done += len(chunk)
        refresh_now_and_then(number, has_added=any(tally.added for tally in run.people.values()))
        progress("people", done, roster.size)
    if run.birth_dates_refused:
        for place, external_id in roster.birth_date_places(run.birth_dates_refused):
            run.refuse(place, "birth_date", "birth_date_refused", run.birth_dates_refused[external_id])
    run.log.raise_if_fatal()


def _import_relations(roster: RosterSource, run: Run, progress: Progress) -> None:
    done = 0
    for number, chunk in enumerate(batched(roster.relations(), CHUNK), start=1):
        people.import_relations(chunk, run)
        done += len(chunk)
        refresh_now_and_then(number, has_added=bool(run.relations.added))
        progress("relations", done, roster.relation_count)
    for mentions in batched(roster.mentions, CHUNK):
        people.import_mentions(mentions, run)


def refresh_now_and_then(chunks: int, *, has_added: bool = True) -> None:
    """Refresh the planner statistics if the number of chunks is a power of two."""
    if has_added and chunks & (chunks - 1) == 0:
        refresh_statistics(TABLES_OF_PEOPLE)


def _report(roster: RosterSource, run: Run, before: Mapping[str, int]) -> ImportReport:
    gone = {"people": run.vanishing, "relations": run.relations.gone, "contacts": run.contacts_removed}
    after = tables.count_records(run.client.id)
    return ImportReport(
        people=dict(run.people),
        relations=run.relations,
        schooling=dict(run.schooling),
        people_not_named=after["registered"] - run.named - run.missing,
        relations_not_named=after["relations"] + run.relations.gone - run.relations.total,
        oddities=dict(Counter(roster.oddities) + Counter(run.log.oddity_totals())),
        oddity_sample=(*roster.oddity_sample, *run.log.oddity_sample()),
        losses={kind: Loss(number, before[kind]) for kind, number in gone.items()},
        plan=run.plan.digest(),
        examples={action.value: tuple(names) for action, names in run.plan.examples.items()},
    )


_ZIP, _OLD_OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_OFFICE_PART = "[Content_Types].xml"


@contextmanager
def open_source(file: IO[bytes], *, client: Client) -> Iterator[RosterSource]:
    """Open and check a client's OneRoster package, workbook or CSV file. Raises RosterInvalid with every problem."""

    def find_people(external_ids: Collection[str]) -> set[str]:
        return {row[0] for row in tables.known_people(client.pk, sorted(external_ids))}

    name_guardian = partial(_guardian_id, client)
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    if mark.startswith(_OLD_OFFICE):
        message = "an old or password-protected Excel file; save it as an ordinary workbook (.xlsx)"
        raise refusal(PACKAGE, "format_unknown", message)
    if not mark.startswith(_ZIP):
        yield open_csv(file.read(), name_guardian=name_guardian, find_people=find_people)
    elif _is_workbook(file):
        yield open_xlsx(file, name_guardian=name_guardian, find_people=find_people)
    else:
        with open_roster(file) as roster:
            yield roster


def _guardian_id(client: Client, name: str, contact: str) -> str:
    """Hash a guardian's id with the client's index key, so that it cannot be guessed from names."""
    apart = normal_number(contact, region=client.country)  # siblings' rows may format the number differently
    digest = blind_index(client.pk, "guardian", f"{name}\n{apart}") or b""
    return f"guardian-{digest.hex()[:32]}"


def _is_workbook(file: IO[bytes]) -> bool:
    try:
        return _OFFICE_PART in zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    except ZIP_ERRORS:
        return False
    finally:
        file.seek(0)
