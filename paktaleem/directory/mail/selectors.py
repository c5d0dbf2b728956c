"""Reading what became of letters."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability

__all__ = ["LetterProof", "letters", "letters_about"]


@dataclass(frozen=True, slots=True)
class LetterProof:
    """What can be shown of one letter: ``state`` is queued, sent or failed; no address and no text.

    ``user_id`` is the member of staff it went to, if it did not go to a data subject.
    """

    id: UUID
    user_id: UUID | None
    kind: str
    channel: str
    language: str
    state: str
    attempts: int
    last_error: str
    queued_at: datetime
    sent_at: datetime | None


def letters(actor: Actor) -> QuerySet[Letter]:
    """List the letters of every client the actor may see."""
    require(actor, Capability.VIEW_LETTERS)
    return Letter.objects.select_related("subject").defer("context")


def letters_about(related_id: UUID, *, actor: Actor) -> list[LetterProof]:
    """Give, oldest first, what became of each letter about a request, an invitation, a notice."""
    found = letters(actor).filter(related_id=related_id).order_by("queued_at", "id")
    return [
        LetterProof(
            id=one.id,
            user_id=one.user_id,
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
