"""Large exports: requested by a person, written part by part, fetched by that person only, ended after a period.

The file has the rows that the person may see when the worker reads them. It is written from the start by each job
that begins it, so that a killed worker leaves parts that the next job deletes, and never half a file that looks whole.
"""

# The worker makes the page's own request again as that person, so that filters, isolation and columns are written
# once. A killed job starts again: going on inside a ZIP would need its state on disk.

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from paktaleem.directory.files.exports.data_kinds import LIST_EXPORTS
from paktaleem.directory.files.exports.models import ExportChunk, ExportState, ListExport, StopReason
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, user_actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs.enqueue import enqueue_job
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.selectors import get_period

WRITE = "exports.write"
_QUERY = "exports_listexport.query"
_ENDED_AT_ONCE = 100


class ExportNotReady(PortalError):
    """The file is not written yet, the worker stopped, or the file was deleted after its period."""

    console_message = "There is no file: it is not written yet, or it was deleted."


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A list to export (``app_label.model``): format, query string, and the facts of its ledger entry."""

    list: str
    format: str
    query: str
    capability: Capability
    total: int
    facts: Mapping[str, Any]


@transaction.atomic
def request_export(
    wanted: ExportRequest, *, client_id: UUID, actor: Actor, reason: Reason | str, received_at: datetime, at: datetime
) -> ListExport:
    """Have the worker write a large export; the exports of one person are written one after the other.

    ``received_at`` is the time of the request on the system clock. Raises NotAllowed.
    """
    require(actor, Capability.EXPORT_ROWS, client_id)
    require(actor, wanted.capability, client_id)
    row = ListExport(id=new_id(), client_id=client_id, list=wanted.list, format=wanted.format, total=wanted.total)
    row.capability, row.reason_code, row.facts = wanted.capability.value, Reason(reason).value, dict(wanted.facts)
    row.started_by, row.started_role, row.requested_at, row.received_at = actor.id, actor.role, at, received_at
    row.expires_at = at + get_period(LIST_EXPORTS)
    row.is_across_clients, row.school_ids = actor.client_id is None, actor.school_ids
    sealer, row.epoch, row.wrapped = wrap_new_key(client_id, row.pk)
    row.query = sealer.seal(wanted.query, column=_QUERY)
    row.save(force_insert=True)
    _record("list.export_requested", row, actor, at, **row.facts)
    enqueue_job(WRITE, lock=f"{WRITE}/{actor.id}", client=str(client_id), export=str(row.pk))
    return row


def find_requester(row: ListExport, *, at: datetime) -> Actor | None:
    """Return the person who requested an export as they were then, or None if they may do less now.

    Reads memberships, outside any context; ``at`` is the system clock.
    """
    for one in list_memberships(row.started_by, at=at):
        if may_have(row, one.actor(row.started_by)):
            return user_actor(row.started_by, one.role, one.client_id, schools=row.school_ids)
    return None


def may_have(row: ListExport, actor: Actor) -> bool:
    """Return True if the actor requested an export, and may do now at least what they could then."""
    is_same = (actor.id, actor.role) == (row.started_by, row.started_role)
    owner = None if row.is_across_clients else row.client_id
    has_schools = actor.schools is None or (row.school_ids is not None and actor.schools.issuperset(row.school_ids))
    may = actor.may(Capability.EXPORT_ROWS) and actor.may(Capability(row.capability))
    return is_same and actor.client_id == owner and has_schools and may


def read_query(row: ListExport) -> str:
    """Return the query string of an export's list. Raises CannotOpen once its key is destroyed."""
    return _sealer_of(row).open(row.query, column=_QUERY)


@transaction.atomic
def begin_attempt(export: UUID, *, client_id: UUID) -> ListExport | None:
    """Begin to write an export from the start; return it with its number of attempt, None if it is written or ended."""
    row = ListExport.objects.select_for_update(of=("self",)).filter(pk=export, client_id=client_id).first()
    if row is None or row.state != ExportState.WRITING:
        return None
    ExportChunk.objects.filter(client_id=client_id, export=row).delete()
    row.attempts, row.done, row.size = row.attempts + 1, 0, 0
    row.save(update_fields=["attempts", "done", "size"])
    return row


@transaction.atomic
def store_parts(row: ListExport, parts: Iterable[tuple[int, bytes]], *, done: int) -> bool:
    """Store numbered parts of the file, sealed, and the number of rows so far.

    Returns False if a later attempt has begun, or the export has ended.
    """
    locked = _lock_attempt(row)
    if locked is None:
        return False
    sealer = _sealer_of(locked)
    for number, content in parts:
        sealed = sealer.seal_bytes(content, column=_part_column(number))
        ExportChunk(client_id=row.client_id, export=locked, number=number, sealed=sealed).save(force_insert=True)
        locked.size += len(content)
    locked.done = done
    locked.save(update_fields=["done", "size"])
    return True


@transaction.atomic
def finish_export(row: ListExport, *, actor: Actor, at: datetime) -> None:
    """Record that the file is complete, and the export in the ledger as the requester's act, with its rows."""
    locked = _lock_attempt(row)
    if locked is None:
        return
    locked.state, locked.ended_at, locked.total = ExportState.READY, at, locked.done
    locked.save(update_fields=["state", "ended_at", "total"])
    _record("list.exported", locked, actor, at, **{**locked.facts, "rows": locked.done})


@transaction.atomic
def stop_export(export: UUID, *, client_id: UUID, why: StopReason, actor: Actor, at: datetime) -> None:
    """Stop an export that cannot be written, and destroy its key; nothing if it is written or ended."""
    row = ListExport.objects.select_for_update(of=("self",)).filter(pk=export, client_id=client_id).first()
    if row is not None and row.state == ExportState.WRITING:
        row.state, row.stop_reason, row.ended_at = ExportState.STOPPED, why, at
        _delete_content(row)
        _record("list.export_stopped", row, actor, at, list=row.list, because=why.value)


@transaction.atomic
def fetch_export(row: ListExport, *, actor: Actor, reason: Reason | str, at: datetime) -> Generator[bytes]:
    """Return the file, part by part, to the person who requested it; who fetches it, and why, is recorded.

    The parts are read while the response is sent, after the request's own transaction. It counts as downloaded once
    its last byte is sent. Raises NotAllowed for another person, or if the role allows less than at the request;
    ExportNotReady.
    """
    if not may_have(row, actor):
        raise NotAllowed("Only the person who requested an export may fetch it.")
    locked = ListExport.objects.select_for_update(of=("self",)).get(pk=row.pk, client_id=row.client_id)
    if locked.state != ExportState.READY or locked.expires_at <= at:
        raise ExportNotReady
    _record("list.export_fetched", locked, actor, at, list=row.list, reason=Reason(reason).value, rows=locked.done)
    return _stream(locked, at)


def end_due_exports(client_id: UUID, *, at: datetime) -> int:
    """Delete the files of a client's exports whose period is over, with their keys; return how many, up to 100."""
    due = ListExport.objects.due_to_end(at).filter(client_id=client_id)
    rows = list(due.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:_ENDED_AT_ONCE])
    for row in rows:
        row.state, row.ended_at = ExportState.ENDED, row.ended_at or at
        _delete_content(row)
    return len(rows)


def list_clients_with_due_exports(*, at: datetime) -> list[UUID]:
    """Return the clients whose exports' period is over; needs an officer context."""
    return list(ListExport.objects.due_to_end(at).order_by().values_list("client_id", flat=True).distinct())


def _lock_attempt(row: ListExport) -> ListExport | None:
    own = ListExport.objects.select_for_update(of=("self",)).filter(pk=row.pk, client_id=row.client_id)
    found: ListExport | None = own.filter(state=ExportState.WRITING, attempts=row.attempts).first()
    return found


def _delete_content(row: ListExport) -> None:
    ExportChunk.objects.filter(client_id=row.client_id, export=row).delete()
    row.query, row.epoch, row.wrapped = None, None, None
    row.save(update_fields=["state", "stop_reason", "ended_at", "query", "epoch", "wrapped"])


def _stream(row: ListExport, at: datetime) -> Generator[bytes]:
    sealer, sent, number = _sealer_of(row), 0, 0
    while sent < row.size:
        with in_client(row.client_id):
            part = ExportChunk.objects.get(client_id=row.client_id, export=row, number=number)
        content = sealer.open_bytes(part.sealed, column=_part_column(number))
        sent, number = sent + len(content), number + 1
        yield content
    with in_client(row.client_id):  # the server has sent a part before it takes the next one
        own = ListExport.objects.filter(pk=row.pk, client_id=row.client_id)
        own.update(downloads=F("downloads") + 1, fetched_at=at)


def _sealer_of(row: ListExport) -> Sealer:
    if row.wrapped is None or row.epoch is None:
        raise CannotOpen("The key of the export has been destroyed.")
    return Sealer.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)


def _part_column(number: int) -> str:
    return f"exports_exportchunk.sealed/{number}"


def _record(kind: str, row: ListExport, actor: Actor, at: datetime, **facts: Any) -> None:
    facts = {**facts, "export": str(row.pk)}
    record_entry(kind, client_id=row.client_id, facts=facts, actor=actor, at=at)
