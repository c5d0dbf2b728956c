"""Approval by a second person: states, permission checks and constraints.

Every rule of two people calls ``require_second_person`` before it approves. It refuses the person who made the request,
and anyone who created, re-enabled or recovered that person's account in the last 72 hours, or the other way round
(decisions 0029 and 0054). Declining needs no second person.
"""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _, gettext_noop

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.staff_ties import find_tied, has_issued_key
from paktaleem.foundation.audit.actors import By, ByKind
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import EFFECT_SHOWN, PortalError
from paktaleem.foundation.tenancy.models import TenantRow


class ChangeState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced by a later change")


class ApproverIsRequester(PortalError):
    console_message = "You requested this change yourself. A second person must approve it."


class ApproverNotIndependent(PortalError):
    """One of approver and requester made, re-enabled or recovered the other lately, or issued the key that requests."""

    console_message = (
        "You cannot approve what this person requested: in the last 72 hours one of you gave the other a role, "
        "re-enabled or reset the other’s account, or a reset is still open; or you issued the API key that requested "
        "it. Someone else must approve it."
    )


class ChangeAlreadyDecided(PortalError):
    """The change is already approved, declined or replaced."""

    console_message = "This change has already been approved or declined."


_WEAKENS = gettext_noop(
    "This takes protection away, or gives power: give the ground in words. It has no effect until a second person "
    "approves it."
)


class GroundNeeded(ValidationError):
    """The change waits for a second person, and the member of staff who requests it has given no ground."""

    def __init__(self) -> None:
        super().__init__({"ground": [ValidationError(_WEAKENS, code=EFFECT_SHOWN)]})


class RequestedChange(TenantRow):
    """A change that one person requests and another approves: its state, who requested it, why, and who decided it.

    ``requested_by`` and ``settled_by`` are ids of users, or of the API key that requested it. ``ground`` says in words
    why the change is lawful, without names of people; a request of an API key or of a roster has none.
    """

    state = models.CharField(max_length=16, choices=ChangeState, default=ChangeState.WAITING)
    requested_kind = models.CharField(max_length=16, editable=False)
    requested_by = models.UUIDField(editable=False)
    requested_at = models.DateTimeField(editable=False)
    ground = models.TextField(max_length=2000, blank=True)
    settled_by = models.UUIDField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


def request_change[Change: RequestedChange](change: Change, *, ground: str, actor: By, at: datetime) -> Change:
    """Set who requests an unsaved change, when and why, and return it. Raises GroundNeeded for staff without one."""
    change.ground = check_ground(ground, actor)
    change.requested_kind, change.requested_by, change.requested_at = actor.kind.value, actor.id, at
    return change


def check_ground(ground: str, actor: By) -> str:
    """Return a ground without spaces around it. Raises GroundNeeded if a member of staff gives none."""
    if actor.kind is ByKind.USER and not ground.strip():
        raise GroundNeeded
    return ground.strip()


def second_person_constraints(name: str) -> list[models.CheckConstraint]:
    return [
        models.CheckConstraint(
            condition=~Q(state=ChangeState.APPROVED) | ~Q(settled_by=F("requested_by")), name=f"{name}_by_two_people"
        ),
        models.CheckConstraint(
            condition=Q(state=ChangeState.WAITING, settled_by=None, settled_at=None)
            | (~Q(state=ChangeState.WAITING) & Q(settled_by__isnull=False, settled_at__isnull=False)),
            name=f"{name}_settled_by_someone",
        ),
    ]


_BY_STAFF = Q(requested_kind=ByKind.USER.value)


def has_a_ground(name: str, *, of: Q = _BY_STAFF) -> models.CheckConstraint:
    """Return the check constraint that a change which staff request has a ground; ``of`` are those that need one."""
    return models.CheckConstraint(condition=~of | ~Q(ground=""), name=f"{name}_has_a_ground")


def is_other_person(change: object, actor: Actor, _at: datetime) -> bool:
    """Return True unless the actor requested the change: pages offer the approval to others only."""
    return actor.id not in {getattr(change, name, None) for name in ("requested_by", "proposed_by")}


def require_approver(actor: Actor, client_id: UUID, capability: Capability = Capability.APPROVE_CHANGES) -> None:
    """Raise NotAllowed unless the actor is a person who may decide changes of this client."""
    require(actor, capability, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may approve or decline changes.")


def require_second_person(actor: Actor, *, requested_by: UUID, at: datetime) -> None:
    """Require that the actor may approve what ``requested_by`` (staff or an API key) requested (ASVS 2.3.5).

    ``at`` is on the system clock. Raises ApproverIsRequester, ApproverNotIndependent, NotAllowed.
    """
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may approve.")
    if requested_by == actor.id:
        raise ApproverIsRequester
    if find_tied(requested_by, {actor.id}, at=at) or has_issued_key(actor.id, requested_by, at=at):
        raise ApproverNotIndependent


def decide_change[Change: RequestedChange](
    change: Change, *, approve: bool, actor: Actor, at: datetime, wall_clock_at: datetime | None = None
) -> Change:
    """Lock a pending change, set it to approved or declined, and return it for the caller to save.

    ``at`` is on the clock of the current client; pass ``wall_clock_at`` too if it is on the system clock already.
    Lock the row it concerns first. Raises ChangeAlreadyDecided, and as ``require_second_person`` if it approves.
    """
    rows = type(change)._default_manager.select_for_update()
    locked: Change = rows.get(pk=change.pk, client_id=change.client_id)
    if locked.state != ChangeState.WAITING:
        raise ChangeAlreadyDecided
    if approve:
        require_second_person(actor, requested_by=locked.requested_by, at=wall_clock_at or to_wall_clock(at))
    locked.state = ChangeState.APPROVED if approve else ChangeState.DECLINED
    locked.settled_by, locked.settled_at = actor.id, at
    return locked
