"""Database contexts: all SQL runs for one client, for officers across clients, or on global tables only.

A context is a transaction with two transaction-local settings: the role and ``paktaleem.client``, which the row-level
security policies compare. They end with the transaction, so neither a pooled connection nor a thread carries them over.
The connection rejects SQL outside any context (``guard``): a policy that raises is evaluated lazily, and an empty
result could be mistaken for a real one.
"""

# Counters of sign-ins, codes and rates commit in an `autonomous_transaction`: a refusal rolls the request
# back. Not Redis: a restart would lose the counters; not Django's database cache: it unpickles what it reads.

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

OFFICER_ROLE = "paktaleem_officer"
LIMITED_ROLE = "paktaleem_limited"
_INSUFFICIENT_PRIVILEGE = "42501"


class ContextMissing(RuntimeError):
    """SQL was about to run outside any context."""


class ContextSwitchRefused(RuntimeError):
    """A context was opened inside another that does not include it."""


class Kind(StrEnum):
    CLIENT = "client"
    OFFICER = "officer"
    GLOBAL = "global"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Context:
    """An open context; ``client_id`` is set for a client context only.

    ``schools`` limit a client context to people of these schools (``school_limits``); None is the whole client.

    ``clock_offset`` is how far a sandbox's clock was ahead when the context opened (``paktaleem.foundation.clock``),
    else None.
    """

    kind: Kind
    client_id: UUID | None = None
    schools: frozenset[UUID] | None = None
    clock_offset: timedelta | None = field(default=None, compare=False)

    @property
    def role(self) -> str:
        if self.schools is not None:
            return LIMITED_ROLE
        return OFFICER_ROLE if self.kind is Kind.OFFICER else "none"


_current: ContextVar[Context | None] = ContextVar("paktaleem_context", default=None)


def current_client() -> UUID | None:
    """Return the client id of the open context, or None if it is not a client context."""
    context = _current.get()
    return context.client_id if context else None


def clock_offset() -> timedelta:
    context = _current.get()
    return (context and context.clock_offset) or timedelta()


def is_in_sandbox() -> bool:
    context = _current.get()
    return context is not None and context.clock_offset is not None


def is_limited() -> bool:
    context = _current.get()
    return context is not None and context.schools is not None


def is_outside_limit(error: BaseException) -> bool:
    """Return True if the database refused something to staff limited to schools."""
    return is_limited() and bool(getattr(error.__cause__, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE)


@contextmanager
def in_client(
    client_id: UUID, *, schools: frozenset[UUID] | None = None, using: str = DEFAULT_DB_ALIAS
) -> Iterator[None]:
    """Run in a transaction limited to the rows of one client and PakTaleem's shared catalogue.

    With ``schools`` it shows only people of these schools and what is about them. A context of the same client that
    opens inside stays limited. Inside an officer context it switches to the app role and this client, and back
    afterwards; an officer can write in no other way. Raises ContextSwitchRefused inside another client's context.
    """
    outer = _current.get()
    if schools is None and outer is not None and outer.client_id == client_id:
        schools = outer.schools
    with _open_context(Context(Kind.CLIENT, client_id, schools), using):
        yield


@contextmanager
def as_officer(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run in a transaction that reads the rows of all clients and writes none. Raises ContextSwitchRefused."""
    with _open_context(Context(Kind.OFFICER), using):
        yield


@contextmanager
def in_global(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run in a transaction without access to tenant tables: sign-in, sessions, health checks."""
    with _open_context(Context(Kind.GLOBAL), using):
        yield


@contextmanager
def autonomous_transaction() -> Iterator[str]:
    """Run on a separate connection (yields its alias), for writes that survive a rollback of the request: counters."""
    alias: str = settings.ASIDE_DATABASE
    with _open_context(Context(Kind.GLOBAL), alias):
        yield alias


@contextmanager
def single_statement() -> Iterator[None]:
    """Allow one autocommitted statement that sets its own context in SQL (decision path, API key look-up).

    Raises ContextSwitchRefused inside any context. Inside a surrounding transaction (tests), the settings of the
    statement are reset, as its own commit would do.
    """
    if _current.get() is not None:
        raise ContextSwitchRefused("A self-contained statement may not run inside a context.")
    token = _current.set(Context(Kind.STATEMENT))
    try:
        yield
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            _apply(None, DEFAULT_DB_ALIAS)
    finally:
        _current.reset(token)


def read_in_one_statement(sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run one read-only statement that sets its own context in SQL and return its rows; see ``single_statement``.

    As the first query of a request it replaces the connection's health check: on a lost connection it reconnects
    and repeats the statement, which is safe for a read. Raises OperationalError if the database cannot be reached
    or cancels the statement.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.health_check_done = connection.is_deciding = True
    with single_statement():
        try:
            return _rows(connection, sql, params)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or connection.is_usable():
                raise
            connection.close()
            return _rows(connection, sql, params)
        finally:
            connection.is_deciding = False


def _rows(connection: Any, sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@contextmanager
def _open_context(inner: Context, using: str) -> Iterator[None]:
    outer = _current.get()
    shows_no_more = inner.kind is Kind.GLOBAL or outer in (None, inner)
    if outer and not shows_no_more and (outer.kind, inner.kind) != (Kind.OFFICER, Kind.CLIENT):
        raise ContextSwitchRefused(f"A {inner.kind} context may not open inside a {outer.kind} context.")
    if outer == inner:
        with transaction.atomic(using=using):
            yield
        return
    nested = connections[using].in_atomic_block
    with transaction.atomic(using=using):
        token = _current.set(inner)
        try:
            _current.set(replace(inner, clock_offset=_apply(inner, using)))
            yield
            if nested and not connections[using].needs_rollback:
                _apply(outer, using)  # the end of a transaction or a rollback to its savepoint resets them by itself
        finally:
            _current.reset(token)


_APPLY = """
SELECT set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), true),
       set_config('role', %s, true), set_config('paktaleem.client', %s, true)
"""
_APPLY_TO_CLIENT = f"{_APPLY}, tenancy_clock_offset(%s)"
_APPLY_TO_SCHOOLS = f"{_APPLY}, set_config('paktaleem.schools', %s, true), tenancy_clock_offset(%s)"


def _apply(context: Context | None, using: str) -> timedelta | None:
    """Set the role, client and schools of the context; return the clock offset of a sandbox, else None.

    The schools of an earlier context may remain set: only the role of a limited context reads them. A commit is
    durable although ``synchronous_commit`` was switched off for the server or the role.
    """
    role = context.role if context else "none"
    client = str(context.client_id) if context and context.client_id else ""
    with connections[using].cursor() as cursor:
        if context is not None and context.schools is not None:
            schools = f"{{{','.join(sorted(map(str, context.schools)))}}}"
            cursor.execute(_APPLY_TO_SCHOOLS, [role, client, schools, client])
        else:
            cursor.execute(_APPLY_TO_CLIENT if client else _APPLY, [role, client, *([client] if client else [])])
        ahead: timedelta | None = cursor.fetchone()[-1] if client else None
    return ahead


_TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET CONSTRAINTS")


def guard(execute: Callable[..., Any], sql: str, params: object, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 -- Django's own signature
    """Raise ContextMissing for SQL outside a context (an execute wrapper of the connection)."""
    declared = _current.get()
    if declared is None and (";" in sql or not sql.startswith(_TRANSACTION_CONTROL)):
        raise ContextMissing("No client context: open in_client(…), as_officer() or in_global() around this code.")
    if declared is not None and declared.kind is not Kind.STATEMENT and not context["connection"].in_atomic_block:
        raise ContextMissing("The context's transaction has ended, and its settings with it.")
    return execute(sql, params, many, context)


def advisory_lock(name: str) -> None:
    """Wait for a named lock until the transaction ends, for rows that may not exist yet (no FOR UPDATE)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def try_advisory_lock(name: str) -> bool:
    """Acquire a named advisory lock until the transaction ends, without waiting; return True if it was free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def advisory_locks(names: Iterable[str]) -> None:
    """Acquire many named advisory locks, always in the same order, to avoid deadlocks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(slot) FROM ("
            "SELECT DISTINCT hashtextextended(name, 0) AS slot FROM unnest(%s::text[]) AS name ORDER BY 1) AS turns",
            [list(names)],
        )


_LONG = "SELECT set_config('statement_timeout', '15min', true), set_config('work_mem', '128MB', true)"
_WITHOUT_SCANS = "SELECT set_config('enable_seqscan', %(on)s, true), set_config('enable_bitmapscan', %(on)s, true)"


def allow_long_statements(cursor: CursorWrapper) -> None:
    """Allow the statements of this transaction 15 minutes each, instead of half a minute, and 128 MB for each sort."""
    cursor.execute(_LONG)


def plan_for_many(cursor: CursorWrapper) -> None:
    """Prepare the transaction for a statement that writes very many rows.

    A hundred thousand rows take longer than the app's usual statement timeout. A foreign key is checked with a plan
    that PostgreSQL caches per connection and renews after autovacuum. A plan made while the table was, or seemed to be,
    empty scans the whole table for every row. So cached plans are discarded, and sequential scans are disabled.
    """
    allow_long_statements(cursor)
    cursor.execute(_WITHOUT_SCANS, {"on": "off"})
    cursor.execute("DISCARD PLANS")


def plan_as_usual(cursor: CursorWrapper) -> None:
    """Allow sequential scans again after ``plan_for_many``; its longer time limit stays until the transaction ends."""
    cursor.execute(_WITHOUT_SCANS, {"on": "on"})


@contextmanager
def joined_at_once() -> Iterator[None]:
    """Make PostgreSQL join by hash or merge: it estimates one row for new data, and would use nested loops."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")
