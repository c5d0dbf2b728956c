"""The one act: import a roster for a client."""

from collections.abc import Callable
from datetime import datetime
from itertools import batched
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from paktaleem.accounts.actors import Actor, require
from paktaleem.accounts.models import Client
from paktaleem.accounts.roles import Capability
from paktaleem.ledger.by import Reason
from paktaleem.subjects.importing import tables
from paktaleem.subjects.importing.people import PeopleChangedMeanwhile, import_people
from paktaleem.subjects.importing.relations import import_relations
from paktaleem.subjects.importing.report import ImportReport
from paktaleem.subjects.importing.rows import log_birth_dates, numbered_people
from paktaleem.subjects.importing.run import Run
from paktaleem.subjects.models import SubjectRole
from paktaleem.subjects.oneroster import Roster

__all__ = ["CHUNK", "ImportRunning", "PeopleChangedMeanwhile", "import_roster"]

CHUNK = 2_000
"""People or relations held in memory, and written by one round of statements."""

type Progress = Callable[[str, int, int], None]


class ImportRunning(Exception):
    """Another import for this client is under way."""


def _silent(_phase: str, _done: int, _total: int) -> None:
    pass


def import_roster(
    roster: Roster,
    *,
    client: Client,
    actor: Actor,
    reason: Reason | str = Reason.ROSTER_IMPORT,
    at: datetime,
    progress: Progress = _silent,
) -> ImportReport:
    """Register or update all people and guardian relations of a roster, all or nothing, in the client's context.

    The outcome is that of ``register_subject`` and ``claim_guardian`` for each, with history and evidence; a second
    run changes nothing. Erased people are skipped and reported. Who is missing from the roster is left alone.
    ``progress`` is told the phase, how many are done and of how many.
    Raises RosterInvalid naming file, row and column of each problem, NotAllowed, ImportRunning,
    PeopleChangedMeanwhile.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    today = at.astimezone(ZoneInfo(client.time_zone)).date()
    run = Run(client=client, actor=actor, reason=Reason(reason).value, at=at, today=today)
    try:
        with transaction.atomic():
            if not tables.lock_imports(client.id):
                raise ImportRunning
            tables.make_stages()
            _import_people(roster, run, progress)
            _import_relations(roster, run, progress)
            return _report(roster, run)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise PeopleChangedMeanwhile from error
        raise


def _import_people(roster: Roster, run: Run, progress: Progress) -> None:
    total, done = sum(roster.counts.get(role, 0) for role in SubjectRole.values), 0
    for number, chunk in enumerate(batched(numbered_people(roster), CHUNK), start=1):
        import_people(chunk, run)
        done += len(chunk)
        if _doubled(number) and any(tally.added for tally in run.people.values()):
            tables.refresh_statistics()
        progress("people", done, total)
    log_birth_dates(roster, run.birth_dates_refused, run.log)
    run.log.raise_if_fatal()


def _import_relations(roster: Roster, run: Run, progress: Progress) -> None:
    done = 0
    for number, chunk in enumerate(batched(roster.relations(), CHUNK), start=1):
        import_relations(chunk, run)
        done += len(chunk)
        if _doubled(number) and run.relations.added:
            tables.refresh_statistics()
        progress("relations", done, roster.counts["relations"])


def _doubled(chunks: int) -> bool:
    """Say whether a count of chunks is 1, 2, 4, 8 …: as often as it pays to look at the tables anew."""
    return chunks & (chunks - 1) == 0


def _report(roster: Roster, run: Run) -> ImportReport:
    named = sum(tally.total for tally in run.people.values())
    return ImportReport(
        people=dict(run.people),
        relations=run.relations,
        people_not_named=tables.count_live_people(run.client.id) - named,
        relations_not_named=tables.count_open_claims(run.client.id) - run.relations.total,
        oddities={**roster.oddities, **run.log.oddity_totals()},
        problems=(*roster.problems, *run.log.oddities()),
    )
