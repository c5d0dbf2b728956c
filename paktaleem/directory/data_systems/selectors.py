"""Query systems, orders, and whether a case has all its answers (decision 0014)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.data_systems.models import Order, OrderPart, OrderQuerySet, System, SystemKey
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import ApiKey
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.encryption.wrapped_secrets import SealedColumn
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.metrics import MOST_COUNTED, Gauge
from paktaleem.foundation.tenancy.context import as_officer
from paktaleem.foundation.tenancy.rows import PAKTALEEM

HASH_OF_SET = "encode(sha256(string_agg(uuid_send(id) || uuid_send(subject_id), ''::bytea ORDER BY id)), 'hex')"
"""SQL of the hash that proves which orders a set holds: over order ids and person ids, in the order of the ids."""
NAMES = SealedColumn(Order, "named", b"order")
"""The LMS id on an open order about an erased person, from the erasure to the system's answer."""
ORDER_NAMES = NAMES.kind


class Parent(NamedTuple):
    """The case that an order serves: its kind and id in another app."""

    kind: str
    id: UUID


class NoSystem(PortalError):
    """The API key does not act for any system."""

    problem = Problem(
        "no-system",
        "This key acts for no system",
        "In the console, under “System keys”, assign the key of this name to a system.",
        status=HTTPStatus.FORBIDDEN,
    )


class OrderUnknown(PortalError, LookupError):
    """This system has no such order: never issued, or another system's."""

    problem = Problem("order-unknown", "No such order for this system", status=HTTPStatus.NOT_FOUND)


def list_serving_systems(client_id: UUID, *, at: datetime) -> QuerySet[System]:
    """List the systems that serve a client and have not ended: its own and PakTaleem's."""
    found: QuerySet[System] = System.objects.active(at).filter(client_id__in=[client_id, PAKTALEEM])
    return found


def systems_holding(client_id: UUID, categories: Iterable[str], *, at: datetime) -> list[System]:
    """List active systems, the client's and PakTaleem's, that hold any of these categories."""
    holding = list_serving_systems(client_id, at=at).filter(categories__overlap=sorted(set(categories)))
    return list(holding.order_by("code", "pk"))


def name_systems(client_id: UUID, codes: Iterable[str]) -> dict[str, str]:
    """Map codes to the names of the client's systems, or of PakTaleem's; a code without a system to itself."""
    wanted = sorted(set(codes))
    found = System.objects.filter(client_id__in=[client_id, PAKTALEEM], code__in=wanted)
    own_last = sorted(found, key=lambda one: one.client_id == client_id)
    return {code: code for code in wanted} | {one.code: one.name for one in own_last}


def categories_held(client_id: UUID, *, at: datetime) -> frozenset[str]:
    """Return the categories that any active system holds of the client's people."""
    return frozenset().union(*list_serving_systems(client_id, at=at).values_list("categories", flat=True))


def system_of_key(actor: Actor, *, at: datetime) -> System:
    """Return the system for which a key acts. Raises NoSystem, NotAllowed."""
    require(actor, Capability.COMPLETE_ORDERS)
    system = system_acted_for(actor, at=at)
    if system is None:
        raise NoSystem
    return system


def system_acted_for(actor: Actor, *, at: datetime) -> System | None:
    """Return the system for which the actor acts; None for people and for keys without a system."""
    if actor.client_id is None:
        return None
    name = ApiKey.objects.filter(pk=actor.id, client_id=actor.client_id).values("name")[:1]
    acting = SystemKey.objects.active(at).filter(client_id=actor.client_id, key_name__in=name)
    found = acting.select_related("system").first()
    return None if found is None else found.system


def list_orders_of_system(system: System, *, actor: Actor) -> OrderQuerySet:
    """List one system's orders at the client of the calling key, oldest first. Raises NoSystem, NotAllowed."""
    require(actor, Capability.COMPLETE_ORDERS)
    if actor.client_id is None:
        raise NoSystem
    own = Order.objects.filter(client_id=actor.client_id, system=system)
    found: OrderQuerySet = own.select_related("system", "subject").order_by("pk")
    return found


def get_order(order_id: UUID, *, actor: Actor, at: datetime) -> Order:
    """Return an order of the key's system. Raises OrderUnknown, also for another system's, NoSystem, NotAllowed."""
    found = list_orders_of_system(system_of_key(actor, at=at), actor=actor).filter(pk=order_id).first()
    if found is None:
        raise OrderUnknown
    return found


def name_of(order: Order) -> str | None:
    """Return the LMS id by which the system knows the person; None if the order is answered and they are erased.

    Raises KeyError if the epoch of the sealed id is destroyed, InvalidTag if it was sealed for another order.
    """
    return order.subject.external_id if order.named is None else NAMES.open(order).decode()


def count_answers(parent: Parent, *, client_id: UUID) -> tuple[int, int]:
    """Return how many systems have answered for a case, or were waived, and how many were asked."""
    asked = Order.objects.filter(client_id=client_id, parent_id=parent.id, parent_kind=parent.kind)
    return asked.exclude(ended_at=None).count(), asked.count()


def is_everything_answered(parent: Parent, *, client_id: UUID) -> bool:
    """Return True if every system has answered for a case, or was waived; False if no system was asked."""
    answered, asked = count_answers(parent, client_id=client_id)
    return 0 < asked == answered


def list_parts(order: Order) -> list[OrderPart]:
    """List the sections and files that a system gave in its last attempt."""
    found = OrderPart.objects.select_related("file", "order__subject").filter(client_id=order.client_id, order=order)
    return list(found.filter(attempt=order.attempts))


def read_orders(at: datetime) -> Iterator[Gauge]:
    """Yield how many orders are overdue, and how many need manual action."""
    found = (Order.objects.overdue(at), Order.objects.stuck(at))
    with as_officer():
        overdue, stuck = (orders[:MOST_COUNTED].count() for orders in found)
    yield Gauge("orders_overdue", "Open orders past their due date.", overdue)
    yield Gauge("orders_stuck", "Open orders that need manual action.", stuck)
