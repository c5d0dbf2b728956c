"""Carry out orders: hand over, accept, complete, fail, retry (decision 0014)."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.data_systems.answered_orders import get_reported_records
from paktaleem.directory.data_systems.models.orders import Ground, Order, OrderKind, OrderStep
from paktaleem.directory.data_systems.models.systems import Delivery, System
from paktaleem.directory.data_systems.results import Answer, find_answer_faults, is_contradiction
from paktaleem.directory.data_systems.schedule import retry_at, spread_of, stuck_at
from paktaleem.directory.data_systems.services.collecting import keep_sections
from paktaleem.directory.data_systems.services.steps import lock_order, require_system_owner, step_row, take_step
from paktaleem.directory.data_systems.states import ENDED, Outcome, State, Step
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem

_ERASING = frozenset({OrderKind.ERASE, OrderKind.ANONYMISE})
_ADDED = frozenset({"reported", "outcome"})
"""Keys that the portal adds to an answer: the records reported before it, and the outcome of a disputed one."""


class AlreadyAnswered(PortalError):
    """The order already has a different answer."""

    problem = Problem(
        "order-answered",
        HTTPStatus.CONFLICT,
        "The order already has a different answer",
        "The first answer is final.",
    )
    console_message = "The order has already been answered."


class NotByHand(PortalError):
    """The system fetches its orders itself: they cannot be answered in the console."""

    problem = Problem("order-not-by-hand", HTTPStatus.CONFLICT, "This system answers its orders itself")
    console_message = f"{problem.title}."


@transaction.atomic
def hand_over(orders: Sequence[Order], *, system: System, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that a system was given these orders, if it had not been given them before: one ledger entry for all.

    Follows decision 0014. The given instances are updated to their new state. Raises NotAllowed.
    """
    require(actor, Capability.COMPLETE_ORDERS, client_id)
    new = [order.pk for order in orders if order.state in {State.QUEUED, State.FAILED}]
    if not new:
        return
    locked = Order.objects.select_for_update(of=("self",)).filter(client_id=client_id, system=system, pk__in=new)
    still = list(locked.filter(state__in=[State.QUEUED, State.FAILED]).order_by("pk").values_list("pk", flat=True))
    if not still:
        return
    due = stuck_at(State.SENT, changed_at=at, retry_due_at=None)
    Order.objects.filter(client_id=client_id, pk__in=still).update(
        state=State.SENT, retry_at=None, changed_at=at, stuck_at=due
    )
    facts = {"system": str(system.pk), "orders": [str(key) for key in still], "count": len(still)}
    entry = record_entry("order.sent", client_id=client_id, facts=facts, actor=actor, at=at)
    given = [order for order in orders if order.pk in set(still)]
    for order in given:
        order.state, order.retry_at, order.changed_at, order.stuck_at = State.SENT.value, None, at, due
    OrderStep.objects.bulk_create([step_row(order, entry_id=entry.pk, actor=actor, at=at) for order in given])


@transaction.atomic
def accept_order(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Accept an order; idempotent (decision 0014). Raises StepRefused, NotByHand, NotAllowed."""
    _require_carrier(order, actor)
    order = lock_order(order)
    return order if order.state == State.ACCEPTED else take_step(order, Step.ACCEPT, actor=actor, at=at)


@transaction.atomic
def complete_order(order: Order, answer: Answer, *, actor: Actor, at: datetime) -> Order:
    """Record the answer to an accepted order; the same answer again changes nothing (decision 0014).

    An answer that contradicts the records which the system had reported leaves the order open (``disputed``), until two
    people accept it (``approve_waiver``) or the system answers again. Raises ValidationError naming what does not fit
    the order, AlreadyAnswered if it has a different answer, StepRefused if it was not accepted, TooManyParts,
    NotByHand, NotAllowed.
    """
    _require_carrier(order, actor)
    order = lock_order(order)
    faults = find_answer_faults(answer, kind=order.kind, holds=order.system.categories, asked=order.fields)
    if faults:
        raise ValidationError(faults)
    if _is_repeated(order, answer):
        return order
    if State(order.state) in ENDED:
        raise AlreadyAnswered
    result, facts = _result_in_clear(order, answer), {}
    step = answer.outcome.step
    if order.kind in _ERASING and (reported := get_reported_records(order)):
        result["reported"] = dict(sorted(reported.items()))
        if is_contradiction(answer, reported=reported, may_keep=order.ground != Ground.CHILD_WITHOUT_CONSENT):
            step, result["outcome"] = Step.DISPUTE, answer.outcome.value
    if answer.outcome is Outcome.DONE and order.kind == OrderKind.COLLECT and order.state == State.ACCEPTED:
        facts = {"parts": keep_sections(order, answer.sections, at=at)}
    return take_step(
        order,
        step,
        code=answer.reason,
        facts={**facts, "result": result},
        changes={"result": result},
        actor=actor,
        at=at,
    )


@transaction.atomic
def carry_out_by_hand(order: Order, answer: Answer, *, actor: Actor, at: datetime) -> Order:
    """Accept and answer an order of a system whose orders people carry out.

    Raises as ``accept_order`` and ``complete_order``.
    """
    return complete_order(accept_order(order, actor=actor, at=at), answer, actor=actor, at=at)


@transaction.atomic
def fail_order(order: Order, *, code: str, again: bool, actor: Actor, at: datetime) -> Order:
    """Record a failed attempt; with ``again`` it is retried after a while, unless it was the last attempt.

    Follows decision 0014. Raises StepRefused, NotByHand, NotAllowed.
    """
    _require_carrier(order, actor)
    order = lock_order(order)
    attempt = order.attempts + 1
    due = retry_at(attempt, spread=spread_of(order.pk, attempt), at=at) if again else None
    changes: dict[str, Any] = {"attempts": attempt, "failure": code, "retry_at": due}
    facts = {"retry_at": due and due.isoformat()}
    return take_step(order, Step.FAIL, code=code, facts=facts, changes=changes, actor=actor, at=at)


@transaction.atomic
def retry_order(order: Order, *, actor: Actor, at: datetime) -> Order:
    """Let a failed order be fetched again at once, with attempts reset. Raises StepRefused, NotAllowed."""
    require(actor, Capability.ISSUE_ORDERS, order.client_id)
    require_system_owner(order, actor)
    return take_step(lock_order(order), Step.RETRY, changes={"attempts": 0, "failure": ""}, actor=actor, at=at)


def _require_carrier(order: Order, actor: Actor) -> None:
    """Require the system's own key, or a user if the system's orders are carried out by hand."""
    require(actor, Capability.COMPLETE_ORDERS, order.client_id)
    if actor.kind is ByKind.USER:
        require_system_owner(order, actor)
        if order.system.delivery != Delivery.BY_HAND:
            raise NotByHand


def _is_repeated(order: Order, answer: Answer) -> bool:
    states = {Outcome.DONE: State.CONFIRMED, Outcome.NOT_FOUND: State.NOT_FOUND}
    result = order.result or {}
    if order.state == State.DISPUTED:
        is_same = result.get("outcome") == answer.outcome
    else:
        is_same = order.state == states.get(answer.outcome, State.NOT_APPLICABLE)
    said = {name: value for name, value in result.items() if name not in _ADDED}
    return is_same and said == _result_in_clear(order, answer)


def _result_in_clear(order: Order, answer: Answer) -> dict[str, Any]:
    """Return the part of an answer that is stored in clear: numbers, codes and field names."""
    if answer.outcome is Outcome.NOT_APPLICABLE:
        return {"reason": answer.reason}
    if answer.outcome is Outcome.NOT_FOUND:
        return {}
    of_kind: dict[str, dict[str, Any]] = {
        OrderKind.COLLECT: {"sections": len(answer.sections)},
        OrderKind.CORRECT: {"corrected": sorted(set(answer.corrected))},
        OrderKind.ERASE: {"counts": dict(sorted(answer.counts.items()))},
        OrderKind.ANONYMISE: {"counts": dict(sorted(answer.counts.items()))},
    }
    return of_kind.get(OrderKind(order.kind), {})
