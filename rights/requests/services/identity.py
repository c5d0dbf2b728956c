"""Verify that the person made a request: by the client, by a call back, or on their own page."""

from datetime import datetime

from django.db import transaction

from paktaleem.directory.access_links.contact_changes import is_contact_settled
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.errors import PortalError
from rights.requests.hooks import identity_verified
from rights.requests.models.requests import IdentityMethod, RightsRequest
from rights.requests.selectors import is_erasing
from rights.requests.services.authority import require_authority
from rights.requests.services.clock import lock_unanswered
from rights.requests.services.outcomes import decide_at_once
from rights.requests.services.steps import end_request, list_parts, lock_open_request, record_step, require_subject
from rights.requests.states import State

_BY_STAFF = frozenset({IdentityMethod.CLIENT, IdentityMethod.CALL_BACK})


class ContactTooNew(PortalError):
    """The contact to which the code was sent was added or changed less than 72 hours ago."""

    console_message = "The contact on file was changed less than 72 hours ago. Wait, or let the client confirm."


class ErasureGranted(PortalError):
    """The erasure that the request asks for is granted: it is cancelled, and the request then closed by staff."""


class NoNumber(PortalError):
    """No telephone number of the person is on file, so no call back proves anything."""

    console_message = "No telephone number of this person is on file. Let the client confirm that it knows them."


@transaction.atomic
def verify_identity(
    request: RightsRequest, *, method: IdentityMethod | str, actor: Actor, at: datetime
) -> RightsRequest:
    """Record that staff verified the person: the client knows them, or answered on a number on file (GDPR Art. 12(6)).

    For a guardian's request the guardian is verified, whose authority must not have ended. Verifying again changes
    nothing. Raises NoNumber, ContactTooNew, PersonUnknown, RequestNotAllowed, RequestEnded, NotAllowed.
    """
    is_call = method == IdentityMethod.CALL_BACK
    capability = Capability.CALL_BACK_RIGHTS_REQUESTS if is_call else Capability.HANDLE_RIGHTS_REQUESTS
    require(actor, capability, request.client_id)
    if IdentityMethod(method) not in _BY_STAFF or (method == IdentityMethod.CLIENT and actor.client_id is None):
        raise NotAllowed("Only the client may confirm that it knows the person.")
    request = lock_open_request(request)
    sender = request.requester or require_subject(request)
    if is_call:
        check_number(sender, at)
    return record_verified(request, IdentityMethod(method), actor=actor, at=at)


@transaction.atomic
def confirm_own_request(request: RightsRequest, *, by_code: bool, actor: Actor, at: datetime) -> RightsRequest:
    """Record that the person, on their own page, confirmed that they made the request (decision 0064).

    ``by_code`` is True if they signed in with a code to a contact on file, False if the learning platform signed them
    in. Raises ContactTooNew, RequestEnded, NotAllowed for another person.
    """
    request = lock_open_request(request)
    subject = _require_own(request, actor)
    if by_code:
        _check_contact(subject, at)
    return record_verified(request, IdentityMethod.CODE if by_code else IdentityMethod.LMS, actor=actor, at=at)


@transaction.atomic
def deny_own_request(request: RightsRequest, *, by_code: bool, actor: Actor, at: datetime) -> RightsRequest:
    """End a request that the person or guardian did not make, or no longer wants (decision 0064).

    ``by_code`` as in ``confirm_own_request``.

    A code to a contact that is too new does not end a request whose person is verified. Raises ContactTooNew,
    ErasureGranted, AlreadyAnswered, RequestEnded, NotAllowed.
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
    """Require a telephone number on file that has not changed in the last 72 hours. Raises NoNumber, ContactTooNew."""
    if subject.phone is None:
        raise NoNumber
    _check_contact(subject, at)


def _check_contact(subject: Subject, at: datetime) -> None:
    if not is_contact_settled(subject, at):
        raise ContactTooNew


@transaction.atomic
def record_verified(request: RightsRequest, method: IdentityMethod, *, actor: Actor, at: datetime) -> RightsRequest:
    """Record that the sender of a request is verified, which the caller has checked.

    Raises RequestNotAllowed if a guardian's authority has ended, RequestEnded.
    """
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
