"""Background tasks: write a large export, and delete those whose period is over."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.core.exceptions import BadRequest, PermissionDenied
from procrastinate.contrib.django import app

from paktaleem.directory.files.exports.data_kinds import END_EXPORTS, LIST_EXPORTS
from paktaleem.directory.files.exports.models import ListExport, StopReason
from paktaleem.directory.files.exports.rows import get_list, read_rows, repeat_request
from paktaleem.directory.files.exports.services import (
    WRITE,
    begin_attempt,
    end_due_exports,
    find_requester,
    finish_export,
    list_clients_with_due_exports,
    stop_export,
    store_parts,
)
from paktaleem.foundation.accounts.actors import Actor, system_actor
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.console.exporting import Format, open_sheet
from paktaleem.foundation.operations.jobs.tasks import MAX_ATTEMPTS
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.periods.purging import purge_clients

PART_BYTES = 256 * 1024


class _Parts:
    """The bytes of a file, cut into parts of a fixed size; those that are complete wait to be stored."""

    def __init__(self) -> None:
        self._waiting, self._number = bytearray(), 0

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: parts are taken."""

    def take(self, *, is_last: bool = False) -> Iterator[tuple[int, bytes]]:
        """Yield the complete parts with their numbers; at the end the rest, too."""
        while len(self._waiting) >= PART_BYTES or (is_last and self._waiting):
            yield self._number, bytes(self._waiting[:PART_BYTES])
            del self._waiting[:PART_BYTES]
            self._number += 1


class _Superseded(Exception):
    """A later job writes the export, or it has ended."""


@app.task(name=WRITE, pass_context=False)
def write_export(client: str, export: str) -> None:
    """Write one export from the start; without the role of its requester, or after a fault, there is no file.

    The last attempt says so at once: the workers of all attempts before it crashed, and no job would follow it.
    """
    client_id, key = UUID(client), UUID(export)
    with in_client(client_id):
        row = begin_attempt(key, client_id=client_id)
    if row is None:
        return
    if row.attempts >= MAX_ATTEMPTS:
        _stop(row, StopReason.DEFECT)
        return
    try:
        write_file(row)
    except PermissionDenied:
        _stop(row, StopReason.ACCESS_LOST)
    except BadRequest:
        _stop(row, StopReason.NOT_POSSIBLE)
    except _Superseded:
        pass
    except Exception:
        _stop(row, StopReason.DEFECT)
        raise


def write_file(row: ListExport) -> None:
    """Read the rows in the context of the requester, and store them in the client's, page by page, in flat memory.

    Raises PermissionDenied if the requester has lost the role, BadRequest for an invalid filter.
    """
    actor, parts, done = _require_requester(row), _Parts(), 0
    request, columns = repeat_request(row, actor), tuple(get_list(row).export_columns)
    with open_sheet(Format(row.format), parts, columns) as write_row:
        page = read_rows(row, request, after=None)
        while page:
            for line in page:
                write_row(line)
            done += len(page)
            _store(row, parts.take(), done)
            _require_requester(row)
            page = read_rows(row, request, after=page[-1][0])
    _store(row, parts.take(is_last=True), done)
    with in_client(row.client_id):
        finish_export(row, actor=actor, at=client_now())


def _require_requester(row: ListExport) -> Actor:
    actor = find_requester(row, at=wall_clock_now())
    if actor is None:
        raise PermissionDenied
    return actor


def _store(row: ListExport, parts: Iterator[tuple[int, bytes]], done: int) -> None:
    with in_client(row.client_id):
        if not store_parts(row, parts, done=done):
            raise _Superseded


def _stop(row: ListExport, why: StopReason) -> None:
    with in_client(row.client_id):
        stop_export(row.pk, client_id=row.client_id, why=why, actor=system_actor(WRITE), at=client_now())


@app.periodic(cron="*/10 * * * *", periodic_id="exports_end_due")
@app.task(name=END_EXPORTS, queueing_lock=END_EXPORTS, pass_context=False)
def end_exports(timestamp: int) -> int:
    """Every ten minutes, delete the files whose period is over; return how many."""
    del timestamp
    return purge_clients(LIST_EXPORTS, _end_batch, due=list_clients_with_due_exports)


def _end_batch(client_id: UUID, at: datetime) -> int:
    return end_due_exports(client_id, at=at)
