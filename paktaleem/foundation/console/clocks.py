"""Rows that are due by the clock of their client, in lists of all clients: a sandbox's clock may be ahead."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.due import Condition
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.widgets import DayInput
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


def select_by_clock[Row: Model](at: datetime, select: Callable[[datetime], QuerySet[Row]]) -> QuerySet[Row]:
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


def select_due(rows: QuerySet[Model], condition: Condition, at: datetime) -> QuerySet[Model]:
    """Return the rows that meet a condition by the clock of their client; in a client's context only its own."""
    client = current_client()
    rows = rows if client is None else rows.filter(client_id=client)
    if isinstance(condition, Q):
        return rows.filter(condition)
    return select_by_clock(at, lambda at: condition(rows, at))


def _list_moved_clocks() -> Mapping[UUID, timedelta]:
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


class RowClock:
    """Mixin of an admin that keeps the client of the row of a page for ``get_action_time``."""

    client_of: Callable[[Any], UUID]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]  # ``get_queryset`` may need it too
            raise PermissionDenied
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if row is not None:
            request.about_client = self.client_of(row)  # type: ignore[attr-defined]
        return row

    def _row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def _get_obj_does_not_exist_redirect(self, *_: object) -> HttpResponse:
        raise Http404


class AsOfForm(forms.Form):
    """The time to show, in the reader's time zone; empty: now."""

    day = forms.DateField(label=_("As of"), required=False, widget=DayInput())
    hour = forms.TimeField(label=_("at"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))

    def moment(self, now: datetime) -> datetime:
        """Return the chosen time, the end of the day if only a day is given; never in the future."""
        if not self.is_valid() or self.cleaned_data.get("day") is None:
            return now
        hour = self.cleaned_data.get("hour") or time(23, 59, 59, 999_999)
        chosen = datetime.combine(self.cleaned_data["day"], hour, timezone.get_current_timezone())
        return min(chosen.astimezone(UTC), now)
