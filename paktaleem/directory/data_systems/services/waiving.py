"""Waive a system's answer, or accept one that is disputed: one person proposes it, another agrees."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.data_systems.models.orders import Order, Waiver
from paktaleem.directory.data_systems.services.steps import facts_of, lock_order, require_system_owner, take_step
from paktaleem.directory.data_systems.states import Outcome, State, Step, StepRefused
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id


class AlreadyProposed(PortalError):
    """A waiver was already proposed: a second person may agree."""

    console_message = "A waiver has already been proposed."


class NothingProposed(PortalError):
    """No waiver of this order was proposed."""

    console_message = "No waiver has been proposed."


@transaction.atomic
def propose_waiver(order: Order, *, actor: Actor, reason: Reason | str, at: datetime) -> Waiver:
    """Propose to continue without an answer to an open order. Raises StepRefused, AlreadyProposed, NotAllowed."""
    _require_person(order, actor)
    order = lock_order(order)
    if not order.is_open:
        raise StepRefused(State(order.state), Step.WAIVE)
    if Waiver.objects.filter(client_id=order.client_id, order=order).exists():
        raise AlreadyProposed
    waiver = Waiver(
        id=new_id(),
        client_id=order.client_id,
        order=order,
        reason=Reason(reason).value,
        requested_by=actor.id,
        requested_at=at,
    )
    save_tracked(waiver, actor=actor, reason=reason, at=at)
    facts = {**facts_of(order), "waiver": str(waiver.pk), "reason": waiver.reason}
    record_entry(
        "order.waiver_proposed",
        client_id=order.client_id,
        subject_id=order.subject_id,
        facts=facts,
        actor=actor,
        at=at,
    )
    return waiver


@transaction.atomic
def approve_waiver(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Agree to a waiver that another person proposed: the order is waived and needs no answer (decision 0014).

    If the system's answer is disputed, the two accept it instead: the order ends as answered. Raises NothingProposed,
    ApproverIsRequester, ApproverNotIndependent, StepRefused if it was answered meanwhile, NotAllowed.
    """
    _require_person(order, actor)
    order = lock_order(order)
    waiver = Waiver.objects.select_for_update().filter(client_id=order.client_id, order=order).first()
    if waiver is None:
        raise NothingProposed
    require_second_person(actor, requested_by=waiver.requested_by, at=to_wall_clock(at))
    is_disputed, result = order.state == State.DISPUTED, order.result or {}
    step = Outcome(result["outcome"]).step if is_disputed else Step.WAIVE
    order = take_step(order, step, code=waiver.reason, facts={"waiver": str(waiver.pk)}, actor=actor, at=at)
    waiver.approved_by, waiver.approved_at = actor.id, at
    save_tracked(waiver, actor=actor, reason=waiver.reason, at=at)
    return order


def _require_person(order: Order, actor: Actor) -> None:
    """Require a user, and PakTaleem's staff for PakTaleem's systems. Raises NotAllowed."""
    require(actor, Capability.WAIVE_ORDERS, order.client_id)
    require_system_owner(order, actor)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a user may decide about a waiver.")
