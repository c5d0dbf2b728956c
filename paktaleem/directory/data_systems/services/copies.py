"""Delete what systems gave for collect orders once it is no longer needed."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.directory.data_systems.data_kinds import list_old_copies
from paktaleem.directory.data_systems.models.orders import Order, OrderPart
from paktaleem.directory.data_systems.services.steps import facts_of, lock_order
from paktaleem.directory.files.services import purge_package
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry

_AT_ONCE = 200


class OrderOpen(Exception):
    """The order is not answered yet: its data may still be needed."""


def list_clients_with_old_copies(*, at: datetime) -> Iterable[UUID]:
    """List the clients with copies that are due; requires the officers' context."""
    return list_old_copies(at).order_by().values_list("client_id", flat=True).distinct()


def purge_old_copies(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Delete what systems gave for orders answered some time ago (``COPIES``, policy §4); return how many, up to 200.

    Raises NotAllowed.
    """
    due = list(list_old_copies(at).filter(client_id=client_id).order_by("ended_at", "pk")[:_AT_ONCE])
    for order in due:
        purge_copies(order, actor=actor, at=at)
    return len(due)


@transaction.atomic
def purge_copies(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Destroy the key of what a system gave for an answered collect order, in all attempts; idempotent (decision 0057).

    The case that needed the copy calls it when it ends; the worker does so after the period ``COPIES`` at the
    latest. The parts with category, size and hash stay as evidence. Raises OrderOpen, NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, order.client_id)
    order = lock_order(order)
    if order.ended_at is None:
        raise OrderOpen
    if order.copies_purged_at is not None:
        return order
    parts = OrderPart.objects.filter(client_id=order.client_id, order=order)
    files = list(parts.order_by("pk").values_list("file_id", flat=True))
    purge_package(order.pk, client_id=order.client_id)
    order.copies_purged_at = at
    order.save(update_fields=["copies_purged_at"])
    if files:
        facts = {**facts_of(order), "files": [str(one) for one in files]}
        record_entry(
            "order.copies_purged",
            client_id=order.client_id,
            subject_id=order.subject_id,
            facts=facts,
            actor=actor,
            at=at,
        )
    return order
