"""Selectors for messages and their delivery status."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """Delivery status of a message: ``state`` is queued, sent or failed; without address and text.

    ``user_id`` is the recipient if a member of staff, ``subject_id`` if a data subject, else None.
    """

    id: UUID
    user_id: UUID | None
    subject_id: UUID | None
    kind: str
    channel: str
    language: str
    state: str
    attempts: int
    last_error: str
    queued_at: datetime
    sent_at: datetime | None


def list_messages(actor: Actor) -> QuerySet[Letter]:
    """Return the messages of every client the actor may see.

    Raises NotAllowed.
    """
    require(actor, Capability.VIEW_MESSAGES)
    return Letter.objects.select_related("subject").defer("context", "address")


def list_messages_about(related_id: UUID, *, actor: Actor) -> list[MessageStatus]:
    """Return the delivery status of all messages about a request, invitation or notice, oldest first.

    Raises NotAllowed.
    """
    found = list_messages(actor).filter(related_id=related_id).order_by("queued_at", "id")
    return [
        MessageStatus(
            id=one.id,
            user_id=one.user_id,
            subject_id=one.subject_id,
            kind=one.kind,
            channel=one.channel,
            language=one.language,
            state=one.state,
            attempts=one.attempts,
            last_error=one.last_error,
            queued_at=one.queued_at,
            sent_at=one.sent_at,
        )
        for one in found
    ]
