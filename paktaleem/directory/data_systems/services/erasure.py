"""The pre-erasure hook for open orders."""

from datetime import datetime

from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.data_systems.results import PERSON_ERASED
from paktaleem.directory.data_systems.sealed_names import seal_name
from paktaleem.directory.data_systems.services.steps import take_step
from paktaleem.directory.data_systems.states import Step
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor

__all__ = ["keep_orders_answerable"]

_NEEDS_THE_KEY = frozenset({OrderKind.COLLECT, OrderKind.CORRECT})
"""Collected data and corrected values are sealed under the person's key."""


def keep_orders_answerable(subject: Subject, actor: Actor, at: datetime) -> None:
    """Store the person's id on their open orders, and end those that need the person's key.

    An erasure does not wait for any system; open orders are sent afterwards.
    """
    orders = Order.objects.open().select_for_update().filter(client_id=subject.client_id, subject_id=subject.pk)
    for order in orders.order_by("pk"):
        if order.kind in _NEEDS_THE_KEY:
            take_step(
                order, Step.LAPSE, code=PERSON_ERASED, changes={"result": {"reason": PERSON_ERASED}}, actor=actor, at=at
            )
        elif subject.external_id is not None:
            order.named = seal_name(subject.external_id, client_id=order.client_id, order_id=order.pk)
            order.save(update_fields=["named"])
