"""The data that systems gave for a request: opened by staff, and deleted when the request is closed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from paktaleem.directory.data_systems.models import Order, OrderKind, OrderPart
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.services import open_part, purge_copies
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.errors import PortalError
from rights.requests.models import PARENT, RightsRequest

__all__ = ["NothingReturnedYet", "list_copy_orders", "open_copy", "purge_copies_of"]


class NothingReturnedYet(PortalError):
    """No system has returned data for this request yet."""

    console_message = "No system has returned data yet."


def list_copy_orders(request: RightsRequest) -> Any:
    """List the orders by which systems provide their data for a request, in the order in which they were issued."""
    own = Order.objects.filter(client_id=request.client_id, parent_kind=PARENT, parent_id=request.pk)
    return own.filter(kind=OrderKind.COLLECT).select_related("system").order_by("pk")


@transaction.atomic
def open_copy(
    request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime
) -> Iterator[tuple[Order, OrderPart, bytes]]:
    """Return the decrypted parts of a copy, with their orders; each access is recorded before data is returned.

    Raises NothingReturnedYet, CopiesPurged, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    given = [(order, part) for order in list_copy_orders(request) for part in list_parts(order)]
    if not given:
        raise NothingReturnedYet
    opened = [(order, part, open_part(part, actor=actor, reason=reason, at=at)) for order, part in given]
    return ((order, part, b"".join(chunks)) for order, part, chunks in opened)


def purge_copies_of(request: RightsRequest, *, actor: Actor, at: datetime) -> None:
    """Delete what systems gave for a request whose orders are all answered. Raises OrderOpen, NotAllowed."""
    for order in list_copy_orders(request):
        purge_copies(order, actor=actor, at=at)
