"""Query and count endpoints, deliveries, attempts and waiting messages."""

from collections.abc import Collection, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from paktaleem.directory.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, Message
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.diagnosis import Line, fine, to_watch
from paktaleem.foundation.operations.metrics import Gauge
from paktaleem.foundation.tenancy.context import as_officer
from paktaleem.foundation.tenancy.rows import PAKTALEEM


class EndpointUnknown(PortalError, LookupError):
    """The client has no such endpoint, or removed it."""

    problem = Problem(
        "webhook-unknown", "No such webhook", "GET /api/v1/webhooks lists them.", status=HTTPStatus.NOT_FOUND
    )


class WaitingEndpoint(NamedTuple):
    """An endpoint with a due message."""

    client_id: UUID
    endpoint_id: UUID


def list_endpoints(actor: Actor) -> QuerySet[Endpoint]:
    """List the endpoints of every client the actor may see, without removed ones. Raises NotAllowed."""
    require(actor, Capability.VIEW_WEBHOOKS)
    return Endpoint.objects.filter(removed_at=None).select_related("health")


def get_endpoint(endpoint_id: UUID, *, actor: Actor) -> Endpoint:
    """Return one endpoint of the current client. Raises EndpointUnknown, NotAllowed."""
    found = list_endpoints(actor).filter(pk=endpoint_id).first()
    if found is None:
        raise EndpointUnknown(endpoint_id)
    return found


def deliveries_of(endpoint: Endpoint, *, actor: Actor) -> QuerySet[Delivery]:
    """List the deliveries of one endpoint, newest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_WEBHOOKS)
    rows = Delivery.objects.filter(client_id=endpoint.client_id, endpoint=endpoint)
    return rows.select_related("message", "endpoint").order_by("-id")


def attempts_of(delivery: Delivery, *, actor: Actor) -> QuerySet[Attempt]:
    """List the attempts at one delivery, newest first. Raises NotAllowed."""
    require(actor, Capability.VIEW_WEBHOOKS)
    return Attempt.objects.filter(client_id=delivery.client_id, delivery=delivery).order_by("-started_at", "-id")


def endpoints_to_serve(*, without: Collection[UUID], most: int, at: datetime) -> list[WaitingEndpoint]:
    """List at most ``most`` endpoints of all clients with due messages that no worker serves, in any order."""
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), state=DeliveryState.WAITING, due_at__lte=at)
    free = (Q(health__leased_until=None) | Q(health__leased_until__lte=at)) & (
        Q(health__rests_until=None) | Q(health__rests_until__lte=at)
    )
    found = Endpoint.objects.filter(free, Exists(due), disabled_at=None, removed_at=None).exclude(pk__in=list(without))
    with as_officer():
        return [WaitingEndpoint(*ids) for ids in found.order_by().values_list("client_id", "id")[:most]]


def has_endpoints() -> bool:
    """Return True if any client has an endpoint."""
    with as_officer():
        return Endpoint.objects.filter(removed_at=None).exists()


def list_unspread_messages(*, most: int) -> list[UUID]:
    """List at most ``most`` shared messages not yet copied to every client; call in PakTaleem's context."""
    waiting = Message.objects.filter(client_id=PAKTALEEM, is_shared=True, spread_at=None)
    return list(waiting.order_by("happened_at").values_list("id", flat=True)[:most])


def read_webhooks(at: datetime) -> Iterator[Gauge]:
    """Yield how many receivers fail, and how many are disabled."""
    del at
    with as_officer():
        failing = Endpoint.objects.filter(health__failures__gt=0, disabled_at=None, removed_at=None).count()
    yield Gauge("webhooks_failing", "Webhooks whose last attempt failed.", failing)
    yield Gauge("webhooks_disabled", "Webhooks that are disabled.", _count_disabled())


def _count_disabled() -> int:
    with as_officer():
        return Endpoint.objects.filter(disabled_at__isnull=False, removed_at=None).count()


def check_webhooks() -> Iterator[Line]:
    """Yield how many receivers of clients are disabled."""
    if disabled := _count_disabled():
        yield to_watch("webhooks", f"{disabled} receivers are disabled", "See Webhooks in the console for the reasons.")
    else:
        yield fine("webhooks", "no receiver is disabled")
