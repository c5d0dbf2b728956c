"""Changes that need approval by a second person: their states, permission checks and constraints.

A change that reduces a person's protection has no effect until a second person with
``Capability.APPROVE_CHILD_CHANGES`` approves it. The person who requested it can only decline it (decisions 0029 and
0034).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.errors import PortalError

__all__ = [
    "ApproverIsRequester",
    "ChangeAlreadyDecided",
    "ChangeState",
    "decide_change",
    "require_approver",
    "second_person_constraints",
]


class ChangeState(models.TextChoices):
    """State of a change that needs a second person."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced by a later change")


class ApproverIsRequester(PortalError):
    """The person who requested the change cannot approve it."""

    console_message = "You requested this change yourself. A second person must approve it."


class ChangeAlreadyDecided(PortalError):
    """The change is already approved, declined or replaced."""

    console_message = "This change has already been approved or declined."


def second_person_constraints(name: str) -> list[models.CheckConstraint]:
    """Return check constraints for a table of changes: no self-approval, and a decision names who made it.

    ``name`` is the prefix of the constraint names. The table has ``state``, ``requested_by``, ``settled_by`` and
    ``settled_at``.
    """
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


def require_approver(actor: Actor, client_id: UUID) -> None:
    """Raise NotAllowed unless the actor is a person who may decide changes of this client."""
    require(actor, Capability.APPROVE_CHILD_CHANGES, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a signed-in person may approve or decline changes.")


def decide_change[Change: Any](change: Change, *, approve: bool, actor: Actor, at: datetime) -> Change:
    """Lock a pending change, set it to approved or declined, and return it for the caller to save.

    Lock the row it concerns first. Raises ChangeSettled if it is decided already, and SamePerson if the requester
    approves it.
    """
    locked: Change = type(change).objects.select_for_update().get(pk=change.pk, client_id=change.client_id)
    if locked.state != ChangeState.WAITING:
        raise ChangeAlreadyDecided
    if approve and locked.requested_by == actor.id:
        raise ApproverIsRequester
    locked.state = ChangeState.APPROVED if approve else ChangeState.DECLINED
    locked.settled_by, locked.settled_at = actor.id, at
    return locked
