"""What needs two people: how far a change is that waits, who may settle it, and what the database holds of it.

A change that would take protection away is asked for by one person and has no effect until another, one who may
(``Capability.SETTLE_CHILD_CHANGES``), approves it. Who asked may only decline (decisions 0029 and 0034).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import ByKind

__all__ = ["ChangeSettled", "ChangeState", "SamePerson", "by_two_people", "require_settler", "settle"]


class ChangeState(models.TextChoices):
    """How far a change is that needs a second person."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    REPLACED = "replaced", _("Replaced by a later one")


class SamePerson(Exception):
    """Whoever asked for this may not approve it: it takes two people."""


class ChangeSettled(Exception):
    """It was approved, declined or replaced before."""


def by_two_people(name: str) -> list[models.CheckConstraint]:
    """Give the constraints of a table of changes: nobody approves their own, and what is settled names by whom.

    ``name`` begins the constraints' names; the table has ``state``, ``requested_by``, ``settled_by``, ``settled_at``.
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


def require_settler(actor: Actor, client_id: UUID) -> None:
    """Let only people settle changes, and only those who may for this client. Raises NotAllowed."""
    require(actor, Capability.SETTLE_CHILD_CHANGES, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only people settle changes.")


def settle[Change: Any](change: Change, *, approve: bool, actor: Actor, at: datetime) -> Change:
    """Lock a waiting change and mark it as approved or declined, for the caller to save; returns it as it is kept.

    Whom it is about is locked before. Raises ChangeSettled; SamePerson if who asked for it approves it.
    """
    kept: Change = type(change).objects.select_for_update().get(pk=change.pk, client_id=change.client_id)
    if kept.state != ChangeState.WAITING:
        raise ChangeSettled
    if approve and kept.requested_by == actor.id:
        raise SamePerson
    kept.state = ChangeState.APPROVED if approve else ChangeState.DECLINED
    kept.settled_by, kept.settled_at = actor.id, at
    return kept
