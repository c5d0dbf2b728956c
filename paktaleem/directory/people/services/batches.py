"""Register or update many people in one act, all or nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.directory.people.extension_points import event_recorded
from paktaleem.directory.people.models import Subject, SubjectEvent, SubjectEventKind
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import (
    apply_confirmed_change,
    claim_guardian,
    end_other_claims,
    lock_subject,
    register_subject,
)
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns, save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_locks


class BatchRefused(Exception):
    """Some of the people cannot be registered, so none is; ``reasons`` maps positions to errors."""

    def __init__(self, reasons: Mapping[int, ValidationError | AlreadyErased]) -> None:
        super().__init__(f"{len(reasons)} of the people cannot be registered.")
        self.reasons = reasons


@transaction.atomic
def register_subjects(
    people: Sequence[Mapping[str, Any]], *, client: Client, actor: Actor, at: datetime
) -> list[tuple[Subject, bool]]:
    """Register or update each person as ``register_subject`` does, with their ``guardians``, in one transaction.

    Concurrent batches take their locks in the same order, so they do not deadlock. Raises BatchRefused with the reason
    for every person refused, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, client.id)
    guardians = (guardian for person in people for guardian in person.get("guardians", ()))
    advisory_locks({f"subject/{client.id}/{one['external_id']}" for one in (*people, *guardians)})
    common: dict[str, Any] = {"client": client, "actor": actor, "at": at}
    done, reasons = [], {}
    for place, person in enumerate(people):
        try:
            done.append(_register(dict(person), common))
        except (ValidationError, AlreadyErased) as error:
            reasons[place] = error
    if reasons:
        raise BatchRefused(reasons)
    return done


@transaction.atomic
def _register(person: dict[str, Any], common: dict[str, Any]) -> tuple[Subject, bool]:
    external_id, guardians = person.pop("external_id"), person.pop("guardians", None)
    subject, is_new = register_subject(external_id, details=person, **common)
    if guardians is not None:
        register_guardians(subject, guardians, **common)
    return subject, is_new


@transaction.atomic
def register_guardians(
    child: Subject, guardians: Sequence[Mapping[str, Any]], *, client: Client, actor: Actor, at: datetime
) -> None:
    """Register the guardians that the school names for a child, and claim them; the claims of all others end.

    One who is registered in another role keeps it too. Raises ValidationError, AlreadyErased, NotAllowed.
    """
    if any(given["external_id"].strip() == child.external_id for given in guardians):
        raise ValidationError({"guardians": ["A person cannot be their own guardian."]})
    named = []
    for given in guardians:
        details = {"role": "guardian", **given}
        relationship, external_id = details.pop("relationship"), details.pop("external_id")
        guardian, _ = register_subject(external_id, details=details, client=client, adds_role=True, actor=actor, at=at)
        claim_guardian(child, guardian=guardian, relationship=relationship, actor=actor, at=at)
        named.append(guardian)
    end_other_claims(child, named=named, actor=actor, at=at)


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

    The event that happened last says whether the account is open, not one reported late. Raises ValidationError for a
    time in the future, AlreadyErased, NotAllowed.
    """
    require(actor, Capability.REGISTER_SUBJECTS, subject.client_id)
    if happened_at > at:
        raise ValidationError({"happened_at": ["Send a time in the past."]})
    subject = lock_subject(subject.pk, client_id=subject.client_id)
    event = SubjectEvent(client_id=subject.client_id, subject=subject, kind=kind)
    event.happened_at, event.recorded_at = happened_at, at
    event.actor_kind, event.actor_id, event.actor_role = actor_columns(actor)
    event.clean_fields()
    event.save(force_insert=True)
    facts = {"event": str(event.id), "happened_at": happened_at.isoformat()}
    record_entry(f"subject.{kind}", client_id=subject.client_id, subject_id=subject.id, facts=facts, actor=actor, at=at)
    others = SubjectEvent.objects.filter(client_id=event.client_id, subject_id=event.subject_id).exclude(kind=kind)
    if not others.filter(happened_at__gt=happened_at).exists():  # of two at the same time the last recorded counts
        _apply(event, subject, actor=actor, reason=reason, at=at)
    for handler in event_recorded:
        handler(event, actor, at)
    return event


def _apply(event: SubjectEvent, subject: Subject, *, actor: Actor, reason: Reason, at: datetime) -> None:
    """Open or close the account; an account that a roster disabled is enabled again by its use."""
    is_open = event.kind == SubjectEventKind.ACTIVE
    if is_open and not subject.is_enabled:
        apply_confirmed_change(subject, {"is_enabled": True}, actor=actor, reason=reason, at=at)
    elif is_open != subject.is_account_open:
        subject.account_closed_at = None if is_open else event.happened_at
        subject.changed_at = at
        save_tracked(subject, actor=actor, reason=reason, at=at)
