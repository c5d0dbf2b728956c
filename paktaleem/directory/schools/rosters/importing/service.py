"""Import a roster for a client, or try an import and roll it back."""

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import batched
from typing import IO, Any, Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from paktaleem.directory.people.services.searches import refresh_statistics
from paktaleem.directory.schools.oneroster.columns import USERS
from paktaleem.directory.schools.oneroster.problems import PACKAGE, Oddity, refusal
from paktaleem.directory.schools.oneroster.relations import DeltaRelation
from paktaleem.directory.schools.oneroster.roster import open_roster
from paktaleem.directory.schools.oneroster.users import GuardianRelation, Person, Place, StatedRoles
from paktaleem.directory.schools.rosters.importing import tables
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile, close_people, import_people
from paktaleem.directory.schools.rosters.importing.relations import (
    end_relations,
    import_mentions,
    import_relations,
    import_schooling,
)
from paktaleem.directory.schools.rosters.importing.run import ImportReport, Loss, Run, find_large_losses
from paktaleem.directory.schools.rosters.importing.tables import known_roles
from paktaleem.directory.schools.rosters.spreadsheet.rows import open_csv, open_xlsx
from paktaleem.directory.schools.rows import GivenRows
from paktaleem.directory.schools.services.recording import lock_schools
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.encryption.sealing import blind_index
from paktaleem.foundation.text.phones import normal_number

CHUNK = 2_000
"""Number of people or relations held in memory and written together."""

type Progress = Callable[[str, int, int], None]
"""Called with the phase, the number done in it, and the total."""


class RosterSource(Protocol):
    """A checked roster file of any format, as read by an import. See ``oneroster.Roster`` for its members."""

    kind: str
    columns: Mapping[str, str]
    is_whole: bool
    stated_roles: StatedRoles

    @property
    def oddity_sample(self) -> Sequence[Oddity]: ...

    @property
    def oddities(self) -> Mapping[str, int]: ...

    @property
    def counts(self) -> Mapping[str, int]: ...

    @property
    def size(self) -> int: ...

    def placed_people(self) -> Iterable[tuple[Place, Person]]: ...

    def relations(self) -> Iterable[GuardianRelation]: ...

    def mentions(self) -> Iterable[DeltaRelation]: ...

    def schooling(self, *, complete: bool) -> GivenRows | None: ...

    def birth_date_places(self, external_ids: Mapping[str, object], /) -> Iterable[tuple[Place, str]]: ...


class ImportRunning(Exception):
    """Another import for this client is running."""


class PlanChanged(Exception):
    """People changed since the trial, so the import would differ from what was shown. Try it again."""


class TooMuchLost(Exception):
    """More people, relations or contacts would be lost than allowed without confirmation."""

    def __init__(self, report: ImportReport, losses: Mapping[str, Loss]) -> None:
        """Store the report of what the import would have done; ``losses`` are those that stop it."""
        super().__init__(" ".join(loss.describe(kind) for kind, loss in losses.items()))
        self.report = report


def ignore_progress(_phase: str, _done: int, _total: int) -> None:
    """Publish nothing."""


def import_roster(
    roster: RosterSource,
    *,
    client: Client,
    actor: Actor,
    reason: Reason | str = Reason.ROSTER_IMPORT,
    at: datetime,
    progress: Progress = ignore_progress,
    everybody: bool = False,
    allow_bulk_deactivation: bool = False,
    as_shown: str | None = None,
) -> ImportReport:
    """Register or update all people and guardian relations of a roster in one transaction, in the client's context.

    The outcome, with history and evidence, equals calling ``register_subject`` and ``claim_guardian`` for each person
    and relation; a second run changes nothing. Erased people are skipped and reported. People whom the roster does not
    name are left alone, unless ``everybody`` is set: then accounts that an earlier roster created are closed, as are
    those that a delta declares deleted. Claims of guardians end in the same way. ``as_shown`` is the plan of a trial;
    the import must match it. ``progress`` is called with the phase, the number done and the total.

    Raises RosterInvalid naming file, row and column of each problem, NotAllowed, ImportRunning, PeopleChangedMeanwhile,
    PlanChanged if it would differ from ``as_shown``, ContextMissing outside the client's context, and
    TooMuchLost, above ROSTER_VANISH_PERCENT of active people, open guardian relations, or registered email addresses
    and phone numbers, unless ``allow_bulk_deactivation``.
    """
    require(actor, Capability.IMPORT_ROSTERS, client.id)
    run = _new_run(roster, client, actor, reason, at, everybody=everybody)
    with _one_transaction():
        report = _import_all(roster, run, progress)
        if as_shown is not None and report.plan != as_shown:
            raise PlanChanged
        losses = find_large_losses(report.losses, settings.ROSTER_VANISH_PERCENT)
        if losses and not allow_bulk_deactivation:
            raise TooMuchLost(report, losses)
        return report


def try_roster(
    roster: RosterSource,
    *,
    client: Client,
    actor: Actor,
    reason: Reason | str = Reason.ROSTER_IMPORT,
    at: datetime,
    progress: Progress = ignore_progress,
    everybody: bool = False,
) -> ImportReport:
    """Run ``import_roster``, return its report, and roll everything back.

    Raises RosterInvalid, NotAllowed, ImportRunning, PeopleChangedMeanwhile.
    """
    require(actor, Capability.IMPORT_ROSTERS, client.id)
    run = _new_run(roster, client, actor, reason, at, everybody=everybody)
    with _one_transaction():
        report = _import_all(roster, run, progress)
        transaction.set_rollback(True)
        return report


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Run in one transaction. Raises PeopleChangedMeanwhile if another transaction registered a person first."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise PeopleChangedMeanwhile from error
        raise


def _new_run(
    roster: RosterSource, client: Client, actor: Actor, reason: Reason | str, at: datetime, *, everybody: bool
) -> Run:
    return Run(
        client=client,
        actor=actor,
        reason=Reason(reason).value,
        at=at,
        today=at.astimezone(ZoneInfo(client.time_zone)).date(),
        columns=roster.columns,
        is_whole=roster.is_whole,
        stated_roles=roster.stated_roles,
        everybody=everybody and roster.is_whole,
    )


def _import_all(roster: RosterSource, run: Run, progress: Progress) -> ImportReport:
    if not tables.lock_imports(run.client.id):
        raise ImportRunning
    lock_schools(run.client.id, waits=True)
    before = {
        "people": tables.count_active_people(run.client.id),
        "relations": tables.count_open_claims(run.client.id),
        "contacts": tables.count_contacts(run.client.id),
    }
    tables.make_stages()
    _import_people(roster, run, progress)
    _close_missing(run)
    _import_relations(roster, run, progress)
    _end_relations(run)
    import_schooling(roster.schooling(complete=run.everybody), run)
    return _report(roster, run, before)


def _import_people(roster: RosterSource, run: Run, progress: Progress) -> None:
    done = 0
    for number, chunk in enumerate(batched(roster.placed_people(), CHUNK), start=1):
        import_people(chunk, run)
        done += len(chunk)
        if _is_power_of_two(number) and any(tally.added for tally in run.people.values()):
            refresh_statistics()
        progress("people", done, roster.size)
    if run.birth_dates_refused:
        for place, external_id in roster.birth_date_places(run.birth_dates_refused):
            run.refuse(place, "birth_date", "birth_date_refused", run.birth_dates_refused[external_id])
    run.log.raise_if_fatal()


def _close_missing(run: Run) -> None:
    for chunk in batched(tables.missing_people(run.client.id) if run.everybody else (), CHUNK):
        close_people(list(chunk), run)
        run.missing += len(chunk)


def _import_relations(roster: RosterSource, run: Run, progress: Progress) -> None:
    done = 0
    for number, chunk in enumerate(batched(roster.relations(), CHUNK), start=1):
        import_relations(chunk, run)
        done += len(chunk)
        if _is_power_of_two(number) and run.relations.added:
            refresh_statistics()
        progress("relations", done, roster.counts["relations"])
    for mentions in batched(roster.mentions(), CHUNK):
        import_mentions(mentions, USERS, run)


def _end_relations(run: Run) -> None:
    if run.everybody or run.removed:
        claims = tables.claims_to_end(run.client.id, list(run.removed.values()), everybody=run.everybody)
        for chunk in batched(claims, CHUNK):
            end_relations(chunk, run)


def _is_power_of_two(chunks: int) -> bool:
    """Return True if the number of chunks is a power of two: then the planner statistics are refreshed."""
    return chunks & (chunks - 1) == 0


def _report(roster: RosterSource, run: Run, before: Mapping[str, int]) -> ImportReport:
    gone = {"people": run.vanishing, "relations": run.relations.gone, "contacts": run.contacts_removed}
    return ImportReport(
        people=dict(run.people),
        relations=run.relations,
        schooling=dict(run.schooling),
        people_not_named=tables.count_live_people(run.client.id) - run.named - run.missing,
        relations_not_named=tables.count_open_claims(run.client.id) + run.relations.gone - run.relations.total,
        oddities=dict(Counter(roster.oddities) + Counter(run.log.oddity_totals())),
        oddity_sample=(*roster.oddity_sample, *run.log.oddity_sample()),
        losses={kind: Loss(gone[kind], number) for kind, number in before.items()},
        plan=run.plan.digest(),
        examples={action.value: tuple(names) for action, names in run.plan.examples.items()},
    )


_ZIP, _OLD_OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_OFFICE_PART = "[Content_Types].xml"


@contextmanager
def open_source(file: IO[bytes], *, client: Client) -> Iterator[RosterSource]:
    """Open and check a client's OneRoster package, workbook or CSV file.

    Raises RosterInvalid with every problem found.
    """
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    if mark.startswith(_OLD_OFFICE):
        message = "an old or password-protected Excel file; save it as an ordinary workbook (.xlsx)"
        raise refusal(PACKAGE, "format_unknown", message)
    if not mark.startswith(_ZIP):
        yield open_csv(file.read(), **_people_of(client))
    elif _is_workbook(file):
        yield open_xlsx(file, **_people_of(client))
    else:
        with open_roster(file) as roster:
            yield roster


def _people_of(client: Client) -> dict[str, Any]:
    return {
        "name_guardian": lambda *guardian: _guardian_id(client, *guardian),
        "find_people": lambda ids: known_roles(client.pk, sorted(ids)),
    }


def _guardian_id(client: Client, name: str, contact: str) -> str:
    """Return a guardian's id, hashed with the client's index key so that it cannot be guessed from names."""
    apart = normal_number(contact, region=client.country)  # siblings' rows may format the number differently
    digest = blind_index(client.pk, "guardian", f"{name}\n{apart}") or b""
    return f"guardian-{digest.hex()[:32]}"


def _is_workbook(file: IO[bytes]) -> bool:
    try:
        return _OFFICE_PART in zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, LookupError, OSError, EOFError, NotImplementedError):
        return False
    finally:
        file.seek(0)
