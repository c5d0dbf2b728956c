"""Issue orders to every system that holds data of a person, and recall them for a hold (decision 0014)."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy

from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, OrderPart, OrderQuerySet, OrderSet, System
from paktaleem.directory.data_systems.selectors import (
    HASH_OF_SET,
    NAMES,
    Parent,
    categories_held,
    name_of,
    systems_holding,
)
from paktaleem.directory.data_systems.services.fulfilment import facts_of, lock_order, step_row, take_step
from paktaleem.directory.data_systems.states import ON_HOLD, PERSON_ERASED, State, Step, stuck_at
from paktaleem.directory.files.services import purge_package
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import COMPLETE_ERASURE, AlreadyErased, ErasureInProgress
from paktaleem.directory.people.services.people import record_access
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import code_validator
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import make_entry, record_entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import plan_for_many
from paktaleem.foundation.tenancy.models import Constant
from paktaleem.foundation.tenancy.rows import UUID7_SQL, clock_bytes, insert_rows, new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff

_COLUMN = "data_systems_order.new_values"
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
    issued = []
    for system in holding:
        if only_to is None or system in only_to:
            of_system = replace(spec, categories=spec.categories & set(system.categories))
            issued.append(issue_order(subject, system, of_system, correction, actor=actor, at=at))
    return issued


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
    correction: Mapping[str, object] | None = None,
    *,
    actor: Actor,
    at: datetime,
) -> Order:
    """Issue an order about exactly these categories, unchecked; ``correction`` has the columns of corrected values."""
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
        "order.created", client_id=order.client_id, subject_id=subject.pk, facts=facts, actor=actor, at=at
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
    named = order.fields if len(order.fields) <= _FIELDS_NAMED else [f"{len(order.fields)} fields"]
    record_access(order.subject, [f"order {order.pk}", *named], actor=actor, reason=order.reason, at=at)
    values: dict[str, str | None] = json.loads(sealer_of(order.subject).open(order.new_values, column=_COLUMN))
    return values


_PLACE = re.compile("%[%s]")
_ORDERED = "kind, method, reason, ground, due_at, parent_kind, parent_id, created_at"
_VALUES = (
    "%(kind)s, %(method)s, %(reason)s, %(ground)s, %(due_at)s::timestamptz, %(parent_kind)s, %(parent_id)s::uuid,"
    " %(created_at)s::timestamptz"
)
_ACTOR, _BY = "actor_kind, actor_id, actor_role", "%(actor_kind)s, %(actor_id)s::uuid, %(actor_role)s"

_ISSUE = f"""
WITH targets AS MATERIALIZED (
    SELECT id AS system_id, client_id AS system_owner,
        ARRAY(SELECT unnest(categories) INTERSECT SELECT unnest(%(categories)s::varchar[]) ORDER BY 1) AS about
    FROM data_systems_system WHERE id = ANY(%(systems)s)
), made AS (
    INSERT INTO data_systems_order (id, client_id, system_id, system_owner, subject_id, order_set_id, state, attempts,
        failure, fields, categories, changed_at, stuck_at, {_ORDERED})
    SELECT id, %(client)s, system_id, system_owner, person, %(set)s, 'queued', 0, '', '{{{{}}}}', about,
        %(created_at)s, %(stuck_at)s, {_VALUES}
    FROM (
        SELECT {UUID7_SQL} AS id, person, targets.* FROM ({{people}}) AS people (person) CROSS JOIN targets ORDER BY 1
    ) numbered
    RETURNING id, subject_id
), stepped AS (
    INSERT INTO data_systems_orderstep (id, client_id, order_id, state, attempt, code, taken_at, {_ACTOR})
    SELECT {UUID7_SQL}, %(client)s, id, 'queued', 0, '', %(created_at)s, {_BY} FROM made
)
INSERT INTO data_systems_orderset (id, client_id, categories, size, orders_hash, {_ORDERED}, {_ACTOR})
SELECT %(set)s, %(client)s, %(categories)s, count(*), {HASH_OF_SET}, {_VALUES}, {_BY} FROM made HAVING count(*) > 0
RETURNING size, orders_hash
"""  # noqa: S608 -- columns named in the source; every value is a parameter
"""Most indexes of orders end in the id, so orders in the order of their ids are inserted in two thirds of the time."""


@transaction.atomic
def issue_orders_for_set(
    people: QuerySet[Subject],
    spec: OrderSpec,
    *,
    client_id: UUID,
    only_to: Collection[UUID] | None = None,
    actor: Actor,
    at: datetime,
) -> OrderSet | None:
    """Issue the same order about these people to every system with any of the categories; return the set.

    Follows decision 0014. ``only_to`` limits them to the systems with these ids. Returns None if there are no people or
    no system. People who are or were erased are left out. One ledger entry, ``order.set_created``, proves all orders by
    their number and hash. No rows are read into memory. Corrections are refused, since they differ from person to
    person. Raises ValidationError naming what is wrong, NotAllowed.
    """
    require(actor, Capability.ISSUE_ORDERS, client_id)
    check_order_spec(spec, at=at)
    if spec.kind is OrderKind.CORRECT:
        raise ValidationError({"kind": ["Corrections differ from person to person: issue them one at a time."]})
    holding = systems_holding(client_id, spec.categories, at=at)
    chosen = people.filter(client_id=client_id, erased_at=None, erasure_started_at=None).order_by().values("pk")
    wanted, params = _named_sql(chosen)
    by = zip(("actor_kind", "actor_id", "actor_role"), actor_columns(actor), strict=True)
    values = {
        **spec.columns(at),
        **params,
        "set": new_id(),
        "client": client_id,
        "stuck_at": stuck_at(State.QUEUED, changed_at=at, retry_due_at=None),
        "clock": clock_bytes(at),
        "categories": sorted(spec.categories),
        "systems": [system.pk for system in holding if only_to is None or system.pk in only_to],
        **dict(by),
    }
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_ISSUE.format(people=wanted), values)
        made = cursor.fetchone()
    if made is None:
        return None
    return _record_set(OrderSet.objects.get(pk=values["set"], client_id=client_id), spec, actor=actor, at=at)


def _named_sql(chosen: QuerySet[Any]) -> tuple[str, dict[str, Any]]:
    sql, params = chosen.query.sql_with_params()
    values = {f"person_{number}": value for number, value in enumerate(params)}
    names = iter(values)
    return _PLACE.sub(lambda found: found[0] if found[0] == "%%" else f"%({next(names)})s", sql), values


def _record_set(made: OrderSet, spec: OrderSpec, *, actor: Actor, at: datetime) -> OrderSet:
    facts = {
        "set": str(made.pk),
        "kind": made.kind,
        **spec.facts(),
        "categories": made.categories,
        "count": made.size,
        "orders_hash": made.orders_hash,
    }
    if spec.parent is not None:
        facts["parent"] = {"kind": spec.parent.kind, "id": str(spec.parent.id)}
    record_entry("order.set_created", client_id=made.client_id, facts=facts, actor=actor, at=at)
    return made


_AT_ONCE = 200


class OrderOpen(Exception):
    """The order is not answered yet: its data may still be needed."""


def list_old_copies(at: datetime) -> QuerySet[Order]:
    """List the orders whose copies are due at ``at``, in the current context."""
    long_ago = get_cutoff(COPIES.code, at=at)
    kind = Constant(OrderKind.COLLECT)
    found: QuerySet[Order] = Order.objects.filter(kind=kind, ended_at__lte=long_ago, copies_purged_at=None)
    return found


def purge_old_copies(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Delete up to 200 copies that are due (``COPIES``, policy §4); return how many. Raises NotAllowed."""
    due = list(list_old_copies(at).filter(client_id=client_id).order_by("ended_at", "pk")[:_AT_ONCE])
    for order in due:
        purge_copies(order, actor=actor, at=at)
    return len(due)


@transaction.atomic
def purge_copies(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Destroy the key of what a system gave for an answered collect order, in all attempts; idempotent.

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
        about = {"client_id": order.client_id, "subject_id": order.subject_id}
        record_entry("order.copies_purged", **about, facts=facts, actor=actor, at=at)
    return order


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
            order.named = NAMES.seal(subject.external_id.encode(), client_id=order.client_id, row_id=order.pk)
            order.save(update_fields=["named"])


COPIES = DataKind(
    code="system_copies",
    name=gettext_lazy("What systems gave for a copy of a person’s data"),
    counted_from=gettext_lazy("The system’s answer; earlier if the case ends"),
    disposal=Disposal.KEY,
    bounds=Bounds(60, 14, 180),
    due=list_old_copies,
    purge=purge_old_copies,
)


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
        made.named = NAMES.seal(name.encode(), client_id=made.client_id, row_id=made.pk)
        made.save(update_fields=["named"])
    order.categories = sorted(kept)
    order.save(update_fields=["categories"])
