"""Pause, resume and extend a request, and give the person a reasoned notice; the due date never moves."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id
from rights.clock.deadlines import LONGEST_EXTENSION, format_day
from rights.requests.messages import NOTICE
from rights.requests.models.requests import RightsRequest
from rights.requests.models.timeline import PauseCause, RequestExtension, RequestPause
from rights.requests.sealing import seal_text
from rights.requests.selectors import get_clock
from rights.requests.services.steps import lock_open_request, record_step


class AlreadyAnswered(PortalError):
    """The person already has an answer: the clock has stopped."""

    console_message = "The request is already answered."


class AlreadyPaused(PortalError):
    """A pause is running."""

    console_message = "A pause is already running."


class NotPaused(PortalError):
    """No pause is running."""

    console_message = "No pause is running."


class AlreadyExtended(PortalError):
    """A request is extended once only."""

    console_message = "The request was already extended."


class TooLate(PortalError):
    """The due date has passed: an extension must be announced before it."""

    console_message = "The due date has passed: answer the request."


@transaction.atomic
def pause_request(request: RightsRequest, *, cause: PauseCause | str, actor: Actor, at: datetime) -> RightsRequest:
    """Pause a request that waits for the person; only the expected date moves (decision 0062).

    Raises AlreadyPaused, AlreadyAnswered, RequestEnded, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    request = lock_unanswered(request)
    if _open_pauses(request).exists():
        raise AlreadyPaused
    pause = RequestPause(client_id=request.client_id, request=request, cause=PauseCause(cause), starts_at=at)
    _stamp(pause, actor).save(force_insert=True)
    update_dates(request, at)
    record_step("rights_request.paused", request, actor, at, {"cause": pause.cause})
    return request


@transaction.atomic
def resume_request(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """End the pause: the person has answered (decision 0062).

    Raises NotPaused, AlreadyAnswered, RequestEnded, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    request = lock_unanswered(request)
    pause = _open_pauses(request).select_for_update(of=("self",)).first()
    if pause is None:
        raise NotPaused
    pause.ends_at = max(at, pause.starts_at)
    pause.save(update_fields=["ends_at"])
    update_dates(request, at)
    facts = {"expected_by": request.expected_by.isoformat()}
    record_step("rights_request.resumed", request, actor, at, facts)
    return request


@transaction.atomic
def extend_request(request: RightsRequest, *, days: int, text: str, actor: Actor, at: datetime) -> RightsRequest:
    """Extend the expected date once, and send the person the reasons: the reasoned notice (GDPR Art. 12(3)).

    ``days`` is 1 to 60. ``text`` gives the reasons and what is still to come. Must be done before the due date. Staff
    hand it over if no email address is on file, or a contact changed in the last 72 hours; until they record that they
    did, the due date counts. Raises ValidationError,
    AlreadyExtended, TooLate, AlreadyAnswered, RequestEnded, NotAllowed.
    """
    require(actor, Capability.EXTEND_RIGHTS_REQUESTS, request.client_id)
    _check_extension(days, text)
    request = lock_unanswered(request)
    if at >= request.due_at:
        raise TooLate
    own: dict[str, Any] = {"client_id": request.client_id, "request": request}
    if RequestExtension.objects.filter(**own).exists():
        raise AlreadyExtended
    extension = RequestExtension(id=new_id(), days=days, at=at, **own)
    extension.reason = seal_text(request, text, row=extension, field="reason")
    _stamp(extension, actor).save(force_insert=True)
    update_dates(request, at)
    if sent := _send_notice(request, text, actor, at):
        request.notice_at = at
        update_dates(request, at)
    facts = {"expected_by": request.expected_by.isoformat(), "sent": sent}
    record_step("rights_request.extended", request, actor, at, facts)
    return request


def update_dates(request: RightsRequest, at: datetime) -> None:
    """Set the expected date and the deadline from the rows of a request; the caller saves it.

    Follows policy §9, decision 0062.
    """
    clock = get_clock(request)
    request.expected_by, request.answer_by = clock.expected_by(at), clock.answer_by(at)


def lock_unanswered(request: RightsRequest) -> RightsRequest:
    """Lock a request whose clock runs. Raises AlreadyAnswered, RequestEnded."""
    request = lock_open_request(request)
    if request.answered_at is not None:
        raise AlreadyAnswered
    return request


def _check_extension(days: int, text: str) -> None:
    if not timedelta() < timedelta(days=days) <= LONGEST_EXTENSION:
        raise ValidationError({"days": [_("Choose 1 to {days} days.").format(days=LONGEST_EXTENSION.days)]})
    if not text.strip():
        raise ValidationError({"text": [_("Give the reasons, and what is still to come.")]})


def _open_pauses(request: RightsRequest) -> Any:
    return RequestPause.objects.filter(client_id=request.client_id, request=request, ends_at=None)


def _send_notice(request: RightsRequest, text: str, actor: Actor, at: datetime) -> bool:
    sender = request.sender
    if sender is None or sender.email is None or not is_contact_settled(sender, at):
        return False
    expected = format_day(request.expected_by, request.client.time_zone)
    context = {"number": request.number, "expected": expected, "text": text}
    told: dict[str, Any] = {"language": request.language, "related_id": request.pk, "actor": actor, "at": at}
    send_message(NOTICE.code, to=sender, client_id=request.client_id, context=context, **told)
    return True


def _stamp[R: (RequestPause, RequestExtension)](row: R, actor: Actor) -> R:
    row.actor_kind, row.actor_id, row.actor_role = actor.kind.value, actor.id, actor.role
    return row
