"""Acts of staff on messages: read them, take out a file, make a request of one, or settle it."""

import re
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from paktaleem.directory.files.models import SealedFile
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.first_rows import FirstRows, take_first
from rights.mailbox.contents import Content, move_to_request, open_content, open_file
from rights.mailbox.data_kinds import list_settled
from rights.mailbox.models import Direction, MailMessage, MessageState
from rights.mailbox.services.receiving import create_request
from rights.requests.models.requests import RightsRequest
from rights.requests.services.intake import read_request

MOST_MESSAGES = 100
"""Messages of a request that are listed and read at once."""
_AT_ONCE = 500
_UNSAFE = re.compile(r"[^\w .()\-]|^[. ]+", re.UNICODE)
_LONGEST_NAME = 80


class NothingToSettle(PortalError):
    """The message does not wait for an officer."""

    console_message = "This message does not wait for anyone."


class NotReadable(PortalError):
    """The message could not be read, so it makes no request by itself."""

    console_message = "This message could not be read: record the request on the person’s page."


class OpenedFile(NamedTuple):
    """A file of a message to be downloaded: a safe name and the bytes."""

    name: str
    content: bytes


def list_messages_of(request: RightsRequest) -> QuerySet[MailMessage]:
    """List the received messages of a request, oldest first, without their content."""
    own = MailMessage.objects.filter(client_id=request.client_id, request=request, direction=Direction.IN)
    return own.defer("content").order_by("received_at", "pk")


def list_file_sizes(message: MailMessage) -> list[tuple[UUID, int]]:
    """List the files of a message by id, with their sizes in bytes."""
    files = SealedFile.objects.filter(client_id=message.client_id, package=message.pk, subject=None)
    return list(files.order_by("pk").values_list("pk", "size"))


@transaction.atomic
def read_message(message: MailMessage, *, actor: Actor, reason: Reason | str, at: datetime) -> Content:
    """Return what a message says; the access is recorded first. Raises CannotOpen, NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, message.client_id)
    _record("message.read", message, actor, at, {"reason": Reason(reason).value})
    return open_content(_load(message))


@transaction.atomic
def read_messages_of_request(
    request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime
) -> FirstRows[tuple[MailMessage, Content]]:
    """Return what the messages of a request say; the access is recorded as for the request's own texts.

    Raises CannotOpen, NotAllowed.
    """
    read_request(request, actor=actor, reason=reason, at=at)
    own = MailMessage.objects.filter(client_id=request.client_id, request=request, content__isnull=False)
    found = take_first(own.select_related("request").order_by("received_at", "pk"), MOST_MESSAGES)
    return found.map(lambda one: (one, open_content(one)))


@transaction.atomic
def take_file(message: MailMessage, *, file: UUID, actor: Actor, reason: Reason | str, at: datetime) -> OpenedFile:
    """Return a file of a message for download; the access is recorded first. The portal never opens or shows it.

    Raises SealedFile.DoesNotExist, CannotOpen, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, message.client_id)
    _record("message.file_taken", message, actor, at, {"file": str(file), "reason": Reason(reason).value})
    row = _load(message)
    content = open_content(row)
    kept = next((one for one in content.files if one.id == file), None)
    if kept is None:
        raise SealedFile.DoesNotExist
    return OpenedFile(_safe_name(kept.name), open_file(row, content, kept))


@transaction.atomic
def make_request_of_message(message: MailMessage, *, kinds: list[str], actor: Actor, at: datetime) -> RightsRequest:
    """Make a request of a message that was set aside; its clock started when the message was received.

    Follows policy §13, decision 0067. Raises NothingToSettle, NotReadable, ValidationError, CannotOpen, NotAllowed.
    """
    require(actor, Capability.TRIAGE_RIGHTS_REQUESTS, message.client_id)
    row = _lock_waiting(message)
    mail = open_content(row).mail
    if mail is None:
        raise NotReadable
    client = Client.objects.get(pk=row.client_id)
    request = create_request(mail, client=client, kinds=kinds, received_at=row.received_at, actor=actor, at=at)
    move_to_request(row, request)
    row.state, row.settled_at = MessageState.REQUEST, at
    row.save()
    _record("message.settled", row, actor, at, {"rights_request": str(request.pk)})
    return request


@transaction.atomic
def settle_message(message: MailMessage, *, actor: Actor, at: datetime) -> MailMessage:
    """Record that a message needs nothing more; its content is deleted after the period ``MAILBOX_MESSAGES``.

    Raises NothingToSettle, NotAllowed.
    """
    require(actor, Capability.TRIAGE_RIGHTS_REQUESTS, message.client_id)
    row = _lock_waiting(message)
    row.state, row.settled_at = MessageState.SETTLED, at
    row.save(update_fields=["state", "settled_at"])
    _record("message.settled", row, actor, at)
    return row


@transaction.atomic
def purge_settled_messages(client_id: UUID, *, at: datetime) -> int:
    """Destroy the keys of messages settled some time ago (``MAILBOX_MESSAGES``); return how many, up to 500.

    Messages of a request are deleted with the key of the request.
    """
    old = list_settled(at).filter(client_id=client_id)
    due = old.order_by("settled_at").select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
    rows = MailMessage.objects.filter(client_id=client_id, pk__in=list(due[:_AT_ONCE]))
    return int(rows.update(content=None, epoch=None, wrapped=None))


def _load(message: MailMessage) -> MailMessage:
    found: MailMessage = MailMessage.objects.select_related("request").get(pk=message.pk, client_id=message.client_id)
    return found


def _lock_waiting(message: MailMessage) -> MailMessage:
    rows = MailMessage.objects.select_for_update(of=("self",))
    row: MailMessage = rows.get(pk=message.pk, client_id=message.client_id)
    if not row.needs_attention:
        raise NothingToSettle
    return row


def _record(kind: str, message: MailMessage, actor: Actor, at: datetime, facts: dict[str, str] | None = None) -> None:
    about = {"message": str(message.pk), **(facts or {})}
    record_entry(kind, client_id=message.client_id, subject_id=None, facts=about, actor=actor, at=at)


def _safe_name(name: str) -> str:
    """Return a file name without folders, control characters and leading dots; the end is kept."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNSAFE.sub("_", last.strip())[-_LONGEST_NAME:] or "file"
