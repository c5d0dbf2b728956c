"""Orders of an erasure: issued at its confirmation, and still answerable when the key is destroyed (decision 0056)."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind, OrderQuerySet
from paktaleem.directory.data_systems.results import PERSON_ERASED
from paktaleem.directory.data_systems.sealed_names import seal_name
from paktaleem.directory.data_systems.selectors import Parent, categories_held, systems_holding
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.data_systems.services.steps import take_step
from paktaleem.directory.data_systems.states import State, Step
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import COMPLETE_ERASURE
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.jobs.enqueue import enqueue_job

ERASURE = "erasure"
"""Kind of case of the orders of an erasure; the case is the ``Erasure``."""
ERASURE_DUE = timedelta(days=14)
"""Time in which systems should erase: half of the thirty days that a person's request has (policy §9)."""

_NEEDS_THE_KEY = frozenset({OrderKind.COLLECT, OrderKind.CORRECT})
"""Collected data and corrected values are sealed under the person's key."""
_OF_DATA_HELD = frozenset({OrderKind.RESTRICT, OrderKind.LIFT_RESTRICTION, OrderKind.OBJECT})
"""Orders about the use of data: where the data is erased, nothing is left to do."""


def issue_erasure_orders(erasure: Erasure, actor: Actor, at: datetime) -> None:
    """Order every system that holds data of the client's people to erase this person; ``people.erasure_started``.

    Follows GDPR Art. 17, decision 0056. Systems that have an order of this erasure get no other.
    """
    categories = categories_held(erasure.client_id, at=at)
    asked = set(_orders_of(erasure).values_list("system_id", flat=True))
    new = [one for one in systems_holding(erasure.client_id, categories, at=at) if one.pk not in asked]
    if new:
        reason = Reason(erasure.reason)
        spec = OrderSpec(
            kind=OrderKind.ERASE,
            categories=categories,
            reason=reason,
            ground=Ground.RETENTION_ENDED if reason is Reason.REVIEW else Ground.RIGHT_OF_THE_PERSON,
            due_at=at + ERASURE_DUE,
            parent=Parent(ERASURE, erasure.pk),
        )
        issue_orders(erasure.subject, spec, only_to=new, actor=actor, at=at)


def describe_open_erasure_orders(erasure: Erasure) -> str:
    """Return a sentence if an order of the erasure is neither answered nor waived; ``people.erasure_blockers``."""
    return gettext("A system has not answered yet, and was not waived.") if _orders_of(erasure).open().exists() else ""


def _orders_of(erasure: Erasure) -> OrderQuerySet:
    orders: OrderQuerySet = Order.objects.filter(client_id=erasure.client_id, parent_id=erasure.pk, parent_kind=ERASURE)
    return orders


def continue_erasure(order: Order, actor: Actor, at: datetime) -> None:
    """Have the worker complete the erasure that this answered order belongs to; ``data_systems.order_answered``.

    Follows decision 0056. Every answer enqueues the job: of two answers at the same time neither sees the other.
    """
    del actor, at
    if order.parent_kind == ERASURE and order.parent_id is not None:
        erasure = str(order.parent_id)
        enqueue_job(COMPLETE_ERASURE, lock=f"erasure/{erasure}", client=str(order.client_id), erasure=erasure)


def lock_open_orders(subject: Subject) -> None:
    """Lock a person's open orders before the person, as answers do; ``people.erasure_locks``."""
    orders = Order.objects.open().filter(client_id=subject.client_id, subject_id=subject.pk)
    list(orders.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def keep_orders_answerable(subject: Subject, actor: Actor, at: datetime) -> None:
    """Store the person's id on their open orders, and end those that need the person's key or the erased data.

    The data is erased where the system confirmed it; other systems still answer what they were ordered. Orders of other
    cases, and of an erasure without waiting, are sent afterwards.
    """
    of_person = Order.objects.filter(client_id=subject.client_id, subject_id=subject.pk)
    confirmed = of_person.filter(kind=OrderKind.ERASE, parent_kind=ERASURE, state=State.CONFIRMED)
    have_erased = set(confirmed.values_list("system_id", flat=True))
    for order in of_person.open().select_for_update().order_by("pk"):
        is_done_with = order.kind in _OF_DATA_HELD and order.system_id in have_erased
        if order.kind in _NEEDS_THE_KEY or is_done_with:
            take_step(
                order, Step.LAPSE, code=PERSON_ERASED, changes={"result": {"reason": PERSON_ERASED}}, actor=actor, at=at
            )
        elif subject.external_id is not None:
            order.named = seal_name(subject.external_id, client_id=order.client_id, order_id=order.pk)
            order.save(update_fields=["named"])
