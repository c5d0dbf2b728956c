"""Take one step of one order: state, step row and ledger entry in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from paktaleem.directory.data_systems.extension_points import report_answered_order
from paktaleem.directory.data_systems.models import Order, OrderStep
from paktaleem.directory.data_systems.states import ENDED, KIND_OF_ENTRY, State, Step, next_state, stuck_at
from paktaleem.foundation.accounts.actors import Actor, NotAllowed
from paktaleem.foundation.audit.services import make_entry
from paktaleem.foundation.tenancy.rows import PAKTALEEM, insert_rows

_CLEARED_AT_THE_END = ("named", "new_values", "retry_at", "stuck_at")


def lock_order(order: Order) -> Order:
    """Return the order, locked until the end of the transaction, with its system and person."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("system", "subject")
    locked: Order = rows.get(pk=order.pk, client_id=order.client_id)
    return locked


def require_system_owner(order: Order, actor: Actor) -> None:
    """Refuse clients' staff for PakTaleem's own systems. Raises NotAllowed."""
    if order.system_owner == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}:
        raise NotAllowed("This is PakTaleem’s own system.")


def take_step(
    order: Order,
    step: Step,
    *,
    code: str = "",
    facts: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    actor: Actor,
    at: datetime,
) -> Order:
    """Take one step with a locked order. Raises StepRefused if the order's state does not allow it."""
    state = next_state(order.state, step)
    order.state, order.changed_at, order.retry_at = state.value, at, None
    for name, value in (changes or {}).items():
        setattr(order, name, value)
    order.stuck_at = stuck_at(state, changed_at=at, retry_due_at=order.retry_at)
    if state in ENDED:
        order.ended_at = at
        for column in _CLEARED_AT_THE_END:
            setattr(order, column, None)
    order.save(update_fields=["state", "changed_at", "ended_at", *_CLEARED_AT_THE_END, *(changes or ())])
    entry_facts = {**facts_of(order), **({"code": code} if code else {}), **(facts or {})}
    entry = make_entry(
        KIND_OF_ENTRY[state],
        client_id=order.client_id,
        subject_id=order.subject_id,
        facts=entry_facts,
        actor=actor,
        at=at,
    )
    insert_rows(entry, step_row(order, code=code, entry_id=entry.pk, actor=actor, at=at))
    if state in ENDED:
        report_answered_order(order, actor=actor, at=at)
    return order


def facts_of(order: Order) -> dict[str, Any]:
    """Return the facts common to all entries about an order: id, kind, system, attempt, set and case."""
    found = {"order": str(order.pk), "kind": order.kind, "system": str(order.system_id), "attempt": order.attempts}
    if order.order_set_id is not None:
        found["set"] = str(order.order_set_id)
    if order.parent_id is not None:
        found["parent"] = {"kind": order.parent_kind, "id": str(order.parent_id)}
    return found


def step_row(order: Order, *, code: str = "", entry_id: Any, actor: Actor, at: datetime) -> OrderStep:
    """Return the unsaved row that records an order's new state."""
    return OrderStep(
        client_id=order.client_id,
        order_id=order.pk,
        state=State(order.state).value,
        attempt=order.attempts,
        code=code,
        entry_id=entry_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
        taken_at=at,
    )
