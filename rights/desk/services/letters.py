"""Send a letter about a request, or record that it was printed and handed over."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id
from rights.desk.messages import LETTER
from rights.desk.models.letters import RequestLetter, Way
from rights.requests.letters import ANSWERS, Occasion
from rights.requests.models.requests import RightsRequest
from rights.requests.models.timeline import PauseCause, RequestPause
from rights.requests.sealing import seal_text
from rights.requests.services.clock import pause_request
from rights.requests.services.steps import lock_open_request, record_step

_PAUSES = {Occasion.IDENTITY: PauseCause.IDENTITY, Occasion.CLARIFICATION: PauseCause.CLARIFICATION}
_ELSEWHERE = ANSWERS | {Occasion.NOTICE}


class CannotMail(PortalError):
    """There is no email address on file, or it changed less than 72 hours ago."""

    console_message = "No email address that has been on file for 72 hours is known: print the letter and hand it over."


def may_mail(request: RightsRequest, at: datetime) -> bool:
    """Return True if the sender has an email address on file that has not changed in the last 72 hours."""
    sender = request.sender
    return (
        sender is not None and sender.erased_at is None and sender.email is not None and is_contact_settled(sender, at)
    )


@transaction.atomic
def send_letter(
    request: RightsRequest,
    *,
    occasion: Occasion | str,
    text: str,
    way: Way | str,
    language: str = "",
    pauses: bool = False,
    actor: Actor,
    at: datetime,
) -> RequestLetter:
    """Send a letter in these words to the contact on file, or record it as handed over; its text is kept sealed.

    ``pauses`` pauses the clock, for a letter that asks the person for something. The answer and the reasoned notice are
    written with ``answer_request`` and ``extend_request``. Raises ValidationError naming the field, CannotMail,
    AlreadyPaused, AlreadyAnswered, RequestEnded, CannotOpen, NotAllowed.
    """
    require(actor, Capability.ANSWER_RIGHTS_REQUESTS, request.client_id)
    occasion, way = Occasion(occasion), Way(way)
    _check(occasion, text)
    request = lock_open_request(request)
    row = RequestLetter(
        id=new_id(), client_id=request.client_id, request=request, occasion=occasion.value, way=way, at=at
    )
    row.language = language or request.language
    row.actor_kind, row.actor_id, row.actor_role = actor.kind.value, actor.id, actor.role
    row.text = seal_text(request, text.strip(), row=row, field="text")
    row.message_id = _send(request, row.language, text, actor, at) if way is Way.MAIL else None
    row.save(force_insert=True)
    facts = {"letter": str(row.pk), "occasion": row.occasion, "way": way.value}
    record_step("rights_request.letter_sent", request, actor, at, facts)
    if pauses and occasion in _PAUSES and not _is_paused(request):
        pause_request(request, cause=_PAUSES[occasion], actor=actor, at=at)
    return row


def _check(occasion: Occasion, text: str) -> None:
    if occasion in _ELSEWHERE:
        raise ValidationError({"occasion": [_("Write it with Answer or Extend it, which change the clock.")]})
    if not text.strip():
        raise ValidationError({"text": [_("Write the letter.")]})


def _send(request: RightsRequest, language: str, text: str, actor: Actor, at: datetime) -> UUID:
    sender = request.sender
    if sender is None or not may_mail(request, at):
        raise CannotMail
    context = {"number": request.number, "text": text.strip()}
    told: dict[str, Any] = {"language": language, "related_id": request.pk, "actor": actor, "at": at}
    return send_message(LETTER.code, to=sender, client_id=request.client_id, context=context, **told).pk


def _is_paused(request: RightsRequest) -> bool:
    own = RequestPause.objects.filter(client_id=request.client_id, request=request, ends_at=None)
    return request.answered_at is not None or own.exists()
