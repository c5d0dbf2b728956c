"""Account events of the learning platform: they open and close an account, and retention periods count from them."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.people.models import Subject, SubjectEvent, SubjectEventKind
from paktaleem.directory.people.recorded_events import event_recorded
from paktaleem.directory.people.services.locking import lock_subject
from paktaleem.directory.people.services.people import apply_confirmed_change
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry


@transaction.atomic
def record_subject_event(
    subject: Subject,
    *,
    kind: str,
    happened_at: datetime,
    actor: Actor,
    reason: Reason = Reason.LMS_UPDATE,
    at: datetime,
) -> SubjectEvent:
    """Record that an account was closed or in use, with the client's time and the portal's.

    Of all events the one that happened last says whether the account is open: a use before the closing that is reported
    late does not reopen it. Raises ValidationError for a time in the future, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    if happened_at > at:
        raise ValidationError({"happened_at": ["Send a time in the past."]})
    subject = lock_subject(subject.pk, client_id=subject.client_id)
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
    if not _happened_before_another(event):
        _apply(event, subject, actor=actor, reason=reason, at=at)
    for handler in event_recorded:
        handler(event, actor, at)
    return event


def _happened_before_another(event: SubjectEvent) -> bool:
    """Return True if an event of another kind happened later; of two at the same time the one recorded last counts."""
    of_person = SubjectEvent.objects.filter(client_id=event.client_id, subject_id=event.subject_id)
    return of_person.exclude(kind=event.kind).filter(happened_at__gt=event.happened_at).exists()


def _apply(event: SubjectEvent, subject: Subject, *, actor: Actor, reason: Reason, at: datetime) -> None:
    """Open or close the account; an account that a roster disabled is enabled again by its use."""
    is_open = event.kind == SubjectEventKind.ACTIVE
    if is_open and not subject.is_enabled:
        apply_confirmed_change(subject, {"is_enabled": True}, actor=actor, reason=reason, at=at)
    elif is_open != subject.is_account_open:
        subject.account_closed_at = None if is_open else event.happened_at
        subject.changed_at = at
        save_tracked(subject, actor=actor, reason=reason, at=at)
