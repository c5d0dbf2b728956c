"""Updating holdings from reported collections and answered orders."""

from datetime import datetime
from typing import Any

from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.data_systems.states import State
from paktaleem.foundation.accounts.actors import Actor
from retention.holdings.models import Collection, Holding

__all__ = ["add_to_holding", "end_holdings"]

_ENDING_KINDS = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE})
_ENDING_STATES = frozenset({State.CONFIRMED, State.NOT_FOUND})


def add_to_holding(collection: Collection) -> Holding:
    """Add a collection to the holding of its system and person; the person's row must be locked."""
    of_person = Holding.objects.held().filter(client_id=collection.client_id, subject_id=collection.subject_id)
    of_system: dict[str, Any] = {"system_id": collection.system_id}
    held = of_person.filter(category=collection.category, **of_system).first()
    if held is None:
        held = Holding(
            client_id=collection.client_id,
            subject_id=collection.subject_id,
            category=collection.category,
            system_id=collection.system_id,
            system_owner=collection.system_owner,
            count=0,
            first_collected_at=collection.collected_at,
            last_collected_at=collection.collected_at,
        )
    held.count += collection.count
    held.occasions = sorted({*held.occasions, collection.occasion})
    held.purposes = sorted({*held.purposes, collection.purpose})
    held.first_collected_at = min(held.first_collected_at, collection.collected_at)
    held.last_collected_at = max(held.last_collected_at, collection.collected_at)
    held.save()
    return held


def end_holdings(order: Order, actor: Actor, at: datetime) -> None:
    """End the holdings that a system erased, anonymised or did not find; a callback of ``systems.answered``."""
    del actor
    if OrderKind(order.kind) not in _ENDING_KINDS or State(order.state) not in _ENDING_STATES:
        return
    held = Holding.objects.held().filter(client_id=order.client_id, subject_id=order.subject_id)
    held.filter(system_id=order.system_id, category__in=order.categories).update(ended_at=at)
