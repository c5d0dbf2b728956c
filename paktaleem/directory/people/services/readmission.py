"""Readmission: someone erased may be registered again, but only if two people say so (DESIGN §4)."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.directory.people.models import Readmission, Subject
from paktaleem.directory.people.selectors import tombstone
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.secondperson import SamePerson
from paktaleem.foundation.audit.by import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.ids import new_id

__all__ = ["AlreadyAsked", "NotErased", "SamePerson", "approve_readmission", "request_readmission"]

_WHY = Reason.SUBJECT_REQUEST
_TOMBSTONE_BYTES = 32


class NotErased(LookupError):
    """Nobody with this LMS id stands erased at this client."""


class AlreadyAsked(Exception):
    """The readmission of this person was requested, or approved, before."""


@transaction.atomic
def request_readmission(external_id: str, *, actor: Actor, client_id: UUID, at: datetime) -> Readmission:
    """Ask that the erased person with this LMS id may be registered again; a second person must approve.

    Raises NotErased, AlreadyAsked, NotAllowed.
    """
    _require_person(actor, client_id)
    subject = (
        Subject.objects.select_for_update()
        .filter(client_id=client_id, tombstone=tombstone(client_id, external_id))
        .first()
    )
    if subject is None:
        raise NotErased
    if Readmission.objects.filter(client_id=client_id, subject=subject).exists():
        raise AlreadyAsked
    asked = Readmission(id=new_id(), client_id=client_id, subject=subject, requested_by=actor.id, requested_at=at)
    save_tracked(asked, actor=actor, reason=_WHY, at=at)
    _record("readmission.requested", asked, actor, at)
    return asked


@transaction.atomic
def approve_readmission(asked: Readmission, *, actor: Actor, at: datetime) -> Readmission:
    """Approve a readmission: the tombstone is rubbed out, so the next sync may register the person anew.

    What was erased stays erased: the person comes back with a new row and a new key.
    Raises SamePerson, AlreadyAsked if it was approved before, NotAllowed.
    """
    _require_person(actor, asked.client_id)
    asked = Readmission.objects.select_for_update().get(id=asked.id, client_id=asked.client_id)
    if asked.approved_at is not None:
        raise AlreadyAsked
    if asked.requested_by == actor.id:
        raise SamePerson
    asked.approved_by, asked.approved_at = actor.id, at
    save_tracked(asked, actor=actor, reason=_WHY, at=at)
    subject = Subject.objects.select_for_update().get(id=asked.subject_id, client_id=asked.client_id)
    subject.tombstone, subject.changed_at = secrets.token_bytes(_TOMBSTONE_BYTES), at
    save_tracked(subject, actor=actor, reason=_WHY, at=at)
    _record("readmission.approved", asked, actor, at)
    return asked


def _require_person(actor: Actor, client_id: UUID) -> None:
    """Let only people decide who may erase: neither keys nor tasks."""
    require(actor, Capability.ERASE_SUBJECTS, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only people readmit.")


def _record(kind: str, asked: Readmission, actor: Actor, at: datetime) -> None:
    facts = {"readmission": str(asked.id)}
    record_entry(kind, client_id=asked.client_id, subject_id=asked.subject_id, facts=facts, actor=actor, at=at)
