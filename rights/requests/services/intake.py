"""Receive a request from any channel, read its texts, and assign it to a person."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _, gettext_lazy

from consent.notices.selectors.registers import find_purposes
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import (
    Limit,
    count_attempt,
    count_rights_message,
    count_verified_message,
    is_contact_settled,
    send_access_link,
)
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import AlreadyErased
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require, require_about
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.clock import to_client_clock
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import new_id
from rights.requests.deadlines import ANSWER_TIME, due_at, format_day
from rights.requests.hooks import identity_verified, person_assigned, person_named
from rights.requests.letters import CONFIRM, RECEIVED, get_start_url, send_about
from rights.requests.models import Channel, IdentityMethod, RequestPart, RequestPause, RightKind, RightsRequest
from rights.requests.sealing import create_key, open_text, seal_text
from rights.requests.selectors import find_deciders, is_erasing, name_rights
from rights.requests.services.clock import bring_due_date_forward, lock_unanswered, update_dates
from rights.requests.services.decisions import GUARDIANS_RIGHTS, decide_at_once, require_authority
from rights.requests.services.steps import (
    end_request,
    hold_data,
    list_parts,
    lock_open_request,
    lock_request,
    move_hold,
    record_step,
    require_open,
    require_subject,
    require_texts,
)
from rights.requests.states import State

MATCH_SENDER = "rights.match_sender"

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_MOST_KINDS = 8


@transaction.atomic
def receive_request(
    client: Client,
    *,
    kinds: Sequence[RightKind | str],
    channel: Channel | str,
    subject: Subject | None = None,
    requester: Subject | None = None,
    purposes: Sequence[str] = (),
    details: str = "",
    contact: str = "",
    identity: IdentityMethod | str = "",
    language: str,
    received_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> RightsRequest:
    """Record a request, acknowledge it, and pass each part to its controller; the clock starts at receipt.

    Follows policy §9, decision 0062. ``received_at``, for what staff enter later, is at most thirty days before
    ``at``. ``requester`` is the guardian who makes the request about a child, for one right. ``identity`` is how
    the sender was verified, if they were; a text is never proof. Raises ValidationError naming the field,
    RequestNotAllowed, AlreadyErased, NotAllowed.
    """
    require_may_receive(actor, client.pk, subject, requester)
    received = received_at or at
    _check_people(kinds, subject, requester)
    _check(client.pk, kinds, purposes, received, at)
    number = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    row = _new_row(client, number, Channel(channel), language, received)
    row.subject, row.requester = subject, requester
    bring_due_date_forward(row, at)
    row.guardian_right = kinds[0] if requester is not None else ""
    if identity and subject is not None:
        row.identity_method, row.identity_verified_at = IdentityMethod(identity), at
    require_authority(row, kinds, at=at)
    _seal_and_save(row, details, contact)
    create_parts(row, kinds, purposes, at)
    record_step("rights_request.received", row, actor, at, {"channel": str(row.channel)})
    hold_data(row, at)
    _acknowledge(row, actor, at)
    decide_at_once(row, actor=actor, at=at)
    return row


@transaction.atomic
def continue_request(
    request: RightsRequest,
    *,
    client: Client,
    kinds: Sequence[str],
    pauses: Iterable[RequestPause],
    texts: Mapping[str, str],
    actor: Actor,
    at: datetime,
) -> RightsRequest:
    """Record a request of another client where it belongs, with its number and clock; in the context of ``client``."""
    require(actor, Capability.SUPERVISE, client.pk)
    row = _new_row(client, request.number, request.channel, request.language, request.received_at)
    _seal_and_save(row, texts["details"], texts["contact"])
    create_parts(row, kinds, (), at)
    for pause in pauses:
        pause.pk, pause.client_id, pause.request = new_id(), client.pk, row
        pause.save(force_insert=True)
    update_dates(row, at)
    record_step("rights_request.received", row, actor, at, {"channel": str(row.channel), "handed_over": True})
    enqueue_job(MATCH_SENDER, client=str(client.pk), request=str(row.pk))
    return row


def _new_row(client: Client, number: str, channel: str, language: str, received_at: datetime) -> RightsRequest:
    due = due_at(received_at, zone=client.time_zone, laws=client.laws_at(received_at))
    return RightsRequest(
        client=client,
        number=number,
        channel=channel,
        state=State.TRIAGE.value,
        language=language,
        received_at=received_at,
        **dict.fromkeys(("due_at", "expected_by", "answer_by"), due),
    )


def _seal_and_save(row: RightsRequest, details: str, contact: str) -> None:
    create_key(row)
    row.details = seal_text(row, details, row=row, field="details")
    row.contact = seal_text(row, contact, row=row, field="contact")
    with suppress(ValueError):  # a contact of a concern may be any words
        row.contact_index = contact_index(row.client_id, contact, region=row.client.country)[1]
    row.save(force_insert=True)


def require_may_receive(
    actor: Actor, client_id: UUID, subject: Subject | None, requester: Subject | None = None
) -> None:
    """Raise NotAllowed unless the actor may record a request of this person, or of a guardian about them."""
    by_staff = requester is None or actor.kind is ByKind.USER
    capability = Capability.RECEIVE_RIGHTS_REQUESTS if by_staff else Capability.MANAGE_GUARDIANS
    if subject is None:
        require(actor, capability, client_id)
    else:
        require_about(actor, capability, subject_id=subject.pk, client_id=client_id)
    if requester is not None and actor.kind is ByKind.SUBJECT and actor.id != requester.pk:
        raise NotAllowed("People may make requests only for themselves.")


def _check_people(kinds: Sequence[str], subject: Subject | None, requester: Subject | None) -> None:
    if subject is not None:  # an erasure that commits first destroys the texts that it finds, not later ones
        lock_subject(subject.pk, client_id=subject.client_id, during_erasure=True)
    if requester is None:
        return
    if subject is None or requester.pk == subject.pk:
        raise ValidationError({"requester": [_("A guardian makes a request about another person.")]})
    if len(kinds) != 1 or kinds[0] not in GUARDIANS_RIGHTS:
        raise ValidationError({"kinds": [_("Name one right that a guardian may exercise for a child.")]})


def _check(client_id: UUID, kinds: Sequence[str], purposes: Sequence[str], received: datetime, at: datetime) -> None:
    if not kinds or len(set(kinds)) != len(kinds) or len(kinds) > _MOST_KINDS:
        raise ValidationError({"kinds": [_("Name one to {number} rights, each once.").format(number=_MOST_KINDS)]})
    if unknown := set(purposes) - set(find_purposes(client_id, purposes)):
        raise ValidationError({"purposes": [_("There is no purpose called {code}.").format(code=min(unknown))]})
    if not at - ANSWER_TIME < received <= at:
        raise ValidationError({"received_at": [_("Choose a time in the last thirty days.")]})


def create_parts(row: RightsRequest, kinds: Sequence[str], purposes: Sequence[str], at: datetime) -> None:
    """Create a part for each right and each controller who decides about it."""
    roles = row.subject.roles if row.subject else ("student",)
    for kind in kinds:
        deciders = find_deciders(row.client_id, roles=roles, kind=RightKind(kind), purposes=purposes, at=at)
        for decider, found in sorted(deciders.items()):
            codes = found if row.subject or purposes else []  # all those of the person, once they are known
            part = RequestPart(client_id=row.client_id, request=row, kind=kind, decider=decider.value, purposes=codes)
            part.save(force_insert=True)


def _acknowledge(row: RightsRequest, actor: Actor, at: datetime) -> None:
    """Email the acknowledgement to the contact on file, if there is one; never to an address in the request."""
    sender = row.sender
    count = count_verified_message if row.is_identity_verified else count_rights_message
    sent = sender is not None and sender.email is not None and count(sender)
    if sent and sender is not None:
        values = {"rights": name_rights(row), "due": format_day(row.due_at, row.client.time_zone)}
        values |= {"url": get_start_url(row), "is_about_child": "yes" if row.requester_id else ""}
        send_about(RECEIVED, row, sender, actor=actor, at=at, **values)
    record_step("rights_request.acknowledged", row, actor, at, {"sent": sent})
    if sender is not None:
        for handler in person_named:
            handler(row, informed=sent, actor=actor, at=at)


@act(
    "read",
    "Read it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Shows what the person wrote, their contact, the answer and the notes. Your access is recorded with your "
    "name and reason.",
    lock=lock_request,
    check=require_texts,
)
def read_request(request: RightsRequest, *, actor: Actor, reason: Reason | str, at: datetime) -> dict[str, str]:
    """Return the decrypted texts of a request; the access is recorded first."""
    record_step("rights_request.read", request, actor, at, {"reason": Reason(reason).value})
    return {field: open_text(request, row=request, field=field) for field in ("details", "contact", "answer")}


@act(
    "match",
    "Assign to a person",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Whom is the request about? Their identity still has to be verified.",
    done="Assigned to the person.",
    lock=lock_request,
    check=refuse_if(
        lambda row: row.is_identity_verified or row.requester_id is not None,
        gettext_lazy("The identity is already verified, or a guardian made the request about this child."),
        first=require_open,
    ),
)
def assign_person(request: RightsRequest, *, subject: Subject, actor: Actor, at: datetime) -> RightsRequest:
    """Assign a request to the person it is about; that proves nothing about who made it. Raises AlreadyErased."""
    if subject.client_id != request.client_id:
        raise AlreadyErased
    lock_subject(subject.pk, client_id=subject.client_id, during_erasure=True)
    request.subject = subject
    bring_due_date_forward(request, at)
    record_step("rights_request.matched", request, actor, at)
    move_hold(request, at)
    for handler in person_assigned:
        handler(request, actor, at)
    _acknowledge(request, actor, at)
    return request


MATCH_LIMITS = (Limit("rights-match/address", 3, timedelta(days=1)),)
"""Requests matched with a person: three a day for each contact of a client, whether it is on file or not."""


@transaction.atomic
def match_sender(request: RightsRequest, *, address: Callable[[str], str], actor: Actor, at: datetime) -> bool:
    """Assign a request to the one person whose contact on file it names, and send them a link to confirm it.

    So the person learns of every request in their name. Returns False without exactly one person, and beyond three
    a day; an officer then looks at it. ``at`` is on the system clock. Raises RequestEnded, CannotOpen.
    """
    request = lock_open_request(request)
    subject = None if request.subject_id else _find_sender(request)
    if subject is None:
        return False
    request.subject = subject
    sent = count_rights_message(subject)
    if sent:
        values = {"number": request.number, "rights": name_rights(request)}
        send_access_link(
            subject,
            page=Page.REQUESTS,
            address=address,
            kind=CONFIRM,
            values=values,
            related_id=request.pk,
            actor=actor,
            at=at,
        )
    now = to_client_clock(at)
    bring_due_date_forward(request, now)
    record_step("rights_request.matched", request, actor, now, {"sent": sent})
    move_hold(request, now)
    for assigned in person_assigned:
        assigned(request, actor, now)
    for handler in person_named:
        handler(request, informed=sent, actor=actor, at=now)
    return True


def _find_sender(request: RightsRequest) -> Subject | None:
    index = request.contact_index
    if index is None or not count_attempt(MATCH_LIMITS, address=f"{request.client_id}/{bytes(index).hex()}", ip=""):
        return None
    of_contact = Q(email_index=index) | Q(phone_index=index)
    found = list(Subject.objects.filter(of_contact, client_id=request.client_id, erased_at=None)[:2])
    return found[0] if len(found) == 1 and found[0].email is not None else None


class ContactTooNew(PortalError):
    """The contact to which the code was sent was added or changed less than 72 hours ago."""

    console_message = "The contact on file was changed less than 72 hours ago. Wait, or let the client confirm."


class ErasureGranted(PortalError):
    """The erasure that the request asks for is granted: it is cancelled, and the request then closed by staff."""


def _check_verification(request: RightsRequest, actor: Actor, _at: datetime) -> None:
    if actor.client_id is None:
        raise NotAllowed("Only the client may confirm that it knows the person.")
    require_open(request)
    if request.requester_id is None:
        require_subject(request)
    if request.is_identity_verified:
        raise Refused(_("The identity is already verified."))


@act(
    "verify",
    "Verify the identity",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Confirm that you know the person and that they made this request. Never ask for identity papers. An email or "
    "a message proves nothing.",
    done="Identity verified.",
    lock=lock_request,
    check=_check_verification,
)
def verify_identity(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """Record that the client knows the person, or the guardian, who made a request (GDPR Art. 12(6))."""
    return record_verified(request, IdentityMethod.CLIENT, actor=actor, at=at)


@transaction.atomic
def confirm_own_request(request: RightsRequest, *, by_code: bool, actor: Actor, at: datetime) -> RightsRequest:
    """Record that the sender confirmed a request on their own page (decision 0064). Raises ContactTooNew."""
    request = lock_open_request(request)
    subject = _require_own(request, actor)
    if by_code:
        _check_contact(subject, at)
    return record_verified(request, IdentityMethod.CODE if by_code else IdentityMethod.LMS, actor=actor, at=at)


@transaction.atomic
def deny_own_request(request: RightsRequest, *, by_code: bool, actor: Actor, at: datetime) -> RightsRequest:
    """End a request that the sender did not make, or no longer wants (decision 0064).

    A code to a new contact does not end a verified one. Raises ContactTooNew, ErasureGranted, AlreadyAnswered.
    """
    request = lock_unanswered(request)
    subject = _require_own(request, actor)
    if is_erasing(list_parts(request)):
        raise ErasureGranted
    if by_code and request.is_identity_verified:
        _check_contact(subject, at)
    end_request("rights_request.withdrawn", request, actor, at, ended_as=State.WITHDRAWN)
    return request


def _require_own(request: RightsRequest, actor: Actor) -> Subject:
    sender = request.sender
    if sender is None or actor.kind is not ByKind.SUBJECT or actor.id != sender.pk:
        raise NotAllowed("Only the person may do this.")
    return sender


def check_number(subject: Subject, at: datetime) -> None:
    """Require a telephone number on file that has not changed in the last 72 hours. Raises Refused, ContactTooNew."""
    if subject.phone is None:
        raise Refused(_("No telephone number of this person is on file. Let the client confirm that it knows them."))
    _check_contact(subject, at)


def _check_contact(subject: Subject, at: datetime) -> None:
    if not is_contact_settled(subject, at):
        raise ContactTooNew


@transaction.atomic
def record_verified(request: RightsRequest, method: IdentityMethod, *, actor: Actor, at: datetime) -> RightsRequest:
    """Record that the sender is verified, as the caller has checked. Raises RequestNotAllowed, RequestEnded."""
    request = lock_open_request(request)
    if request.is_identity_verified:
        return request
    require_authority(request, [request.guardian_right], at=at)
    request.identity_method, request.identity_verified_at = method, at
    record_step("rights_request.identity_verified", request, actor, at, {"method": method.value})
    decide_at_once(request, actor=actor, at=at)
    for handler in identity_verified:
        handler(request, actor, at)
    return request
