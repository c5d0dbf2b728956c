"""Assign a request to a colleague, and write sealed notes about it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from rights.requests.models.requests import RightsRequest
from rights.requests.models.timeline import RequestNote
from rights.requests.sealing import open_text, seal_text
from rights.requests.services.steps import lock_open_request, record_step


def list_assignees(request: RightsRequest, *, actor: Actor, at: datetime) -> list[User]:
    """List who may be assigned a request: PakTaleem's officers for an officer, a client's administrators for one."""
    if actor.client_id is None:
        return list_staff(PAKTALEEM, Role.PRIVACY_OFFICER, at=at)
    return list_staff(request.client_id, Role.CLIENT_ADMIN, at=at)


@transaction.atomic
def assign_request(request: RightsRequest, *, assignee: User | None, actor: Actor, at: datetime) -> RightsRequest:
    """Assign a request to a colleague, or to no one. Raises RequestEnded, NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    request = lock_open_request(request)
    request.assignee = assignee
    record_step("rights_request.assigned", request, actor, at, {"user": str(assignee.pk) if assignee else None})
    return request


@transaction.atomic
def add_note(request: RightsRequest, *, text: str, actor: Actor, at: datetime) -> RequestNote:
    """Add a note, sealed under the request's key (decision 0063).

    Raises ValidationError, CannotOpen, RequestEnded, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    if not text.strip():
        raise ValidationError({"text": [_("Write the note.")]})
    request = lock_open_request(request)
    note = RequestNote(id=new_id(), client_id=request.client_id, request=request, at=at)
    note.text = seal_text(request, text.strip(), row=note, field="text")
    note.actor_kind, note.actor_id, note.actor_role = actor.kind.value, actor.id, actor.role
    note.save(force_insert=True)
    record_step("rights_request.note_added", request, actor, at)
    return note


def read_notes(request: RightsRequest, *, actor: Actor) -> list[tuple[datetime, str, str]]:
    """Return time, role of the author and text of each note; reading the request is recorded by ``read_request``.

    Raises CannotOpen, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    notes = RequestNote.objects.filter(client_id=request.client_id, request=request)
    return [(note.at, note.actor_role, open_text(request, row=note, field="text")) for note in notes]
