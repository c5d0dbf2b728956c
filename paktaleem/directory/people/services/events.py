"""Account events of the learning platform: evidence from which retention periods count."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.people.models import Subject, SubjectEvent
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.services import record_entry

__all__ = ["record_subject_event"]


@transaction.atomic
def record_subject_event(
    subject: Subject, *, kind: str, happened_at: datetime, actor: Actor, at: datetime
) -> SubjectEvent:
    """Record that an account was closed or in use, with the client's time and the portal's.

    Raises ValidationError for a time in the future, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    if happened_at > at:
        raise ValidationError({"happened_at": ["Send a time in the past."]})
    event = SubjectEvent(
        client_id=subject.client_id,
        subject=subject,
        kind=kind,
        happened_at=happened_at,
        recorded_at=at,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
    )
    event.clean_fields()
    event.save(force_insert=True)
    facts = {"event": str(event.id), "happened_at": happened_at.isoformat()}
    record_entry(f"subject.{kind}", client_id=subject.client_id, subject_id=subject.id, facts=facts, actor=actor, at=at)
    return event
