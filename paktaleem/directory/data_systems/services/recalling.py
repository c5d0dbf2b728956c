"""Recall of orders that a system has not carried out, because the data is now on hold."""

from datetime import datetime

from paktaleem.directory.data_systems.models import Ground, OrderQuerySet
from paktaleem.directory.data_systems.results import ON_HOLD
from paktaleem.directory.data_systems.services.steps import take_step
from paktaleem.directory.data_systems.states import State, Step
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["recall_orders", "release_orders"]

_DISPOSALS = frozenset({Ground.RETENTION_ENDED, Ground.AGREEMENT_ENDED})
"""Grounds of disposals, which are flagged again after the hold."""


def recall_orders(orders: OrderQuerySet, *, actor: Actor, at: datetime) -> int:
    """Recall the open ones of these orders in the caller's transaction; return how many. A later answer is refused.

    Orders of disposals end. Those of an erasure or an incident stay open, so that it waits until they are released.
    """
    rows = orders.open().exclude(state=State.RECALLED).order_by("pk")
    found = list(rows.select_for_update(of=("self",)))
    for order in found:
        if order.ground in _DISPOSALS:
            take_step(order, Step.LAPSE, code=ON_HOLD, changes={"result": {"reason": ON_HOLD}}, actor=actor, at=at)
        else:
            take_step(order, Step.RECALL, code=ON_HOLD, actor=actor, at=at)
    return len(found)


def release_orders(orders: OrderQuerySet, *, actor: Actor, at: datetime) -> int:
    """Queue these recalled orders again in the caller's transaction; return how many."""
    found = list(orders.filter(state=State.RECALLED).order_by("pk").select_for_update(of=("self",)))
    for order in found:
        take_step(order, Step.RELEASE, actor=actor, at=at)
    return len(found)
