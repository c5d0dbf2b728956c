"""Causes for which the database cannot serve a request, each with its problem of status 503."""

from dataclasses import dataclass
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.errors import Problem


@dataclass(frozen=True, slots=True)
class Outage:
    """A reason of the database: its problem for the API, its sentence for a page, and when to try again."""

    problem: Problem
    advice: Promise
    retry_after: int


def _outage(code: str, title: str, advice: Promise, retry_after: int) -> Outage:
    detail = "Nothing was changed, unless the connection broke. Send the request again, with the same Idempotency-Key."
    return Outage(Problem(code, title, detail, status=HTTPStatus.SERVICE_UNAVAILABLE), advice, retry_after)


_UNREACHABLE = _("The database cannot be reached. Please try again in a minute.")
_FULL = _("The disk of the database is full, so nothing can be saved. PakTaleem must free space.")
_READ_ONLY = _("The database accepts no changes now. What is stored can be read.")
UNREACHABLE = _outage("database-unreachable", "The database cannot be reached", _UNREACHABLE, 5)
FULL = _outage("database-full", "The disk of the database is full", _FULL, 60)
READ_ONLY = _outage("database-read-only", "The database accepts no changes", _READ_ONLY, 60)
BUSY = _outage("database-busy", "The database is busy", _("The database is busy. Please try again in a minute."), 5)
_BY_STATE = {
    "53100": FULL,  # disk_full
    "58030": FULL,  # io_error
    "25006": READ_ONLY,  # read_only_sql_transaction
    "53200": BUSY,  # out_of_memory
    "53300": BUSY,  # too_many_connections
    "55P03": BUSY,  # lock_not_available: lock_timeout
    "57014": BUSY,  # query_canceled: statement_timeout
    "40001": BUSY,  # serialization_failure
    "40P01": BUSY,  # deadlock_detected
    "57P01": UNREACHABLE,  # admin_shutdown
    "57P02": UNREACHABLE,  # crash_shutdown
    "57P03": UNREACHABLE,  # cannot_connect_now
}
"""By SQLSTATE; a connection that broke has none, or one of class 08."""


def find_outage(error: BaseException | None) -> Outage | None:
    """Return the outage that an error is, or was caused by; None for any other error.

    The first error counts: when a connection breaks, what follows, such as a rollback, fails too.
    """
    found = None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, DatabaseError | InterfaceError):
            state = getattr(error.__cause__, "sqlstate", None)
            if state is not None and not state.startswith("08"):
                found = _BY_STATE.get(state, found)
            elif isinstance(error, OperationalError | InterfaceError):
                found = UNREACHABLE
        error = error.__cause__ or error.__context__
    return found
