"""The list of a large export, as the person who requested it saw it: its request made again for the worker.

The worker asks the same page for its rows as the request did, with the same filters, actor and time, so that no rule
of a list is written twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from paktaleem.directory.files.exports.models import ListExport
from paktaleem.directory.files.exports.services import ExportRequest, read_query, request_export
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import as_received, get_arrival_time
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.console.exporting import ExportableAdmin, ExportOrder, read_page
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.time_zones import get_reader_zone
from paktaleem.foundation.tenancy.context import as_officer, in_client, in_global


def order_export(request: HttpRequest, order: ExportOrder) -> str:
    """Request a large export of a list, and return the address of its page."""
    wanted = ExportRequest(order.list, str(order.format), order.query, order.capability, order.rows, order.facts)
    by: dict[str, Any] = {"actor": actor_of(request), "reason": order.reason, "at": get_action_time(request)}
    with in_client(order.client_id):
        row = request_export(wanted, client_id=order.client_id, received_at=get_arrival_time(request), **by)
    return reverse("admin:exports_listexport_change", args=[row.pk])


def get_list(row: ListExport) -> ExportableAdmin:
    """Return the page of the list of an export."""
    owner = site.get_model_admin(apps.get_model(row.list))
    if not isinstance(owner, ExportableAdmin):
        raise TypeError(f"{row.list} has no export.")
    return owner


def repeat_request(row: ListExport, actor: Actor) -> HttpRequest:
    """Return the request of an export again, for its list; reads the user and the memberships, outside any context."""
    request = as_received(HttpRequest())
    request.method, request.GET = "GET", QueryDict(read_query(row))
    request.received_at, request.actor = row.received_at, actor
    request.memberships = list_memberships(actor.id, at=row.received_at)
    with in_global():
        request.user = User.objects.get(pk=actor.id)
    return request


def read_rows(row: ListExport, request: HttpRequest, *, after: UUID | None) -> list[tuple[Any, ...]]:
    """Return the next rows of an export, in the context of the person who requested it, in a transaction of its own.

    Raises PermissionDenied, BadRequest if a filter is no longer valid.
    """
    owner, actor = get_list(row), actor_of(request)
    with _in_context_of(actor), timezone.override(ZoneInfo(get_reader_zone(request).name)):
        if not owner.has_export_permission(request):
            raise PermissionDenied
        return read_page(owner.find_export_rows(request), tuple(owner.export_columns.values()), after=after)


@contextmanager
def _in_context_of(actor: Actor) -> Iterator[None]:
    with as_officer() if actor.client_id is None else in_client(actor.client_id, schools=actor.schools):
        yield
