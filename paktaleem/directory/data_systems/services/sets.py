"""Issue the same order about very many people: one statement and one ledger entry for any number."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet

from paktaleem.directory.data_systems.models.orders import OrderKind, OrderSet
from paktaleem.directory.data_systems.schedule import stuck_at
from paktaleem.directory.data_systems.selectors import HASH_OF_SET, systems_holding
from paktaleem.directory.data_systems.services.issuing import OrderSpec, check_order_spec
from paktaleem.directory.data_systems.states import State
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import UUID7_SQL, clock_bytes, new_id
from paktaleem.foundation.tenancy.planning import plan_for_many

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
    FROM systems_system WHERE id = ANY(%(systems)s)
), made AS (
    INSERT INTO systems_order (id, client_id, system_id, system_owner, subject_id, order_set_id, state, attempts,
        failure, fields, categories, changed_at, stuck_at, {_ORDERED})
    SELECT id, %(client)s, system_id, system_owner, person, %(set)s, 'queued', 0, '', '{{{{}}}}', about,
        %(created_at)s, %(stuck_at)s, {_VALUES}
    FROM (
        SELECT {UUID7_SQL} AS id, person, targets.* FROM ({{people}}) AS people (person) CROSS JOIN targets ORDER BY 1
    ) numbered
    RETURNING id, subject_id
), stepped AS (
    INSERT INTO systems_orderstep (id, client_id, order_id, state, attempt, code, taken_at, {_ACTOR})
    SELECT {UUID7_SQL}, %(client)s, id, 'queued', 0, '', %(created_at)s, {_BY} FROM made
)
INSERT INTO systems_orderset (id, client_id, categories, size, orders_hash, {_ORDERED}, {_ACTOR})
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
    found = [system for system in holding if only_to is None or system.pk in only_to]
    chosen = people.filter(client_id=client_id, erased_at=None, erasure_started_at=None).order_by().values("pk")
    wanted, params = _named_sql(chosen)
    kind, actor_id, role = actor_columns(actor)
    values = {
        **spec.columns(at),
        **params,
        "set": new_id(),
        "client": client_id,
        "stuck_at": stuck_at(State.QUEUED, changed_at=at, retry_due_at=None),
        "clock": clock_bytes(at),
        "categories": sorted(spec.categories),
        "systems": [system.pk for system in found],
        "actor_kind": kind,
        "actor_id": actor_id,
        "actor_role": role,
    }
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        cursor.execute(_ISSUE.format(people=wanted), values)
        made = cursor.fetchone()
    if made is None:
        return None
    return _record_set(OrderSet.objects.get(pk=values["set"], client_id=client_id), spec, actor=actor, at=at)


def _named_sql(chosen: QuerySet[Any]) -> tuple[str, dict[str, Any]]:
    """Return a query's SQL with its parameters by name, to embed it in another statement."""
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
