"""Orders to systems that follow from restrictions and objections (GDPR Art. 18, 19, 21).

A withdrawal of consent orders nothing: the decision refuses at once, and the data follows its retention rule. An
objection that is lifted orders nothing either: there is no such order, and the decision permits again.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from consent.consents.models.consents import Objection, Restriction
from consent.notices.selectors.purposes import find_purposes
from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, categories_held, systems_holding
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.jobs.enqueue import enqueue_job

ISSUE_LIMIT_ORDERS = "consent.issue_limit_orders"
"""Task that issues the orders of one step of a restriction or an objection."""
_DUE = timedelta(days=3)
"""Time in which systems should have stopped, or may go on: without undue delay."""


class LimitStep(StrEnum):
    """Step of a restriction or an objection from which orders follow; the values are arguments of jobs."""

    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    OBJECTED = "objected"


def enqueue_limit_orders(limit: Restriction | Objection, step: LimitStep, *, reason: Reason | str) -> None:
    """Enqueue the orders of one step; the steps of one person are carried out in their order (decision 0057)."""
    enqueue_job(
        ISSUE_LIMIT_ORDERS,
        lock=f"limits/{limit.subject_id}",
        client=str(limit.client_id),
        limit=str(limit.pk),
        step=step.value,
        reason=Reason(reason).value,
    )


@transaction.atomic
def issue_limit_orders(
    limit_id: UUID, step: LimitStep, *, client_id: UUID, actor: Actor, reason: Reason | str, at: datetime
) -> list[Order]:
    """Issue the orders of one step to every system that holds the data; idempotent (GDPR Art. 18, decision 0057).

    Returns the new orders. What was lifted before its orders were issued orders nothing, and neither does a person who
    is or was erased. A restriction that another one still covers is not lifted in the systems; where a lift covers more
    than one, those that remain are ordered again. Raises NotAllowed.
    """
    model: type[Restriction | Objection] = Objection if step is LimitStep.OBJECTED else Restriction
    rows = model._default_manager.select_for_update(of=("self",)).select_related("subject")
    limit: Restriction | Objection = rows.get(pk=limit_id, client_id=client_id)
    if limit.subject.erased_at is not None or limit.subject.is_being_erased:
        return []
    issue = _Issuing(actor, Reason(reason), at)
    if isinstance(limit, Objection):
        return issue.once(OrderKind.OBJECT, limit)
    if step is LimitStep.RESTRICTED:
        return issue.once(OrderKind.RESTRICT, limit)
    return issue.lift(limit)


def has_orders_to_issue(limit: Restriction | Objection, *, at: datetime) -> bool:
    """Return True if the orders of a limit in force are still to be issued by the worker."""
    kind = OrderKind.OBJECT if isinstance(limit, Objection) else OrderKind.RESTRICT
    is_over = limit.ends_at is not None and limit.ends_at <= at
    if is_over or _has_orders(limit, kind):
        return False
    return bool(systems_holding(limit.client_id, _categories(limit, at), at=at))


class _Issuing:
    """The circumstances in which orders are issued: actor, reason, time."""

    def __init__(self, actor: Actor, reason: Reason, at: datetime) -> None:
        self._actor, self._reason, self._at = actor, reason, at

    def once(self, kind: OrderKind, limit: Restriction | Objection) -> list[Order]:
        """Issue the orders of a limit in force, unless it has any already."""
        is_over = limit.ends_at is not None and limit.ends_at <= self._at
        return [] if is_over or _has_orders(limit, kind) else self._issue(kind, limit)

    def lift(self, limit: Restriction) -> list[Order]:
        """Order the lift of a restriction that was ordered and that no other one covers."""
        if not _has_orders(limit, OrderKind.RESTRICT) or _has_orders(limit, OrderKind.LIFT_RESTRICTION):
            return []
        others = list(Restriction.objects.active(self._at).filter(client_id=limit.client_id, subject=limit.subject))
        if any(one.purpose_code in {"", limit.purpose_code} for one in others):
            return []
        orders = self._issue(OrderKind.LIFT_RESTRICTION, limit)
        if not limit.purpose_code:
            for one in others:
                orders += self._issue(OrderKind.RESTRICT, one)
        return orders

    def _issue(self, kind: OrderKind, limit: Restriction | Objection) -> list[Order]:
        categories = _categories(limit, self._at)
        if not categories:
            return []
        spec = OrderSpec(
            kind=kind,
            categories=categories,
            purpose=limit.purpose_code,
            reason=self._reason,
            ground=Ground.RIGHT_OF_THE_PERSON,
            due_at=self._at + _DUE,
            parent=_parent(limit),
        )
        return issue_orders(limit.subject, spec, actor=self._actor, at=self._at)


def _parent(limit: Restriction | Objection) -> Parent:
    return Parent(str(limit._meta.model_name), limit.pk)


def _has_orders(limit: Restriction | Objection, kind: OrderKind) -> bool:
    parent = _parent(limit)
    orders = Order.objects.filter(client_id=limit.client_id, parent_id=parent.id, parent_kind=parent.kind, kind=kind)
    return bool(orders.exists())


def _categories(limit: Restriction | Objection, at: datetime) -> frozenset[str]:
    """Return the categories of the purpose; of a restriction of every purpose, all that any system holds."""
    if not limit.purpose_code:
        return categories_held(limit.client_id, at=at)
    found = find_purposes(limit.client_id, [limit.purpose_code])
    return frozenset(found[limit.purpose_code].categories) if found else frozenset()
