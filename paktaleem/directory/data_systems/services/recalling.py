"""Recall of orders that a system has not carried out, because the data is now on hold."""

from datetime import datetime

from paktaleem.directory.data_systems.models import OrderQuerySet
from paktaleem.directory.data_systems.results import ON_HOLD
from paktaleem.directory.data_systems.services.steps import take_step
from paktaleem.directory.data_systems.states import Step
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["recall_orders"]


def recall_orders(orders: OrderQuerySet, *, actor: Actor, at: datetime) -> int:
    """End the open ones of these orders in the caller's transaction; return how many. A later answer is refused."""
    found = list(orders.open().select_for_update(of=("self",)).order_by("pk"))
    for order in found:
        take_step(order, Step.LAPSE, code=ON_HOLD, changes={"result": {"reason": ON_HOLD}}, actor=actor, at=at)
    return len(found)
