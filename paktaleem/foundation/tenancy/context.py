"""Contexts: all SQL runs for one client, in the officers' view, or on global tables only.

A context is a transaction with two transaction-local settings: the role, and ``paktaleem.client``, which the
row-level security policies compare. Nothing outlives the transaction, so neither a pooled connection nor a
thread carries it over. The connection itself refuses SQL outside any context (``guard``), because a policy that
raises is evaluated lazily and an empty answer would look like the truth.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction

__all__ = [
    "Context",
    "ContextMissing",
    "ContextSwitchRefused",
    "as_officer",
    "aside",
    "clock_offset",
    "current_client",
    "in_client",
    "in_global",
    "is_in_sandbox",
    "one_statement",
    "read_alone",
]

OFFICER_ROLE = "paktaleem_officer"


class ContextMissing(RuntimeError):
    """SQL was about to be sent outside any declared context."""


class ContextSwitchRefused(RuntimeError):
    """A context was opened inside another that does not contain it."""


class Kind(StrEnum):
    """What a context may see."""

    CLIENT = "client"
    OFFICER = "officer"
    GLOBAL = "global"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Context:
    """One declared context; ``client_id`` is set for a client's only.

    ``clock_offset`` is how far a sandbox's clock was ahead when the context opened (``foundation.clock``), else None.
    """

    kind: Kind
    client_id: UUID | None = None
    clock_offset: timedelta | None = field(default=None, compare=False)

    @property
    def role(self) -> str:
        """The database role in which its SQL runs."""
        return OFFICER_ROLE if self.kind is Kind.OFFICER else "none"

    def may_open(self, inner: "Context") -> bool:
        """Say whether ``inner`` shows no more than this context does."""
        if inner.kind is Kind.GLOBAL or inner == self:
            return True
        return self.kind is Kind.OFFICER and inner.kind is Kind.CLIENT


_current: ContextVar[Context | None] = ContextVar("paktaleem_context", default=None)


def current_client() -> UUID | None:
    """Return the client whose context is open, or None in the officers' view, a global context or none at all."""
    context = _current.get()
    return context.client_id if context else None


def clock_offset() -> timedelta:
    """Return how far the clock of the client whose context is open was moved ahead; only a sandbox's can be."""
    context = _current.get()
    return (context and context.clock_offset) or timedelta()


def is_in_sandbox() -> bool:
    """Say whether the client whose context is open is a sandbox."""
    context = _current.get()
    return context is not None and context.clock_offset is not None


@contextmanager
def in_client(client_id: UUID, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run in a transaction that sees the rows of one client and PakTaleem's shared catalogue.

    Raises ContextSwitchRefused inside another client's context. Inside the officers' view it narrows to the
    client, as the app role, and is restored afterwards: the only way in which an officer writes.
    """
    with _opened(Context(Kind.CLIENT, client_id), using):
        yield


@contextmanager
def as_officer(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run in a transaction that reads every client's rows and writes none (role ``paktaleem_officer``)."""
    with _opened(Context(Kind.OFFICER), using):
        yield


@contextmanager
def in_global(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run in a transaction in which every tenant table is closed: sign-in, sessions, health."""
    with _opened(Context(Kind.GLOBAL), using):
        yield


@contextmanager
def aside() -> Iterator[str]:
    """Run in a global context on a connection of its own that commits by itself; gives the alias to use.

    For what must survive the rollback of the request around it: counters of attempts, lock-outs.
    """
    alias: str = settings.ASIDE_DATABASE
    with _opened(Context(Kind.GLOBAL), alias):
        yield alias


@contextmanager
def one_statement() -> Iterator[None]:
    """Let one autocommitted statement through that declares its own context in SQL (the decision path, key look-up).

    Raises ContextSwitchRefused inside any context. Where a surrounding transaction exists (tests), what the
    statement set is taken back, as its own commit would have done.
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


def read_alone(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    """Run one reading statement that declares its own context in SQL, and return its rows; see ``one_statement``.

    It is the first thing a request asks the database, so it takes the place of a health check: found dead, the
    connection is opened anew and the statement sent again, which a reading statement bears.
    Raises OperationalError if the database cannot be reached, or ends the statement itself.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.health_check_done = True
    with one_statement():
        try:
            return _rows(connection, sql, params)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or connection.is_usable():
                raise
            connection.close()
            return _rows(connection, sql, params)


def _rows(connection: Any, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@contextmanager
def _opened(inner: Context, using: str) -> Iterator[None]:
    outer = _current.get()
    if outer is not None and not outer.may_open(inner):
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
                _apply(outer, using)  # the end of a transaction, or a rollback to its savepoint, does so by itself
        finally:
            _current.reset(token)


_APPLY = "SELECT set_config('role', %s, true), set_config('paktaleem.client', %s, true)"
_APPLY_TO_CLIENT = f"{_APPLY}, tenancy_clock_offset(%s)"


def _apply(context: Context | None, using: str) -> timedelta | None:
    """Set the context's role and client, and return how far that client's clock is ahead, if it is a sandbox."""
    role = context.role if context else "none"
    client = str(context.client_id) if context and context.client_id else ""
    with connections[using].cursor() as cursor:
        cursor.execute(_APPLY_TO_CLIENT if client else _APPLY, [role, client, *([client] if client else [])])
        ahead: timedelta | None = cursor.fetchone()[-1] if client else None
    return ahead


_TRANSACTION_CONTROL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET CONSTRAINTS")


def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 -- Django's own signature
    """Refuse SQL without a context before it is sent (an execute wrapper of the connection)."""
    declared = _current.get()
    if declared is None and (";" in sql or not sql.startswith(_TRANSACTION_CONTROL)):
        raise ContextMissing("No client context: open in_client(…), as_officer() or in_global() around this code.")
    if declared is not None and declared.kind is not Kind.STATEMENT and not context["connection"].in_atomic_block:
        raise ContextMissing("The context's transaction has ended: its settings are gone.")
    return execute(sql, params, many, context)
