"""Readmission: an erased person may be registered again if two people approve it."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from paktaleem.directory.people.models import Readmission, Subject
from paktaleem.directory.people.selectors import tombstone_of
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import require_second_person
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id

_WHY = Reason.SUBJECT_REQUEST
_TOMBSTONE_BYTES = 32


class NotErased(PortalError, LookupError):
    """This client has no erased person with this LMS id."""

    console_message = "This client has no erased person with this LMS id."


class AlreadyRequested(PortalError):
    """The readmission of this person was already requested or approved."""

    console_message = "The readmission of this person was requested before."


@transaction.atomic
def request_readmission(external_id: str, *, actor: Actor, client_id: UUID, at: datetime) -> Readmission:
    """Request that the erased person with this LMS id may be registered again; a second person must approve.

    Raises NotErased, AlreadyRequested, NotAllowed.
    """
    _require_person(actor, client_id)
    subject = (
        Subject.objects.select_for_update()
        .filter(client_id=client_id, tombstone=tombstone_of(client_id, external_id))
        .first()
    )
    if subject is None:
        raise NotErased
    if Readmission.objects.filter(client_id=client_id, subject=subject).exists():
        raise AlreadyRequested
    readmission = Readmission(id=new_id(), client_id=client_id, subject=subject, requested_by=actor.id, requested_at=at)
    save_tracked(readmission, actor=actor, reason=_WHY, at=at)
    _record("readmission.requested", readmission, actor, at)
    return readmission


@transaction.atomic
def approve_readmission(readmission: Readmission, *, actor: Actor, at: datetime) -> Readmission:
    """Approve a readmission: the tombstone is replaced, so that the next sync may register the person again.

    Erased data is not restored: the person gets a new row and a new key. Raises ApproverIsRequester,
    ApproverNotIndependent, AlreadyRequested if it was
    already approved, NotAllowed.
    """
    _require_person(actor, readmission.client_id)
    readmission = Readmission.objects.select_for_update().get(id=readmission.id, client_id=readmission.client_id)
    if readmission.approved_at is not None:
        raise AlreadyRequested
    require_second_person(actor, requested_by=readmission.requested_by, at=to_wall_clock(at))
    readmission.approved_by, readmission.approved_at = actor.id, at
    save_tracked(readmission, actor=actor, reason=_WHY, at=at)
    subject = Subject.objects.select_for_update().get(id=readmission.subject_id, client_id=readmission.client_id)
    subject.tombstone, subject.changed_at = secrets.token_bytes(_TOMBSTONE_BYTES), at
    save_tracked(subject, actor=actor, reason=_WHY, at=at)
    _record("readmission.approved", readmission, actor, at)
    return readmission


def _require_person(actor: Actor, client_id: UUID) -> None:
    """Require a user: neither API keys nor tasks may decide about readmission. Raises NotAllowed."""
    require(actor, Capability.ERASE_SUBJECTS, client_id)
    if actor.kind is not ByKind.USER:
        raise NotAllowed("Only a user may decide about a readmission.")


def _record(kind: str, readmission: Readmission, actor: Actor, at: datetime) -> None:
    facts = {"readmission": str(readmission.id)}
    record_entry(
        kind, client_id=readmission.client_id, subject_id=readmission.subject_id, facts=facts, actor=actor, at=at
    )
