"""Services that lock a membership which no one confirmed in a review of access, and restore it (decision 0094)."""

from datetime import datetime

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.staff_accounts import Stamp, notify_of_role, notify_owner, record_membership
from paktaleem.foundation.accounts.staff_ties import TieKind, add_ties
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked


@transaction.atomic
def suspend_membership(membership: Membership, *, actor: Actor, at: datetime) -> bool:
    """Lock a membership from the user's next request on, and inform them; return False if it has ended or is locked.

    ``at`` is on the system clock. Raises NotAllowed.
    """
    require(actor, Capability.LOCK_ACCESS, membership.client_id)
    row = _lock(membership)
    if row.ends_at is not None or row.suspended_at is not None:
        return False
    row.suspended_at = at
    save_tracked(row, actor=actor, reason=Reason.REVIEW, at=at)
    entry = record_membership("membership.suspended", row, Stamp(actor, Reason.REVIEW, at, ()))
    notify_owner(row.user_id, "role_locked", entry_id=entry.id, at=at)
    return True


@transaction.atomic
def restore_membership(membership: Membership, *, actor: Actor, reason: Reason | str, at: datetime) -> bool:
    """Restore a locked membership, which ties its holder to the actor; return False if it has ended or is not locked.

    ``at`` is on the system clock. Raises NotAllowed.
    """
    require(actor, Capability.REVIEW_ACCESS, membership.client_id)
    row = _lock(membership)
    if row.ends_at is not None or row.suspended_at is None:
        return False
    row.suspended_at = None
    save_tracked(row, actor=actor, reason=reason, at=at)
    add_ties(row.user_id, TieKind.ENABLED, makers=(actor.id,), at=at)
    entry = record_membership("membership.restored", row, Stamp(actor, reason, at, ()))
    notify_of_role(row.user, entry_id=entry.id, at=at)
    return True


def _lock(membership: Membership) -> Membership:
    """Lock the user before the membership, as approvals do, and return the stored membership."""
    User.objects.select_for_update().get(pk=membership.user_id)
    found: Membership = Membership.objects.select_for_update().get(pk=membership.pk)
    return found
