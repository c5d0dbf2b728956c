"""Restrictions of processing and objections; the worker issues their orders to systems (``limit_orders``)."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.consents.models.consents import Objection, Restriction
from consent.consents.services.limit_orders import LimitStep, enqueue_limit_orders
from consent.notices.selectors.purposes import find_purposes
from consent.notices.selectors.registers import current_register
from consent.register.compiled import Basis
from consent.register.models.safeguards import SafeguardChange, SafeguardKind
from consent.register.services.safeguards import store_safeguard_change
from consent.register.weakening import WeakensSafeguard
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.extensions.points import ExtensionPoint
from paktaleem.foundation.tenancy.context import is_in_sandbox
from paktaleem.foundation.tenancy.locks import advisory_lock

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
        HTTPStatus.CONFLICT,
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
        raise WeakensSafeguard(SafeguardKind.RESTRICTION)
    return _close_limit(restriction, "restriction.lifted", actor=actor, reason=reason, at=at)


@transaction.atomic
def request_lift(restriction: Restriction, *, ground: str, actor: Actor, at: datetime) -> SafeguardChange:
    """Request that a restriction is lifted; it is in force until a second person approves that.

    ``ground`` says in words why, without naming anyone. The person is informed before the lift (GDPR Art. 18(3)).
    Raises ValidationError if the restriction is lifted already or there is no ground, NotAllowed.
    """
    _require_capability(restriction, actor)
    row = Restriction.objects.select_for_update().get(pk=restriction.pk)
    if row.ends_at is not None:
        raise ValidationError("The restriction is lifted already.")
    return store_safeguard_change(
        row, SafeguardKind.RESTRICTION, purpose=row.purpose_code, values={}, ground=ground, actor=actor, at=at
    )


def apply_approved_lift(change: SafeguardChange, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Lift the restriction of an approved change; False if it is about another row. Connected to ``weaker_rows``.

    Raises what a check before a lift raises (``checks_before_lift``), such as that the person was not informed.
    """
    if change.kind != SafeguardKind.RESTRICTION:
        return False
    restriction = Restriction.objects.get(pk=change.row)
    for check in checks_before_lift:
        check(restriction, at)
    _close_limit(restriction, "restriction.lifted", actor=actor, reason=reason, at=at)
    return True


@transaction.atomic
def object_to_purpose(
    subject: Subject, *, purpose_code: str, actor: Actor, reason: Reason | str, at: datetime
) -> Objection:
    """Record a person's objection to a purpose based on legitimate interest (GDPR Art. 21).

    Returns the objection in force if there is one. Raises AlreadyErased, ValidationError for an unknown purpose,
    NotLegitimateInterest for a purpose on another basis in all of the person's roles, NotAllowed.
    """
    own = {"client_id": subject.client_id, "subject": subject, "purpose_code": purpose_code}
    advisory_lock(f"objection/{subject.client_id}/{subject.id}/{purpose_code}")
    if found := Objection.objects.active(at).filter(**own).first():
        _require_capability(found, actor)
        return found
    opened = _open_limit(Objection(**own, starts_at=at), "objection.opened", actor=actor, reason=reason, at=at)
    bases = current_register(subject.client_id).bases_for(purpose_code, subject.roles, at)
    if all(rule.basis != Basis.LEGITIMATE_INTEREST for rule in bases):
        raise NotLegitimateInterest
    return opened


@transaction.atomic
def withdraw_objection(objection: Objection, *, actor: Actor, reason: Reason | str, at: datetime) -> Objection:
    """Withdraw an objection from now on, by the person's own word on their page; in a sandbox by anyone.

    Raises NotAllowed; two officers may overrule it (``rights.limits``, GDPR Art. 21(1)).
    """
    if actor.acts_for != objection.subject_id and not is_in_sandbox():
        raise NotAllowed("Only the person withdraws an objection.")
    return end_objection(objection, actor=actor, reason=reason, at=at)


def end_objection(objection: Objection, *, actor: Actor, reason: Reason | str, at: datetime) -> Objection:
    """End an objection that the person withdrew, or that two officers overruled, from now on. Raises NotAllowed."""
    return _close_limit(objection, "objection.lifted", actor=actor, reason=reason, at=at)


def _require_capability(limit: Restriction | Objection, actor: Actor) -> None:
    """Allow people to object and withdraw an objection; restrictions require an officer."""
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
        enqueue_limit_orders(limit, _STEPS[kind], reason=reason)
    return limit
