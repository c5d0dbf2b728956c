"""Answer a request, close it when every system is done, and link requests that are the same."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.recipients import GivenAddress
from paktaleem.directory.mail.rendering import require_complete
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.roles import Capability
from rights.requests.hooks import before_answering, before_closing, request_continued
from rights.requests.letters import ANSWER, NOTICE, find_mailable_sender, send_about
from rights.requests.models import (
    PARENT,
    RequestExtension,
    RequestLimit,
    RequestPart,
    RequestStep,
    RightKind,
    RightsRequest,
)
from rights.requests.sealing import open_text, seal_text
from rights.requests.services.clock import TOO_LATE, lock_unanswered, require_unanswered, update_dates
from rights.requests.services.decisions import GUARDIANS_RIGHTS, AlreadyDecided, decide_at_once, require_authority
from rights.requests.services.intake import create_parts
from rights.requests.services.steps import (
    NEEDS_NO_IDENTITY,
    RequestEnded,
    end_request,
    is_carried_out,
    list_parts,
    lock_open_request,
    lock_request,
    orders_of,
    record_step,
    require_open,
)
from rights.requests.states import Decision, State

_NOT_SAME = gettext_lazy("Choose another open request of the same person.")
_LIMITS = frozenset({"restriction", "objection"})
"""Kinds of parent of an order that are limits."""
IDENTITY_DIFFERS = gettext_lazy("The later request is not verified and asks for more: verify it first.")


@act(
    "answer",
    "Answer",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Check and edit the answer. It is sent to the contact on file; without one, hand it over yourself.",
    done="Answered.",
    lock=lock_request,
    check=refuse_if(
        lambda row: any(not part.decision for part in list_parts(row)),
        gettext_lazy("Not every right is decided yet."),
        first=require_unanswered,
    ),
)
def answer_request(
    request: RightsRequest, *, text: str, to_contact: bool = False, actor: Actor, at: datetime
) -> RightsRequest:
    """Send the person the answer and keep its text; the clock stops once it reaches them (policy §9).

    Without a settled email address staff hand it over (``record_delivery``). With ``to_contact``, an officer's
    choice, it goes to the address in the request, for what says nothing about a person. Raises ValidationError
    naming the field, NotAllowed, and what ``hooks.before_answering`` raises.
    """
    if not text.strip():
        raise ValidationError({"text": [_("Write the answer.")]})
    require_complete("text", text)
    for check in before_answering:
        check(request, actor, at)
    request.answer = seal_text(request, text.strip(), row=request, field="answer")
    request.answered_at = at
    send = _send_to_contact if to_contact else _send_answer
    sent = send(request, text, actor, at)
    request.delivered_at = at if sent else None
    update_dates(request, at)
    record_step("rights_request.answered", request, actor, at, {"sent": sent})
    return request


def is_mailed(request: RightsRequest, kind: str) -> bool:
    """Return True if the last step of a kind, such as ``answered``, sent the person an email."""
    steps = RequestStep.objects.filter(client_id=request.client_id, request=request, kind=kind).order_by("-at", "-id")
    facts = steps.values_list("facts", flat=True).first()
    return bool(facts and facts.get("sent"))


def may_answer_contact(request: RightsRequest) -> bool:
    """Return True if every part may be answered without a verified identity: then the contact may have the answer."""
    return all(part.kind in NEEDS_NO_IDENTITY for part in list_parts(request))


def _send_to_contact(request: RightsRequest, text: str, actor: Actor, at: datetime) -> bool:
    require(actor, Capability.SUPERVISE, request.client_id)
    if not may_answer_contact(request):
        raise ValidationError({"to_contact": [_("Only a question, a complaint or a concern can be answered so.")]})
    try:
        to = GivenAddress(open_text(request, row=request, field="contact"))
    except ValidationError as error:
        raise ValidationError({"to_contact": [_("The request names no email address.")]}) from error
    send_about(ANSWER, request, to, text=text.strip(), actor=actor, at=at)
    return True


def _send_answer(request: RightsRequest, text: str, actor: Actor, at: datetime) -> bool:
    sender = find_mailable_sender(request, at)
    if sender is None or not request.is_identity_verified:
        return False
    send_about(ANSWER, request, sender, text=text.strip(), actor=actor, at=at)
    return True


@act(
    "close",
    "Close it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Every system must have answered, or been waived by two people. A copy that systems gave is then deleted.",
    done="Closed.",
    lock=lock_request,
    check=refuse_if(
        lambda row: row.answered_at is None and not is_of_erased_person(row),
        gettext_lazy("Answer the person first."),
        first=require_open,
    ),
)
def close_request(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """Close an answered request once every system is done; one of an erased person needs no answer. Raises Refused."""
    if not is_carried_out(request, at=at):
        raise Refused(_("A system has not answered yet, and was not waived."))
    for check in before_closing:
        check(request)
    decisions = {part.decision for part in list_parts(request)}
    outcome = Decision.PARTLY.value if len(decisions) > 1 else min(decisions)
    facts = {"outcome": outcome if all(decisions) else None}
    end_request("rights_request.closed", request, actor, at, ended_as=State.CLOSED, facts=facts)
    return request


def is_of_erased_person(request: RightsRequest) -> bool:
    """Return True if the person of a request is erased, or the guardian who made it."""
    return any(one is not None and one.erased_at is not None for one in (request.subject, request.requester))


@act(
    "link",
    "Link a duplicate",
    Capability.SUPERVISE,
    lead="The request received first goes on, with its clock. The other one is closed.",
    done="Linked.",
    lock=as_given,  # both are locked below, in the order of their keys
    check=refuse_if(lambda row: row.subject_id is None, _NOT_SAME, first=require_unanswered),
)
def link_duplicate(request: RightsRequest, *, other: RightsRequest, actor: Actor, at: datetime) -> RightsRequest:
    """Continue two open requests of one person, or of one guardian about one child, in the one received first.

    Rights of an unverified request do not get into one that is verified. Raises Refused, AlreadyDecided,
    AlreadyAnswered.
    """
    if request.client_id != other.client_id or request.pk == other.pk:
        raise Refused(_NOT_SAME)
    locked = [lock_unanswered(one) for one in sorted((request, other), key=lambda one: one.pk)]
    first, later = sorted(locked, key=lambda one: (one.received_at, one.pk))
    people = (first.subject_id, first.requester_id)
    if first.subject_id is None or people != (later.subject_id, later.requester_id):
        raise Refused(_NOT_SAME)
    own, parts = {(part.kind, part.decider): part for part in list_parts(first)}, list_parts(later)
    pairs = [(own.get((part.kind, part.decider)), part) for part in parts]
    wider = [(kept, part) for kept, part in pairs if kept is None or not _covers(kept, part)]
    if any(part.decision for part in parts) or any(kept is not None and kept.decision for kept, _part in wider):
        raise AlreadyDecided
    if wider and first.is_identity_verified and not later.is_identity_verified:
        raise Refused(IDENTITY_DIFFERS)
    for kept, part in wider:
        if kept is None:
            columns = {"kind": part.kind, "decider": part.decider, "purposes": part.purposes}
            RequestPart(client_id=first.client_id, request=first, **columns).save(force_insert=True)
        else:
            kept.purposes = part.purposes and sorted({*kept.purposes, *part.purposes})
            kept.save(update_fields=["purposes"])
    for handler in request_continued:
        handler(first, later, actor, at)
    later.duplicate_of = first
    facts = {"kept": str(first.pk)}
    end_request("rights_request.linked", later, actor, at, ended_as=State.DUPLICATE, facts=facts)
    record_step("rights_request.continued", first, actor, at, {"duplicate": str(later.pk)})
    return first


def _covers(kept: RequestPart, part: RequestPart) -> bool:
    """Return True if a part names every purpose of another; no purposes means all."""
    return not kept.purposes or (bool(part.purposes) and set(part.purposes) <= set(kept.purposes))


def record_orders_answered(order: Order, actor: Actor, at: datetime) -> None:
    """Record that every order of a request is answered; a handler of ``data_systems.order_answered``."""
    for request_id in _requests_served(order):
        try:
            request = lock_open_request(RightsRequest(pk=request_id, client_id=order.client_id))
        except RequestEnded:
            continue
        if is_carried_out(request, at=at) and orders_of(request).exists():
            record_step("rights_request.orders_answered", request, actor, at)


def _requests_served(order: Order) -> list[UUID]:
    if order.parent_id is None:
        return []
    if order.parent_kind == PARENT:
        return [order.parent_id]
    if order.parent_kind not in _LIMITS:
        return []
    rows = RequestLimit.objects.filter(client_id=order.client_id, **{order.parent_kind: order.parent_id})
    return list(rows.order_by("request_id").values_list("request_id", flat=True))


_DELIVERED = {"answer": "delivered_at", "notice": "notice_at"}
"""Column with the time from which the person has what was written."""


def find_undelivered(request: RightsRequest) -> str:
    """Return what was written and has not reached the person: ``answer``, ``notice``, or nothing."""
    if request.answered_at is not None:
        return "" if request.delivered_at else "answer"
    extensions = RequestExtension.objects.filter(client_id=request.client_id, request=request)
    return "notice" if request.notice_at is None and extensions.exists() else ""


@act(
    "delivered",
    "Record that it was handed over",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Only once the person holds the printed answer or notice in their hands. Until then the clock runs.",
    done="Recorded: the person has it.",
    lock=lock_request,
    check=refuse_if(
        lambda row: not find_undelivered(row),
        gettext_lazy("The person already has the answer, or nothing was written yet."),
        first=require_open,
    ),
)
def record_delivery(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """Record that staff handed over the answer or the notice: only then it counts. Raises Refused if too late."""
    what = find_undelivered(request)
    if what == "notice" and at >= request.due_at:
        raise Refused(TOO_LATE)
    setattr(request, _DELIVERED[what], at)
    update_dates(request, at)
    record_step("rights_request.delivered", request, actor, at, {"what": what})
    return request


def record_letter_outcome(letter: Letter, actor: Actor, at: datetime) -> None:
    """Record that the email with an answer or a notice failed, or was sent after all (``mail.letter_outcomes``)."""
    what = {ANSWER.code: "answer", NOTICE.code: "notice"}.get(letter.kind)
    if what is None or letter.related_id is None:
        return
    request = lock_request(RightsRequest(pk=letter.related_id, client_id=letter.client_id))
    is_sent = letter.state == LetterState.SENT
    if is_sent == (getattr(request, _DELIVERED[what]) is not None):
        return
    setattr(request, _DELIVERED[what], at if is_sent else None)
    update_dates(request, at)
    kind = "rights_request.delivered" if is_sent else "rights_request.undelivered"
    record_step(kind, request, actor, at, {"what": what})


TURNS_INTO_RIGHTS = frozenset({RightKind.QUESTION, RightKind.CHILD_CONCERN})
"""Kinds that are no right, and can turn into one."""


def list_addable_rights(request: RightsRequest) -> list[RightKind]:
    """List the rights that a question or a concern can turn into; none for another request."""
    own = {RightKind(part.kind) for part in list_parts(request)}
    if not own & TURNS_INTO_RIGHTS:
        return []
    offered = set(RightKind) if request.requester_id is None else GUARDIANS_RIGHTS - _asked_elsewhere(request)
    return [kind for kind in RightKind if kind in offered - own - TURNS_INTO_RIGHTS]


def _asked_elsewhere(request: RightsRequest) -> set[RightKind]:
    """Return the rights in the guardian's other open requests about the child: there is one open request for each."""
    people = {"subject_id": request.subject_id, "requester_id": request.requester_id}
    others = RightsRequest.objects.open().filter(client_id=request.client_id, **people).exclude(pk=request.pk)
    parts = RequestPart.objects.filter(client_id=request.client_id, request__in=others)
    return {RightKind(kind) for kind in parts.order_by().values_list("kind", flat=True)}


@act(
    "add-rights",
    "Turn into a right",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="The question or concern turns out to exercise a right. Number and due date stay; each right goes to its "
    "controller, who decides.",
    done="The right was added.",
    lock=lock_request,
    check=refuse_if(
        lambda row: not list_addable_rights(row),
        gettext_lazy("Only a question or a concern can turn into a right."),
        first=require_unanswered,
    ),
)
def add_rights(
    request: RightsRequest, *, kinds: Sequence[RightKind | str], actor: Actor, at: datetime
) -> RightsRequest:
    """Add the rights that a question or a concern exercises; each goes to its controller. Raises ValidationError."""
    added = list(dict.fromkeys(RightKind(kind) for kind in kinds))
    if not added or set(added) - set(list_addable_rights(request)):
        raise ValidationError({"kinds": [_("Name rights that the request does not have yet.")]})
    require_authority(request, added, at=at)
    create_parts(request, added, (), at)
    update_dates(request, at)
    record_step("rights_request.rights_added", request, actor, at, {"added": [kind.value for kind in added]})
    decide_at_once(request, actor=actor, at=at)
    return request
