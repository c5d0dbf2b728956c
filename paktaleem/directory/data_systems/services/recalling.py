"""Recall of orders that a system has not carried out, because the data is now on hold."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, OrderQuerySet
from paktaleem.directory.data_systems.sealed_names import name_of, seal_name
from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_order
from paktaleem.directory.data_systems.services.steps import take_step
from paktaleem.directory.data_systems.states import ON_HOLD, State, Step
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason

type FindKept = Callable[[Order], frozenset[str]]
"""Returns the categories (codes) of an order that holds keep."""

_DISPOSALS = frozenset({Ground.RETENTION_ENDED, Ground.AGREEMENT_ENDED})
"""Grounds of disposals, which are flagged again after the hold."""


def recall_orders(orders: OrderQuerySet, find_kept: FindKept, *, actor: Actor, at: datetime) -> None:
    """Recall the open ones of these orders in the caller's transaction, as far as holds keep their data.

    A later answer is refused. Orders of disposals end. Those of an erasure or an incident stay open, so that it waits
    until they are released. Categories that no hold keeps are ordered anew.
    """
    for order in _lock(orders.open().exclude(state=State.RECALLED)):
        _order_rest(order, find_kept(order), actor, at)
        if order.ground in _DISPOSALS:
            take_step(order, Step.LAPSE, code=ON_HOLD, changes={"result": {"reason": ON_HOLD}}, actor=actor, at=at)
        else:
            take_step(order, Step.RECALL, code=ON_HOLD, actor=actor, at=at)


def release_orders(orders: OrderQuerySet, find_kept: FindKept, *, actor: Actor, at: datetime) -> None:
    """Queue these recalled orders again in the caller's transaction, as far as no hold keeps their data."""
    for order in _lock(orders.filter(state=State.RECALLED)):
        if kept := find_kept(order):
            _order_rest(order, kept, actor, at)
        else:
            take_step(order, Step.RELEASE, actor=actor, at=at)


def _lock(orders: OrderQuerySet) -> list[Order]:
    return list(orders.select_related("subject", "system").order_by("pk").select_for_update(of=("self",)))


def _order_rest(order: Order, kept: frozenset[str], actor: Actor, at: datetime) -> None:
    """Limit an order to what holds keep, and order the rest anew: at once, or by the same day if that has not come."""
    rest = frozenset(order.categories) - kept
    if not rest:
        return
    spec = OrderSpec(
        kind=OrderKind(order.kind),
        categories=rest,
        purpose=order.purpose,
        method=order.method,
        reason=Reason(order.reason),
        ground=Ground(order.ground),
        due_at=order.due_at if order.due_at > at else at + (order.due_at - order.created_at),
        parent=None if order.parent_id is None else Parent(order.parent_kind, order.parent_id),
    )
    made = issue_order(order.subject, order.system, spec, actor=actor, at=at)
    if order.named is not None and (name := name_of(order)) is not None:
        made.named = seal_name(name, client_id=made.client_id, order_id=made.pk)
        made.save(update_fields=["named"])
    order.categories = sorted(kept)
    order.save(update_fields=["categories"])
