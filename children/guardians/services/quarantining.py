"""Holding a person's data back: from then on nothing is allowed but deleting it (policy §8)."""

from datetime import datetime

from django.db import transaction

from children.guardians.models import Quarantine, QuarantineCause
from children.guardians.services.locking import locked_child
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry

__all__ = ["NotHeldBack", "quarantine", "release"]


class NotHeldBack(Exception):
    """The person's data is not held back."""


@transaction.atomic
def quarantine(
    subject: Subject,
    *,
    cause: QuarantineCause | str,
    actor: Actor,
    reason: Reason | str = Reason.INCIDENT,
    at: datetime,
) -> Quarantine:
    """Hold a person's data back; once more changes nothing. Raises AlreadyErased, NotAllowed."""
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    subject = locked_child(subject)
    held = Quarantine.objects.filter(client_id=subject.client_id, subject=subject, ends_at=None).first()
    if held is not None:
        return held
    held = Quarantine(client_id=subject.client_id, subject=subject, cause=QuarantineCause(cause), starts_at=at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record("subject.quarantined", held, actor, at)
    return held


@transaction.atomic
def release(subject: Subject, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime) -> Quarantine:
    """Hold a person's data back no longer; it stays so for the erased too. Raises NotHeldBack, NotAllowed."""
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    rows = Quarantine.objects.select_for_update().filter(client_id=subject.client_id, subject=subject)
    held = rows.filter(ends_at=None).first()
    if held is None:
        raise NotHeldBack
    held.ends_at = max(at, held.starts_at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record("subject.released", held, actor, at)
    return held


def _record(kind: str, held: Quarantine, actor: Actor, at: datetime) -> None:
    facts = {"quarantine": str(held.pk), "cause": str(held.cause)}
    record_entry(kind, client_id=held.client_id, subject_id=held.subject_id, facts=facts, actor=actor, at=at)
