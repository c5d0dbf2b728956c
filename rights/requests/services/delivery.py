"""Record when the answer or the reasoned notice reached the person: by email, or handed over by staff."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from rights.requests.messages import ANSWER, NOTICE
from rights.requests.models.requests import RightsRequest
from rights.requests.models.timeline import RequestExtension
from rights.requests.services.clock import TooLate, update_dates
from rights.requests.services.steps import lock_open_request, lock_request, record_step


class NothingToDeliver(PortalError):
    """The person has everything that was written to them."""

    console_message = "The person already has the answer, or nothing was written yet."


def find_undelivered(request: RightsRequest) -> str:
    """Return what was written and has not reached the person: ``answer``, ``notice``, or nothing."""
    if request.answered_at is not None:
        return "" if request.delivered_at else "answer"
    extensions = RequestExtension.objects.filter(client_id=request.client_id, request=request)
    return "notice" if request.notice_at is None and extensions.exists() else ""


@transaction.atomic
def record_delivery(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """Record that staff handed over the answer, or before it the notice: only then it counts for the clock.

    Raises NothingToDeliver, TooLate for a notice from the due date on, RequestEnded, NotAllowed.
    """
    require(actor, Capability.ANSWER_RIGHTS_REQUESTS, request.client_id)
    request = lock_open_request(request)
    what = find_undelivered(request)
    if not what:
        raise NothingToDeliver
    if what == "notice" and at >= request.due_at:
        raise TooLate
    _set_delivered(request, what, at, at)
    record_step("rights_request.delivered", request, actor, at, {"what": what})
    return request


def record_letter_outcome(letter: Letter, actor: Actor, at: datetime) -> None:
    """Record that the email with an answer or a notice failed, or was sent after all (``mail.letter_outcomes``)."""
    what = {ANSWER.code: "answer", NOTICE.code: "notice"}.get(letter.kind)
    if what is None or letter.related_id is None:
        return
    request = lock_request(RightsRequest(pk=letter.related_id, client_id=letter.client_id))
    is_sent = letter.state == LetterState.SENT
    if is_sent == _is_delivered(request, what):
        return
    _set_delivered(request, what, at if is_sent else None, at)
    kind = "rights_request.delivered" if is_sent else "rights_request.undelivered"
    record_step(kind, request, actor, at, {"what": what})


def _is_delivered(request: RightsRequest, what: str) -> bool:
    return (request.delivered_at if what == "answer" else request.notice_at) is not None


def _set_delivered(request: RightsRequest, what: str, moment: datetime | None, at: datetime) -> None:
    if what == "answer":
        request.delivered_at = moment
    else:
        request.notice_at = moment
    update_dates(request, at)
