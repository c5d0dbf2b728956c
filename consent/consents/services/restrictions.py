"""Restrictions of processing and objections; the worker issues their orders to systems.

A withdrawal of consent, or of an objection, orders nothing: the decision refuses or permits at once, and the data
follows its retention rule.
"""

# Orders are issued by a job, not in the act: a person's objection must not fail because an order does. A lift is
# ordered only where no other restriction covers the data.

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from children.guardians.models import ServiceAuthorisation
from consent.consents.models import Objection, Restriction
from consent.notices.selectors.registers import current_register, find_purposes
from consent.register.effects import WeakensSafeguard
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind
from paktaleem.directory.data_systems.selectors import Parent, categories_held, systems_holding
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, require_about, system_actor
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, propose_change
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.operations.extensions import ExtensionPoint
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import advisory_lock, is_in_sandbox

ISSUE_LIMIT_ORDERS = "consent.issue_limit_orders"
"""Task that issues the orders of one step of a restriction or an objection."""
_DUE = timedelta(days=3)
"""Time in which systems should have stopped, or may go on: without undue delay."""


class LimitStep(StrEnum):
    """Step of a restriction or an objection from which orders follow; the values are arguments of jobs."""

    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    OBJECTED = "objected"


@transaction.atomic
def issue_limit_orders(
    limit_id: UUID, step: LimitStep, *, client_id: UUID, actor: Actor, reason: Reason | str, at: datetime
) -> list[Order]:
    """Issue the orders of one step to every system that holds the data; idempotent (GDPR Art. 18). Raises NotAllowed.

    Returns the new orders: none for what was lifted before, or for a person who is or was erased.
    """
    model: type[Restriction | Objection] = Objection if step is LimitStep.OBJECTED else Restriction
    rows = model._default_manager.select_for_update(of=("self",)).select_related("subject")
    limit: Restriction | Objection = rows.get(pk=limit_id, client_id=client_id)
    if limit.subject.erased_at is not None or limit.subject.is_being_erased:
        return []
    issue = partial(_issue, actor=actor, reason=Reason(reason), at=at)
    if step is not LimitStep.RESTRICTION_LIFTED:
        return issue(limit, _kind_of(limit)) if _needs_orders(limit, at) else []
    if not _has_orders(limit, OrderKind.RESTRICT) or _has_orders(limit, OrderKind.LIFT_RESTRICTION):
        return []
    others = list(Restriction.objects.active(at).filter(client_id=limit.client_id, subject=limit.subject))
    if any(one.purpose_code in {"", limit.purpose_code} for one in others):
        return []
    orders = issue(limit, OrderKind.LIFT_RESTRICTION)
    for one in () if limit.purpose_code else others:  # the lift covers them, too: they are ordered again
        orders += issue(one, OrderKind.RESTRICT)
    return orders


def has_orders_to_issue(limit: Restriction | Objection, *, at: datetime) -> bool:
    """Return True if the orders of a limit in force are still to be issued by the worker."""
    return _needs_orders(limit, at) and bool(systems_holding(limit.client_id, _categories(limit, at), at=at))


def _issue(
    limit: Restriction | Objection, kind: OrderKind, *, actor: Actor, reason: Reason, at: datetime
) -> list[Order]:
    categories = _categories(limit, at)
    if not categories:
        return []
    spec = OrderSpec(
        kind=kind,
        categories=categories,
        purpose=limit.purpose_code,
        reason=reason,
        ground=Ground.RIGHT_OF_THE_PERSON,
        due_at=at + _DUE,
        parent=Parent(str(limit._meta.model_name), limit.pk),
    )
    return issue_orders(limit.subject, spec, actor=actor, at=at)


def _kind_of(limit: Restriction | Objection) -> OrderKind:
    return OrderKind.OBJECT if isinstance(limit, Objection) else OrderKind.RESTRICT


def _needs_orders(limit: Restriction | Objection, at: datetime) -> bool:
    is_over = limit.ends_at is not None and limit.ends_at <= at
    return not is_over and not _has_orders(limit, _kind_of(limit))


def _has_orders(limit: Restriction | Objection, kind: OrderKind) -> bool:
    own = {"client_id": limit.client_id, "parent_id": limit.pk, "parent_kind": str(limit._meta.model_name)}
    return Order.objects.filter(**own, kind=kind).exists()


def _categories(limit: Restriction | Objection, at: datetime) -> frozenset[str]:
    """Return the categories of the purpose; of a restriction of every purpose, all that any system holds."""
    if not limit.purpose_code:
        return categories_held(limit.client_id, at=at)
    found = find_purposes(limit.client_id, [limit.purpose_code])
    return frozenset(found[limit.purpose_code].categories) if found else frozenset()


_STEPS = {
    "restriction.opened": LimitStep.RESTRICTED,
    "restriction.lifted": LimitStep.RESTRICTION_LIFTED,
    "objection.opened": LimitStep.OBJECTED,
}
"""Acts from which orders follow."""
checks_before_lift: ExtensionPoint[Callable[[Restriction, datetime], None]] = ExtensionPoint(
    "consent.checks_before_lift", "Raises an error if a restriction may not be lifted yet, with the reason."
)


class NotLegitimateInterest(PortalError):
    """The purpose is not based on legitimate interest for this person: the right to object does not apply."""

    problem = Problem(
        "not-legitimate-interest",
        "The purpose is not based on legitimate interest",
        "The right to object does not apply to it.",
    )
    console_message = "This purpose is not based on legitimate interest: the right to object does not apply."


@transaction.atomic
def restrict_processing(
    subject: Subject, *, purpose_code: str = "", actor: Actor, reason: Reason | str, at: datetime
) -> Restriction:
    """Restrict processing of a person's data from now on, for one purpose or, if empty, all (GDPR Art. 18).

    Raises AlreadyErased, ValidationError for an unknown purpose, NotAllowed.
    """
    restriction = Restriction(client_id=subject.client_id, subject=subject, purpose_code=purpose_code, starts_at=at)
    return _open_limit(restriction, "restriction.opened", actor=actor, reason=reason, at=at)


@transaction.atomic
def lift_restriction(restriction: Restriction, *, actor: Actor, reason: Reason | str, at: datetime) -> Restriction:
    """Lift a restriction in a sandbox from now on; lifting it again changes nothing.

    Raises WeakensSafeguard elsewhere: see ``request_lift``. Raises NotAllowed.
    """
    _require_capability(restriction, actor)
    if not is_in_sandbox():
        raise WeakensSafeguard(LIFT.code)
    return _close_limit(restriction, "restriction.lifted", actor=actor, reason=reason, at=at)


@transaction.atomic
def request_lift(restriction: Restriction, *, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request that a restriction is lifted; it is in force until a second person approves that (GDPR Art. 18(3)).

    Raises ValidationError if the restriction is lifted already or there is no ground, NotAllowed.
    """
    _require_capability(restriction, actor)
    row = Restriction.objects.select_for_update().get(pk=restriction.pk)
    if row.ends_at is not None:
        raise ValidationError("The restriction is lifted already.")
    return propose_change(row, LIFT.code, purpose=row.purpose_code, ground=ground, actor=actor, at=at)


def _apply_lift(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    restriction = Restriction.objects.get(pk=change.row)
    for check in checks_before_lift:
        check(restriction, at)
    _close_limit(restriction, "restriction.lifted", actor=actor, reason=reason, at=at)


LIFT = ChangeKind(
    code="restriction",
    label=_("A restriction of processing is lifted"),
    effect=_("Data of one person, which is only stored now, may be used again."),
    apply=_apply_lift,
)


@transaction.atomic
def object_to_purpose(
    subject: Subject, *, purpose_code: str, actor: Actor, reason: Reason | str, at: datetime
) -> Objection:
    """Record a person's objection to a purpose (GDPR Art. 21), or return the one in force.

    Raises AlreadyErased, ValidationError for an unknown purpose, NotLegitimateInterest, NotAllowed.
    """
    own = {"client_id": subject.client_id, "subject": subject, "purpose_code": purpose_code}
    advisory_lock(f"objection/{subject.client_id}/{subject.id}/{purpose_code}")
    if found := Objection.objects.active(at).filter(**own).first():
        _require_capability(found, actor)
        return found
    opened = _open_limit(Objection(**own, starts_at=at), "objection.opened", actor=actor, reason=reason, at=at)
    if not current_register(subject.client_id).may_object(purpose_code, subject.roles, subject.country, at):
        raise NotLegitimateInterest
    return opened


@transaction.atomic
def withdraw_objection(objection: Objection, *, actor: Actor, reason: Reason | str, at: datetime) -> Objection:
    """Withdraw an objection from now on, by the person's own word on their page; in a sandbox by anyone.

    Raises NotAllowed; two officers may overrule it (``rights.desk.cases``, GDPR Art. 21(1)).
    """
    if actor.acts_for != objection.subject_id and not is_in_sandbox():
        raise NotAllowed("Only the person withdraws an objection.")
    return end_objection(objection, actor=actor, reason=reason, at=at)


def end_objection(objection: Objection, *, actor: Actor, reason: Reason | str, at: datetime) -> Objection:
    """End an objection that the person withdrew, or that two officers overruled, from now on. Raises NotAllowed."""
    return _close_limit(objection, "objection.lifted", actor=actor, reason=reason, at=at)


def _require_capability(limit: Restriction | Objection, actor: Actor) -> None:
    if isinstance(limit, Restriction):
        require(actor, Capability.RESTRICT_PROCESSING, limit.client_id)
        return
    about = {"subject_id": limit.subject_id, "client_id": limit.client_id}
    require_about(actor, Capability.RESTRICT_PROCESSING, **about)


def _open_limit[L: (Restriction, Objection)](
    limit: L, kind: str, *, actor: Actor, reason: Reason | str, at: datetime
) -> L:
    _require_capability(limit, actor)
    if limit.subject.erased_at is not None:
        raise AlreadyErased
    limit.full_clean()
    if limit.purpose_code and not find_purposes(limit.client_id, [limit.purpose_code]):
        raise ValidationError({"purpose_code": ["No active purpose has this code."]})
    return _save_limit(limit, kind, actor=actor, reason=reason, at=at)


def _close_limit[L: (Restriction, Objection)](
    limit: L, kind: str, *, actor: Actor, reason: Reason | str, at: datetime
) -> L:
    _require_capability(limit, actor)
    limit = type(limit)._default_manager.select_for_update().get(pk=limit.pk)
    if limit.ends_at is not None:
        return limit
    limit.ends_at = at
    return _save_limit(limit, kind, actor=actor, reason=reason, at=at)


def _save_limit[L: (Restriction, Objection)](
    limit: L, kind: str, *, actor: Actor, reason: Reason | str, at: datetime
) -> L:
    save_tracked(limit, actor=actor, reason=reason, at=at)
    record_entry(
        kind,
        client_id=limit.client_id,
        subject_id=limit.subject_id,
        facts={"id": str(limit.pk), "purpose": limit.purpose_code or None},
        actor=actor,
        at=at,
    )
    if kind in _STEPS:
        enqueue_job(
            ISSUE_LIMIT_ORDERS,
            lock=f"limits/{limit.subject_id}",  # the steps of one person are carried out in their order
            client=str(limit.client_id),
            limit=str(limit.pk),
            step=_STEPS[kind].value,
            reason=Reason(reason).value,
        )
    return limit


SERVICE = "service_answer"
"""The kind of parent of these orders: a guardian's answer about the service."""
_ACTOR = system_actor("consent.service_orders")


def order_after_service_change(answer: ServiceAuthorisation, is_authorised: bool, at: datetime) -> None:  # noqa: FBT001 -- the extension point's
    """Order every system to stop using the child's data, or to go on with it; ``guardians.service_changed``.

    Systems that were not ordered to stop are not ordered to go on, nor for a child whose processing is restricted.
    """
    child = answer.child
    if child.erased_at is not None or child.is_being_erased:
        return
    own = {"client_id": child.client_id, "subject": child}
    stopped = Order.objects.filter(**own, parent_kind=SERVICE, kind=OrderKind.RESTRICT).exists()
    if is_authorised and (not stopped or Restriction.objects.active(at).filter(**own).exists()):
        return
    categories = categories_held(child.client_id, at=at)
    if not categories:
        return
    spec = OrderSpec(
        kind=OrderKind.LIFT_RESTRICTION if is_authorised else OrderKind.RESTRICT,
        categories=categories,
        reason=Reason.SUBJECT_REQUEST,
        ground=Ground.RIGHT_OF_THE_PERSON if is_authorised else Ground.CONSENT_ENDED,
        due_at=at + _DUE,
        parent=Parent(SERVICE, answer.pk),
    )
    issue_orders(child, spec, actor=_ACTOR, at=at)
