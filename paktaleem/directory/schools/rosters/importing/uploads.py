"""Uploaded rosters: stored for a day, sealed under a key of the upload, tried, and imported only as shown."""

# The check is the import itself, rolled back; the import commits only if its plan has the same digest. A second
# upload could be another file, and computed changes would be out of date.

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from paktaleem.directory.schools.models import RosterChunk, RosterImport, RosterState
from paktaleem.directory.schools.oneroster.problems import Oddity, RosterInvalid
from paktaleem.directory.schools.rosters.importing import service
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.run import ImportReport, find_large_losses
from paktaleem.foundation.accounts.actors import Actor, require, user_actor
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from paktaleem.foundation.upkeep.runs.models import StepProgress
from paktaleem.foundation.upkeep.runs.services import report_step

RUN_ROSTER_STEP = "subjects.go_on_with_roster"
PART = 1024 * 1024
PROBLEMS_SHOWN = 100
ODDITIES_SHOWN = 3
"""Number of oddities shown per code."""
_NAMED = ("file_ignored", "column_ignored")
_DETAILS = "schools_rosterimport.details"
_FAILURES: dict[type[Exception], str] = {
    service.PlanChanged: "changed",
    PeopleChangedMeanwhile: "changed",
    service.ImportRunning: "running",
    service.TooMuchLost: "vanishing",
    CannotOpen: "unreadable",
}


def _check_state(*states: RosterState) -> Callable[[RosterImport, Actor, datetime], None]:
    def check(row: RosterImport, _actor: Actor, _at: datetime) -> None:
        if row.state not in states:
            raise Refused(
                gettext("This roster is no longer waiting: another user acted first, or it expired after a day.")
            )

    return check


_check_kept = _check_state(RosterState.READY, RosterState.STOPPED, RosterState.CHANGED)


@transaction.atomic
def upload_roster(content: bytes, *, client: Client, everybody: bool, actor: Actor, at: datetime) -> RosterImport:
    """Store an uploaded roster, sealed, and try it: at once if it is small, otherwise in the worker.

    With ``everybody``, people not named have left. Raises ValidationError for an empty or too large file, NotAllowed.
    """
    require(actor, Capability.MANAGE_SYSTEMS, client.id)
    if not 0 < len(content) <= settings.ROSTER_UPLOAD_LIMIT:
        megabytes = settings.ROSTER_UPLOAD_LIMIT // (1024 * 1024)
        raise ValidationError({"file": [f"Choose a file that is not empty and no larger than {megabytes} MB."]})
    row = RosterImport(id=new_id(), client=client, everybody=everybody, size=len(content), uploaded_at=at)
    row.actor_kind, row.actor_id, row.actor_role = actor_columns(actor)
    row.sha256 = hashlib.sha256(content).digest()
    sealer, row.epoch, row.wrapped = wrap_new_key(client.id, row.id)
    row.save(force_insert=True)
    for number, start in enumerate(range(0, len(content), PART)):
        sealed = sealer.seal_bytes(content[start : start + PART], column=_part_column(number))
        RosterChunk(client=client, roster=row, number=number, sealed=sealed).save(force_insert=True)
    _run_or_enqueue(row, at=at)
    return row


@act(
    "check-again",
    "Check again",
    Capability.MANAGE_SYSTEMS,
    lead="The same file is compared with the people as they are now. Nothing is changed.",
    check=_check_kept,
)
def check_again(row: RosterImport, *, actor: Actor, at: datetime) -> RosterImport:
    """Try a stored roster again, against the current people. Raises Refused, NotAllowed."""
    del actor  # the uploader
    row.state, row.failure = RosterState.CHECKING, ""
    row.save()
    _run_or_enqueue(row, at=at)
    return row


@act(
    "import",
    "Import",
    Capability.MANAGE_SYSTEMS,
    lead="The import writes exactly what the check showed, or nothing.",
    check=_check_state(RosterState.READY),
)
def confirm_import(row: RosterImport, *, actor: Actor, at: datetime) -> RosterImport:
    """Import a roster as its trial showed. Raises Refused, NotAllowed."""
    return _begin_import(row, actor, at, allow_bulk_deactivation=False)


@act(
    "import-anyway",
    "Import anyway",
    Capability.ADMINISTER_CLIENT,
    lead="The import stopped because too many accounts would be closed, or too many guardian relations or "
    "contact details lost. Often the export was incomplete, the wrong file was chosen, or a spreadsheet "
    "program emptied cells. If you continue, the people keep their other data and their consents until "
    "retention ends.",
    danger=True,
    check=_check_state(RosterState.STOPPED),
)
def import_anyway(row: RosterImport, *, actor: Actor, at: datetime) -> RosterImport:
    """Import a roster that was stopped because too much would be lost. Raises Refused, NotAllowed."""
    return _begin_import(row, actor, at, allow_bulk_deactivation=True)


def _begin_import(row: RosterImport, actor: Actor, at: datetime, *, allow_bulk_deactivation: bool) -> RosterImport:
    row.state, row.confirmed_at, row.failure = RosterState.APPLYING, at, ""
    _, row.confirmed_by, row.confirmed_role = actor_columns(actor)
    row.counts = {**row.counts, "allow_bulk_deactivation": allow_bulk_deactivation}
    row.save()
    _run_or_enqueue(row, at=at)
    return row


@act(
    "discard",
    "Discard",
    Capability.MANAGE_SYSTEMS,
    lead="The file is deleted without being imported.",
    done="The file has been deleted.",
    check=_check_kept,
)
def discard_roster(row: RosterImport, *, actor: Actor, at: datetime) -> RosterImport:
    """Delete an uploaded roster without importing it. Raises Refused, NotAllowed."""
    _delete_file(row, RosterState.DISCARDED, at)
    _record("roster.discarded", row, actor, at)
    return row


@transaction.atomic
def run_roster_step(roster: UUID, *, client: Client, at: datetime) -> None:
    """Run the step a roster waits for, its trial or its import; do nothing if it is already done."""
    row = RosterImport.objects.select_for_update().filter(client=client, id=roster).first()
    if row is not None and row.is_under_way:
        _run_step(row, at, publishes=True)
        StepProgress.objects.filter(pk=row.pk).delete()


def _publish_progress(row: RosterImport, roster: service.RosterSource) -> service.Progress:
    done: dict[str, int] = {}
    everything = roster.size + roster.relation_count

    def publish(phase: str, number: int, _total: int) -> None:
        done[phase] = number
        report_step(row.pk, done=sum(done.values()), total=everything)

    publish("people", 0, everything)
    return publish


_PURGED_AT_ONCE = 100


def list_old_rosters(at: datetime) -> QuerySet[RosterImport]:
    found: QuerySet[RosterImport] = RosterImport.objects.filter(
        wrapped__isnull=False, uploaded_at__lte=get_cutoff(ROSTER_FILES.code, at=at)
    )
    return found


@transaction.atomic
def purge_expired_rosters(client_id: UUID, *, at: datetime) -> int:
    """Delete files and findings that are due (``ROSTER_FILES``); return how many, up to 100."""
    old = list_old_rosters(at).select_for_update(skip_locked=True).filter(client_id=client_id)
    rows = list(old[:_PURGED_AT_ONCE])
    for row in rows:
        waits = row.is_kept or row.is_under_way
        _delete_file(row, RosterState.EXPIRED if waits else RosterState(row.state), at)
        row.details, row.wrapped, row.epoch = None, None, None
        row.save()
    return len(rows)


def shown_details(row: RosterImport) -> dict[str, Any]:
    """Return the findings that name people (``problems``, ``oddities``, ``examples``); {} once deleted."""
    if row.details is None or row.wrapped is None:
        return {}
    try:
        found: dict[str, Any] = json.loads(Sealer.of_row(row).open(row.details, column=_DETAILS))
    except CannotOpen:
        return {}
    return found


def _run_or_enqueue(row: RosterImport, *, at: datetime) -> None:
    if row.size <= settings.ROSTER_AT_ONCE_LIMIT:
        _run_step(row, at, publishes=False)  # done within the request
    else:
        enqueue_job(
            RUN_ROSTER_STEP, lock=f"{RUN_ROSTER_STEP}/{row.client_id}", client=str(row.client_id), roster=str(row.pk)
        )


def _run_step(row: RosterImport, at: datetime, *, publishes: bool) -> None:
    try:
        with transaction.atomic():
            _read_file(row, at, publishes=publishes)
    except RosterInvalid as invalid:
        row.counts = {"problems": len(invalid.problems)}
        first = invalid.problems[:PROBLEMS_SHOWN]
        _store_details(row, {"problems": [[one.file, one.row, one.column, one.message] for one in first]})
        _delete_file(row, RosterState.REFUSED, at)
        _record("roster.refused", row, _uploader(row), at)
    except tuple(_FAILURES) as error:
        row.state = RosterState.CHANGED
        row.failure = next(code for kind, code in _FAILURES.items() if isinstance(error, kind))
        row.save()


def _read_file(row: RosterImport, at: datetime, *, publishes: bool) -> None:
    client, is_trial = Client.objects.get(id=row.client_id), row.state == RosterState.CHECKING
    actor = (
        _uploader(row)
        if is_trial or row.confirmed_by is None
        else user_actor(row.confirmed_by, row.confirmed_role, client.id)
    )
    with service.open_source(_open_content(row), client=client) as roster:
        row.kind = roster.kind
        report = service.import_roster(
            roster,
            client=client,
            actor=actor,
            at=at,
            progress=_publish_progress(row, roster) if publishes else None,
            everybody=row.everybody,
            is_trial=is_trial,
            allow_bulk_deactivation=bool(row.counts.get("allow_bulk_deactivation")),
            as_shown=row.plan,
        )
    row.plan, row.counts = report.plan, {**row.counts, **counts_of(report)}
    oddities = [astuple(oddity) for oddity in _shown_oddities(report.oddity_sample)]
    _store_details(row, {"oddities": oddities, "examples": {kind: list(ids) for kind, ids in report.examples.items()}})
    if is_trial:
        stops = find_large_losses(report.losses, settings.ROSTER_VANISH_PERCENT)
        row.state, row.checked_at = RosterState.STOPPED if stops else RosterState.READY, at
        row.save()
    else:
        _delete_file(row, RosterState.DONE, at)
    _record("roster.checked" if is_trial else "roster.imported", row, actor, at)


def _uploader(row: RosterImport) -> Actor:
    return user_actor(row.actor_id, row.actor_role, row.client_id)


def _shown_oddities(sample: Iterable[Oddity]) -> Iterator[Oddity]:
    shown: Counter[str] = Counter()
    for oddity in sample:
        shown[oddity.code] += 1
        if shown[oddity.code] <= ODDITIES_SHOWN or oddity.code in _NAMED:
            yield oddity


def counts_of(report: ImportReport) -> dict[str, object]:
    tallies = {**report.people, "relations": report.relations, **report.schooling}
    return {
        "tallies": {name: list(astuple(tally)) for name, tally in tallies.items()},
        "losses": {kind: [loss.gone, loss.before] for kind, loss in report.losses.items()},
        "not_named": report.people_not_named,
        "oddities": dict(report.oddities),
    }


def _store_details(row: RosterImport, details: Mapping[str, object]) -> None:
    row.details = Sealer.of_row(row).seal(json.dumps(details), column=_DETAILS)
    row.save()


def _delete_file(row: RosterImport, state: RosterState, at: datetime) -> None:
    """Delete the file; its findings stay readable for the rest of the day."""
    RosterChunk.objects.filter(client_id=row.client_id, roster=row).delete()
    row.state, row.finished_at = state, row.finished_at or at
    row.save()


def _part_column(number: int) -> str:
    return f"schools_rosterchunk.sealed/{number}"


def _open_content(row: RosterImport) -> io.BytesIO:
    sealer = Sealer.of_row(row)
    parts = RosterChunk.objects.filter(client_id=row.client_id, roster=row).order_by("number")
    content = b"".join(sealer.open_bytes(part.sealed, column=_part_column(part.number)) for part in parts)
    if hashlib.sha256(content).digest() != bytes(row.sha256):
        raise CannotOpen("The upload was altered.")
    return io.BytesIO(content)


def _record(kind: str, row: RosterImport, actor: Actor, at: datetime) -> None:
    facts = {
        "roster": str(row.id),
        "sha256": bytes(row.sha256).hex(),
        "everybody": row.everybody,
        "state": str(row.state),
        "counts": row.counts,
    }
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)


ROSTER_FILES = DataKind(
    code="roster_files",
    name=gettext_lazy("Uploaded rosters and their findings"),
    counted_from=gettext_lazy("The upload, imported or not"),
    disposal=Disposal.KEY,
    bounds=Bounds(24, 1, 168, Unit.HOURS),
    due=list_old_rosters,
    purge=lambda client_id, at, **_actor: purge_expired_rosters(client_id, at=at),
)
