"""Issue orders to every system that holds data of a person (decision 0014)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.directory.data_systems.schedule import stuck_at
from paktaleem.directory.data_systems.selectors import Parent, systems_holding
from paktaleem.directory.data_systems.services.steps import facts_of, step_row
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.ids import new_id
from paktaleem.foundation.tenancy.rows import insert_rows

_COLUMN = "systems_order.new_values"
MOST_FIELDS = 50
_FIELDS_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSpec:
    """Specification of orders: kind, categories, reason, ground, due date and case.

    ``purpose`` is the code of the purpose of a restriction or an objection; empty: every purpose. ``method`` is the
    code of the method by which data is anonymised.
    """

    kind: OrderKind
    categories: frozenset[str]
    purpose: str = ""
    method: str = ""
    reason: Reason
    ground: Ground
    due_at: datetime
    parent: Parent | None = None

    def columns(self, at: datetime) -> dict[str, Any]:
        """Return the columns that an order and an order set share, except the categories."""
        return {
            "kind": self.kind.value,
            "method": self.method,
            "reason": self.reason.value,
            "ground": self.ground.value,
            "due_at": self.due_at,
            "parent_kind": self.parent.kind if self.parent else "",
            "parent_id": self.parent.id if self.parent else None,
            "created_at": at,
        }

    def facts(self) -> dict[str, Any]:
        """Return the facts for the ledger."""
        method = {"method": self.method} if self.method else {}
        return {"reason": self.reason.value, "ground": self.ground.value, "due_at": self.due_at.isoformat(), **method}


@transaction.atomic
def issue_orders(
    subject: Subject,
    spec: OrderSpec,
    *,
    new_values: Mapping[str, str | None] | None = None,
    only_to: Collection[System] | None = None,
    actor: Actor,
    at: datetime,
) -> list[Order]:
    """Issue an order to each of the client's and PakTaleem's systems that holds any of the categories (decision 0014).

    Returns the orders; an empty list means that no registered system holds such data, and the caller decides whether
    that suffices. ``only_to`` limits them to some systems. ``new_values`` are the corrected values, for a
    correction only; they are sealed. While a person is being erased, only orders to erase are issued. Raises
    ValidationError naming what is wrong, ErasureInProgress, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, subject.client_id)
    subject = Subject.objects.select_for_update().get(pk=subject.pk, client_id=subject.client_id)
    if subject.erased_at is not None:
        raise AlreadyErased
    if subject.is_being_erased and spec.kind is not OrderKind.ERASE:
        raise ErasureInProgress
    check_order_spec(spec, at=at)
    values = _checked_values(spec.kind, new_values)
    sealed = sealer_of(subject).seal(json.dumps(values), column=_COLUMN) if values else None
    correction = {"new_values": sealed, "fields": sorted(values)}
    holding = systems_holding(subject.client_id, spec.categories, at=at)
    found = [system for system in holding if only_to is None or system in only_to]
    return [
        issue_order(
            subject,
            system,
            replace(spec, categories=spec.categories & set(system.categories)),
            correction,
            actor=actor,
            at=at,
        )
        for system in found
    ]


def check_order_spec(spec: OrderSpec, *, at: datetime) -> None:
    """Validate an order's specification. Raises ValidationError naming what is wrong."""
    if spec.due_at <= at:
        raise ValidationError({"due_at": ["Choose a time in the future."]})
    if not spec.categories:
        raise ValidationError({"categories": ["Name at least one category."]})
    if spec.method and spec.kind is not OrderKind.ANONYMISE:
        raise ValidationError({"method": ["Leave it out unless data is anonymised."]})


def issue_order(
    subject: Subject,
    system: System,
    spec: OrderSpec,
    correction: Mapping[str, Any] | None = None,
    *,
    actor: Actor,
    at: datetime,
) -> Order:
    """Issue one order to one system about exactly these categories, unchecked, in the caller's transaction.

    ``correction`` has the columns of the corrected values.
    """
    order = Order(
        id=new_id(),
        client_id=subject.client_id,
        system=system,
        system_owner=system.client_id,
        subject=subject,
        state=State.QUEUED.value,
        categories=sorted(spec.categories),
        purpose=spec.purpose,
        changed_at=at,
        stuck_at=stuck_at(State.QUEUED, changed_at=at, retry_due_at=None),
        **spec.columns(at),
        **(correction or {}),
    )
    facts = {**facts_of(order), **spec.facts(), "categories": order.categories, "fields": order.fields}
    if order.purpose:
        facts["purpose"] = order.purpose
    entry = make_entry(
        "order.created",
        client_id=order.client_id,
        subject_id=subject.pk,
        facts=facts,
        actor=actor,
        at=at,
    )
    insert_rows(order, entry, step_row(order, entry_id=entry.pk, actor=actor, at=at))
    return order


def _checked_values(kind: OrderKind, given: Mapping[str, str | None] | None) -> dict[str, str | None]:
    values = dict(given or {})
    if bool(values) != (kind is OrderKind.CORRECT):
        raise ValidationError({"new_values": ["A correction must have new values; other orders must not."]})
    if len(values) > MOST_FIELDS:
        raise ValidationError({"new_values": [f"At most {MOST_FIELDS} fields."]})
    for name in values:
        code_validator(name)
    return values


@transaction.atomic
def new_values_of(order: Order, *, actor: Actor, at: datetime) -> dict[str, str | None]:
    """Return the new values of a correction, for the system that carries it out; the access is recorded.

    Empty for other kinds, and for answered orders, which no longer hold them. Raises KeyDestroyed, NotAllowed.
    """
    require(actor, Capability.COMPLETE_ORDERS, order.client_id)
    if order.new_values is None:
        return {}
    record_access(order.subject, _access_label(order), actor=actor, reason=order.reason, at=at)
    values: dict[str, str | None] = json.loads(sealer_of(order.subject).open(order.new_values, column=_COLUMN))
    return values


def _access_label(order: Order) -> list[str]:
    """Return the order and its fields, shortened to fit the access record."""
    return [
        f"order {order.pk}",
        *(order.fields if len(order.fields) <= _FIELDS_NAMED else [f"{len(order.fields)} fields"]),
    ]
