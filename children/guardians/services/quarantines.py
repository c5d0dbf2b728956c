"""Quarantine of a person's data: while it lasts, the data may only be deleted (policy §8)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from children.guardians.models.cases import Quarantine, QuarantineCause
from children.guardians.services.locking import lock_child
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.extensions.points import ExtensionPoint

type QuarantineNeed = Callable[[Subject], bool]

quarantine_needs: ExtensionPoint[QuarantineNeed] = ExtensionPoint(
    "guardians.quarantine_needs", "Asked whether a person's quarantine is still needed, such as by an open incident."
)


class NotInQuarantine(PortalError):
    """The person's data is not in quarantine."""

    console_message = "The data is no longer in quarantine."


class QuarantineNeeded(PortalError):
    """The quarantine is still needed, such as by an open incident, and ends with it."""

    console_message = "An incident of this person is open: the quarantine ends when every system has answered."


@transaction.atomic
def quarantine(
    subject: Subject,
    *,
    cause: QuarantineCause | str,
    actor: Actor,
    reason: Reason | str = Reason.INCIDENT,
    at: datetime,
) -> Quarantine:
    """Put a person's data in quarantine, or return the open quarantine (policy §8).

    Raises AlreadyErased, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    subject = lock_child(subject, during_erasure=True)
    held = Quarantine.objects.filter(client_id=subject.client_id, subject=subject, ends_at=None).first()
    if held is not None:
        return held
    held = Quarantine(client_id=subject.client_id, subject=subject, cause=QuarantineCause(cause), starts_at=at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record_quarantine("subject.quarantined", held, actor, at)
    return held


@transaction.atomic
def release(subject: Subject, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime) -> Quarantine:
    """End the quarantine of a person's data, also of an erased person (policy §8).

    Raises QuarantineNeeded while an incident of the person is open, NotInQuarantine, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    with suppress(AlreadyErased):  # locked all the same, so that no incident opens meanwhile
        lock_child(subject, during_erasure=True)
    if any(is_needed(subject) for is_needed in quarantine_needs):
        raise QuarantineNeeded
    return end_quarantine(subject, actor=actor, reason=reason, at=at)


@transaction.atomic
def end_quarantine(
    subject: Subject, *, actor: Actor, reason: Reason | str = Reason.INCIDENT, at: datetime
) -> Quarantine:
    """End the quarantine without asking who needs it, for the app above whose need has ended.

    Raises NotInQuarantine, NotAllowed.
    """
    require(actor, Capability.QUARANTINE_SUBJECTS, subject.client_id)
    rows = Quarantine.objects.select_for_update().filter(client_id=subject.client_id, subject=subject)
    held = rows.filter(ends_at=None).first()
    if held is None:
        raise NotInQuarantine
    held.ends_at = max(at, held.starts_at)
    save_tracked(held, actor=actor, reason=reason, at=at)
    _record_quarantine("subject.released", held, actor, at)
    return held


def _record_quarantine(kind: str, held: Quarantine, actor: Actor, at: datetime) -> None:
    facts = {"quarantine": str(held.pk), "cause": str(held.cause)}
    record_entry(kind, client_id=held.client_id, subject_id=held.subject_id, facts=facts, actor=actor, at=at)
