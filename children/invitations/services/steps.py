"""Helpers of every step of an invitation: locking, state transitions and ledger entries."""

from typing import Any

from django.db.models import QuerySet

from children.guardians.models.rows import actor_fields
from children.invitations.models import Invitation
from children.invitations.states import OPEN, may_become
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.locks import advisory_lock


def lock_guardian(guardian: Subject) -> None:
    """Take an advisory lock on the guardian's invitations until the end of the transaction."""
    advisory_lock(f"invitations/{guardian.client_id}/{guardian.pk}")


def lock_open_invitation(child: Subject, guardian: Subject) -> Invitation | None:
    """Return the open invitation of this guardian about this child, locked, or None."""
    return _open_invitations(child, guardian).select_for_update().first()


def _open_invitations(child: Subject, guardian: Subject) -> QuerySet[Invitation]:
    return Invitation.objects.filter(client_id=child.client_id, child=child, guardian=guardian, state__in=sorted(OPEN))


def create_invitation(child: Subject, guardian: Subject, *, actor: Actor, **columns: Any) -> Invitation:
    """Create an invitation."""
    row = Invitation(client_id=child.client_id, child=child, guardian=guardian, **columns, **actor_fields(actor))
    row.save(force_insert=True)
    return row


def change_state(row: Invitation, after: str, **columns: Any) -> bool:
    """Change the state and other columns of an invitation if the transition is allowed; return True if it was."""
    if row.state != after and not may_become(row.state, after):
        return False
    for name, value in {"state": after, **columns}.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *columns])
    return True


def record_step(kind: str, row: Invitation, *, actor: Actor, at: Any, **facts: Any) -> None:
    """Record the ledger entry of a step, with the current state, channel and problem of the invitation."""
    entry = {
        "invitation": str(row.pk),
        "guardian": str(row.guardian_id),
        "state": str(row.state),
        "channel": str(row.channel),
        "problem": str(row.problem),
        **facts,
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=entry, actor=actor, at=at)
