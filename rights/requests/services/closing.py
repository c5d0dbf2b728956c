"""Answer a request, close it when every system is done, and link requests that are the same."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.selectors import Parent, is_everything_answered
from paktaleem.directory.mail.services import send_message
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from rights.requests.hooks import before_answering, before_closing
from rights.requests.messages import ANSWER
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.sealing import seal_text
from rights.requests.services.clock import lock_unanswered, update_dates
from rights.requests.services.decisions import AlreadyDecided
from rights.requests.services.steps import RequestEnded, list_parts, lock_open_request, record_step
from rights.requests.states import Decision, State

__all__ = [
    "IdentityDiffers",
    "NotAnswered",
    "NotDecided",
    "NotSamePerson",
    "OrdersOpen",
    "RecordRemains",
    "answer_request",
    "close_request",
    "is_of_erased_person",
    "link_duplicate",
    "record_orders_answered",
]


class NotDecided(PortalError):
    """A part of the request is not decided yet."""

    console_message = "Not every right is decided yet."


class NotAnswered(PortalError):
    """The person has no answer yet."""

    console_message = "Answer the person first."


class OrdersOpen(PortalError):
    """A system has not answered its order, and was not waived by two people."""

    console_message = "A system has not answered yet, and was not waived."


class RecordRemains(PortalError):
    """An erasure was granted, but the person's own record in the portal is not erased yet."""

    console_message = "Erasure was granted: erase the person first."


class IdentityDiffers(PortalError):
    """The later request is not verified and names rights that the verified one does not: verify it first."""

    console_message = "The later request is not verified and asks for more: verify it first."


class NotSamePerson(PortalError):
    """Only requests of the same person can be linked."""

    console_message = "Choose another open request of the same person."


@transaction.atomic
def answer_request(request: RightsRequest, *, text: str, actor: Actor, at: datetime) -> RightsRequest:
    """Send the person the answer and keep its text; the clock stops.

    For a person without an email address on file staff hand the answer over; the timeline then says that it was not
    sent. Raises ValidationError for an empty text, NotDecided, AlreadyAnswered, RequestEnded, NotAllowed, and what
    ``hooks.before_answering`` raises.
    """
    require(actor, Capability.ANSWER_RIGHTS_REQUESTS, request.client_id)
    if not text.strip():
        raise ValidationError({"text": [_("Write the answer.")]})
    request = lock_unanswered(request)
    if any(not part.decision for part in list_parts(request)):
        raise NotDecided
    for check in before_answering:
        check(request, actor, at)
    request.answer = seal_text(request, text.strip(), row=request, field="answer")
    request.answered_at = at
    update_dates(request, at)
    record_step("rights_request.answered", request, actor, at, {"sent": _send_answer(request, text, actor, at)})
    return request


def _send_answer(request: RightsRequest, text: str, actor: Actor, at: datetime) -> bool:
    sender = request.sender
    if sender is None or sender.email is None or not request.is_identity_verified:
        return False
    context = {"number": request.number, "text": text.strip()}
    told: dict[str, Any] = {"language": request.language, "related_id": request.pk, "actor": actor, "at": at}
    send_message(ANSWER.code, to=sender, client_id=request.client_id, context=context, **told)
    return True


@transaction.atomic
def close_request(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """Close an answered request, once every system has confirmed or was waived by two people.

    A request of an erased person needs no answer: there is no one left to inform, and no text can be kept any more.
    Raises NotAnswered, OrdersOpen, RecordRemains, RequestEnded, NotAllowed, and what ``hooks.before_closing`` raises.
    """
    require(actor, Capability.CLOSE_RIGHTS_REQUESTS, request.client_id)
    request = lock_open_request(request)
    if request.answered_at is None and not is_of_erased_person(request):
        raise NotAnswered
    if _open_orders(request).exists():
        raise OrdersOpen
    if _is_erasure_granted(request) and request.subject is not None and request.subject.erased_at is None:
        raise RecordRemains
    for check in before_closing:
        check(request)
    request.closed_at = at
    decisions = {part.decision for part in list_parts(request)}
    outcome = Decision.PARTLY.value if len(decisions) > 1 else min(decisions)
    facts = {"outcome": outcome if all(decisions) else None}
    record_step("rights_request.closed", request, actor, at, facts, State.CLOSED)
    return request


def is_of_erased_person(request: RightsRequest) -> bool:
    """Return True if the person of a request is erased, or the guardian who made it."""
    return any(one is not None and one.erased_at is not None for one in (request.subject, request.requester))


def _open_orders(request: RightsRequest) -> Any:
    return Order.objects.open().filter(client_id=request.client_id, parent_kind=PARENT, parent_id=request.pk)


def _is_erasure_granted(request: RightsRequest) -> bool:
    return any(part.kind == RightKind.ERASURE and part.decision == Decision.GRANTED for part in list_parts(request))


@transaction.atomic
def link_duplicate(request: RightsRequest, *, other: RightsRequest, actor: Actor, at: datetime) -> RightsRequest:
    """Continue two open requests of one person, or of one guardian about one child, in the one received first.

    Return that one. Its clock is the earliest, and it takes over the rights and purposes that only the other names. The
    identity is not taken over: a request that is not verified stays so, and its rights do not get into one that is.
    Raises NotSamePerson, IdentityDiffers, AlreadyDecided, AlreadyAnswered, RequestEnded, NotAllowed.
    """
    require(actor, Capability.TRIAGE_RIGHTS_REQUESTS, request.client_id)
    if request.client_id != other.client_id or request.pk == other.pk:
        raise NotSamePerson
    locked = [lock_unanswered(one) for one in sorted((request, other), key=lambda one: one.pk)]
    first, later = sorted(locked, key=lambda one: (one.received_at, one.pk))
    if first.subject_id is None or _people_of(first) != _people_of(later):
        raise NotSamePerson
    _take_over_parts(first, later)
    later.duplicate_of, later.closed_at = first, at
    record_step("rights_request.linked", later, actor, at, {"kept": str(first.pk)}, State.DUPLICATE)
    record_step("rights_request.continued", first, actor, at, {"duplicate": str(later.pk)})
    return first


def _people_of(request: RightsRequest) -> tuple[UUID | None, UUID | None]:
    return request.subject_id, request.requester_id


def _take_over_parts(first: RightsRequest, later: RightsRequest) -> None:
    own, parts = {(part.kind, part.decider): part for part in list_parts(first)}, list_parts(later)
    pairs = [(own.get((part.kind, part.decider)), part) for part in parts]
    wider = [(kept, part) for kept, part in pairs if kept is None or not _covers(kept, part)]
    if any(part.decision for part in parts) or any(kept is not None and kept.decision for kept, _part in wider):
        raise AlreadyDecided
    if wider and first.is_identity_verified and not later.is_identity_verified:
        raise IdentityDiffers
    for kept, part in wider:
        if kept is None:
            columns = {"kind": part.kind, "decider": part.decider, "purposes": part.purposes}
            RequestPart(client_id=first.client_id, request=first, **columns).save(force_insert=True)
        else:
            kept.purposes = part.purposes and sorted({*kept.purposes, *part.purposes})
            kept.save(update_fields=["purposes"])


def _covers(kept: RequestPart, part: RequestPart) -> bool:
    """Return True if a part names every purpose of another; no purposes means all."""
    return not kept.purposes or (bool(part.purposes) and set(part.purposes) <= set(kept.purposes))


def record_orders_answered(order: Order, actor: Actor, at: datetime) -> None:
    """Record that every order of a request is answered; a handler of ``data_systems.order_answered``."""
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    try:
        request = lock_open_request(RightsRequest(pk=order.parent_id, client_id=order.client_id))
    except RequestEnded:
        return
    if is_everything_answered(Parent(PARENT, request.pk), client_id=request.client_id):
        record_step("rights_request.orders_answered", request, actor, at)
