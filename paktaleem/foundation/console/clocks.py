"""Rows that are due by the clock of their client, in lists of all clients: a sandbox's clock may be ahead."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import current_client

_LOADED: ContextVar[list[Mapping[UUID, timedelta]] | None] = ContextVar("moved_clocks", default=None)


@contextmanager
def clocks_loaded_once() -> Iterator[None]:
    """Load the clocks that were moved at most once while a page is made."""
    token = _LOADED.set([])
    try:
        yield
    finally:
        _LOADED.reset(token)


def select_by_clock(at: datetime, select: Callable[[datetime], QuerySet[Any]]) -> QuerySet[Any]:
    """Return the rows that ``select`` finds at a time, each by the clock of its client; ``at``: the context's clock.

    In the context of one client that is its own clock. In a list of all clients the rows of each sandbox whose clock
    is ahead are selected by that clock (decision 23), all others by the system's.
    """
    moved = _list_moved_clocks() if current_client() is None else {}
    if not moved:
        return select(at)
    found = select(at).exclude(client_id__in=list(moved))
    for client_id, ahead in moved.items():
        found |= select(at + ahead).filter(client_id=client_id)
    return found


def _list_moved_clocks() -> Mapping[UUID, timedelta]:
    """Return how far the clock of each sandbox is ahead, without those that show the real time."""
    loaded = _LOADED.get()
    if loaded:
        return loaded[0]
    ahead = Client.objects.filter(clock_offset__gt=timedelta()).order_by("pk")
    found = dict(ahead.values_list("pk", "clock_offset"))
    if loaded is not None:
        loaded.append(found)
    return found


def get_time_of(client_id: UUID) -> datetime:
    """Return the current time on a client's clock, also in a list of all clients."""
    return client_now() + get_lead_of(client_id)


def get_lead_of(client_id: UUID) -> timedelta:
    """Return how far a client's clock is ahead of the context's; nothing in the context of one client."""
    return timedelta() if current_client() is not None else _list_moved_clocks().get(client_id, timedelta())
