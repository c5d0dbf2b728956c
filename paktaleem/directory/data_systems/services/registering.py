"""Register systems, and assign API keys to them."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from paktaleem.directory.data_systems.models import System, SystemKey
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given
from paktaleem.foundation.accounts.models import ERASED_DOMAIN, ApiKey
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import check_ground, require_second_person
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_FIXED = ("client_id", "code", "starts_at")
SCOPE = "orders"


class AlreadyEnded(PortalError):
    """The system or the assignment has already ended."""

    console_message = "It has already ended."


@transaction.atomic
def change_system(system: System, *, actor: Actor, reason: Reason | str, at: datetime) -> System:
    """Register a system, or change its details. Raises ValidationError naming the field, NotAllowed."""
    _require(system, actor)
    is_new = system._state.adding
    if not is_new:
        _refuse_fixed(system)
    elif system.starts_at is not None and system.starts_at < at:
        raise ValidationError({"starts_at": ["Nothing is backdated: choose now or later."]})
    system.full_clean()
    return _save("system.registered" if is_new else "system.changed", system, actor=actor, reason=reason, at=at)


def _check_proposable(system: System, actor: Actor, at: datetime) -> None:
    _check_in_use(system, actor, at)
    if system.proposed_by is not None:
        raise Refused(gettext("Someone has already proposed to end this system."))


def _get_proposer(system: System, actor: Actor, at: datetime) -> UUID:
    _check_in_use(system, actor, at)
    if system.proposed_by is None:
        raise Refused(gettext("No one has proposed to end this system."))
    return system.proposed_by


def _check_second_person(system: System, actor: Actor, at: datetime) -> None:
    require_second_person(actor, requested_by=_get_proposer(system, actor, at), at=to_wall_clock(at))


def _check_in_use(system: System, actor: Actor, at: datetime) -> None:
    _require(system, actor)
    if system.ends_at is not None and system.ends_at <= at:
        raise AlreadyEnded


@act(
    "end",
    "End system",
    Capability.MANAGE_SYSTEMS,
    lead="Orders are sent there until a second person agrees: make sure that it holds no data any more.",
    done="Proposed: a second person must agree.",
    danger=True,
    check=_check_proposable,
)
def propose_system_end(system: System, *, ground: str, actor: Actor, reason: Reason | str, at: datetime) -> System:
    """Propose to end a system that may still hold data. Raises GroundNeeded, Refused, AlreadyEnded, NotAllowed."""
    system.proposed_by, system.proposed_at, system.ground = actor.id, at, check_ground(ground, actor)
    return _save("system.end_proposed", system, actor=actor, reason=reason, at=at)


@act(
    "decline",
    "Keep the system",
    Capability.MANAGE_SYSTEMS,
    lead="The proposal to end the system is declined.",
    done="Kept.",
    check=_get_proposer,
)
def keep_system(system: System, *, actor: Actor, reason: Reason | str, at: datetime) -> System:
    """Decline a proposal to end a system. Raises Refused, AlreadyEnded, NotAllowed."""
    system.proposed_by, system.proposed_at, system.ground = None, None, ""
    return _save("system.end_declined", system, actor=actor, reason=reason, at=at)


@act(
    "agree",
    "Agree to end it",
    Capability.MANAGE_SYSTEMS,
    lead="You are the second person. No further orders are sent there, whatever data it still holds. Open orders must "
    "still be answered or waived.",
    done="Ended.",
    danger=True,
    check=_check_second_person,
)
def end_system(system: System, *, actor: Actor, reason: Reason | str, at: datetime) -> System:
    """End a system as a second person: no further orders are sent there; open ones must be answered or waived.

    Raises Refused, ApproverIsRequester, ApproverNotIndependent, AlreadyEnded, NotAllowed.
    """
    system.ends_at, system.ended_by = at, actor.id
    return _save("system.ended", system, actor=actor, reason=reason, at=at)


def _require(system: System, actor: Actor) -> None:
    require(actor, Capability.MANAGE_SYSTEMS, system.client_id)
    if system.client_id == PAKTALEEM and actor.client_id not in {None, PAKTALEEM}:
        raise NotAllowed("PakTaleem’s own systems are changed by PakTaleem only.")


def _refuse_fixed(system: System) -> None:
    before = System.objects.select_for_update().get(pk=system.pk)
    for field in _FIXED:
        if getattr(before, field) != getattr(system, field):
            raise ValidationError({field.removesuffix("_id"): ["This cannot change: end this one and add another."]})
    if before.ends_at != system.ends_at:
        raise ValidationError({"ends_at": ["Use the act “End system”."]})
    if missing := set(before.categories) - set(system.categories):
        words = gettext("Orders about this data would no longer reach the system: end it, and register another one.")
        raise ValidationError({"categories": [f"{words} ({', '.join(sorted(missing))})"]})


def forget_contacts(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Remove the contacts of a client's own systems, once its exit is certified (GDPR Art. 17)."""
    kept = System.objects.filter(client_id=client_id).exclude(contact__endswith=ERASED_DOMAIN)
    for system in kept.select_for_update():
        system.contact = f"{system.pk}{ERASED_DOMAIN}"
        _save("system.changed", system, actor=actor, reason=Reason.AGREEMENT_CHANGE, at=at)


def _save(kind: str, system: System, *, actor: Actor, reason: Reason | str, at: datetime) -> System:
    save_tracked(system, actor=actor, reason=reason, at=at)
    facts: dict[str, object] = {
        "system": str(system.pk),
        "code": system.code,
        "categories": sorted(system.categories),
        "delivery": system.delivery,
    }
    record_entry(kind, client_id=system.client_id, facts=facts, actor=actor, at=at)
    return system


@transaction.atomic
def assign_key(key: SystemKey, *, actor: Actor, reason: Reason | str, at: datetime) -> SystemKey:
    """Let a key act for a system from now on.

    Raises ValidationError if no live key of this name has the scope, or it already acts for a system; NotAllowed.
    """
    require(actor, Capability.MANAGE_SYSTEMS, key.client_id)
    key.system_owner, key.starts_at = key.system.client_id, at
    if key.system_owner not in {key.client_id, PAKTALEEM}:
        raise ValidationError({"system": [gettext("Choose a system of this client, or one of PakTaleem’s.")]})
    named = ApiKey.objects.filter(client_id=key.client_id, name=key.key_name, revoked_at=None, expires_at__gt=at)
    if not named.filter(scopes__contains=[SCOPE]).exists():
        raise ValidationError({"key_name": [gettext("No live key of this name has the scope orders.")]})
    key.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            save_tracked(key, actor=actor, reason=reason, at=at)
    except IntegrityError as error:
        if "systemkey_acts_for_one_system" not in str(error):
            raise
        raise ValidationError({"key_name": ["This key already acts for a system: end that first."]}) from error
    _record_key("system.key_let_in", key, actor, at)
    return key


@act(
    "end",
    "Stop the key from acting",
    Capability.MANAGE_SYSTEMS,
    lead="The next request for orders with this key is refused. The key itself stays valid: revoke it on the "
    "page of API keys.",
    done="Ended: the next request for orders is refused.",
    danger=True,
    lock=as_given,
)
def end_system_key(key: SystemKey, *, actor: Actor, reason: Reason | str, at: datetime) -> SystemKey:
    """Stop a key from acting for a system, from its next call on. Raises AlreadyEnded, NotAllowed."""
    key = SystemKey.objects.select_for_update().get(pk=key.pk, client_id=key.client_id)
    if key.ends_at is not None:
        raise AlreadyEnded
    key.ends_at = at
    save_tracked(key, actor=actor, reason=reason, at=at)
    _record_key("system.key_ended", key, actor, at)
    return key


def _record_key(kind: str, key: SystemKey, actor: Actor, at: datetime) -> None:
    facts = {"system": str(key.system_id), "key_name": key.key_name}
    record_entry(kind, client_id=key.client_id, facts=facts, actor=actor, at=at)
