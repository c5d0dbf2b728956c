"""What every step of an invitation does: move its state as the machine allows, and write the entry."""

from typing import Any

from django.db.models import QuerySet

from children.guardians.models.rows import by_columns
from children.invitations.models import Invitation
from children.invitations.states import OPEN, may_become
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.turns import take_turn

__all__ = ["locked_open", "move", "new_invitation", "take_guardian", "write_down"]


def take_guardian(guardian: Subject) -> None:
    """Have whatever is done about one guardian's invitations follow one another."""
    take_turn(f"invitations/{guardian.client_id}/{guardian.pk}")


def locked_open(child: Subject, guardian: Subject) -> Invitation | None:
    """Return, locked, the invitation of this guardian about this child that still awaits an answer."""
    return _open_of(child, guardian).select_for_update().first()


def _open_of(child: Subject, guardian: Subject) -> QuerySet[Invitation]:
    return Invitation.objects.filter(client_id=child.client_id, child=child, guardian=guardian, state__in=sorted(OPEN))


def new_invitation(child: Subject, guardian: Subject, *, actor: Actor, **columns: Any) -> Invitation:
    """Write the row of a new invitation."""
    row = Invitation(client_id=child.client_id, child=child, guardian=guardian, **columns, **by_columns(actor))
    row.save(force_insert=True)
    return row


def move(row: Invitation, after: str, **columns: Any) -> bool:
    """Move an invitation if its state allows it, with what changes beside; say whether it did."""
    if row.state != after and not may_become(row.state, after):
        return False
    for name, value in {"state": after, **columns}.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *columns])
    return True


def write_down(kind: str, row: Invitation, *, actor: Actor, at: Any, **facts: Any) -> None:
    """Write the entry of a step about the child, with the channel and the code of what is wrong as they stand then."""
    told = {
        "invitation": str(row.pk),
        "guardian": str(row.guardian_id),
        "state": str(row.state),
        "channel": str(row.channel),
        "problem": str(row.problem),
        **facts,
    }
    record_entry(kind, client_id=row.client_id, subject_id=row.child_id, facts=told, actor=actor, at=at)
