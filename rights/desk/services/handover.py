"""Hand a request over to the client to which it belongs."""

from datetime import datetime

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from rights.desk.models.handovers import HandOver
from rights.mailbox.services.moving import move_messages
from rights.requests.models.requests import RightsRequest
from rights.requests.models.timeline import RequestExtension, RequestPause
from rights.requests.sealing import open_text
from rights.requests.services.clock import lock_unanswered
from rights.requests.services.decisions import AlreadyDecided
from rights.requests.services.intake import continue_request
from rights.requests.services.steps import end_request, list_parts
from rights.requests.states import State

_TEXTS = ("details", "contact")


class HasPerson(PortalError):
    """The request is assigned to a person of this client."""

    console_message = "The request is assigned to a person here: it cannot go to another client."


class SameClient(PortalError):
    """The request is already at this client."""

    console_message = "The request is already at this client."


class AlreadyExtended(PortalError):
    """The person already has a reasoned notice from here."""

    console_message = "The request was extended: the person has a notice from here. Answer it here."


@transaction.atomic
def hand_over_request(request: RightsRequest, *, client: Client, actor: Actor, at: datetime) -> RightsRequest:
    """Continue a request without a person at the client to which it belongs; return the request there (decision 0071).

    Rows cannot change client. The new one has the same number, receipt, due date and pauses, and its texts and
    emails are sealed under a key of its own; they are removed here, where only notes, steps and what staff wrote
    remain. Both are linked by a row of PakTaleem. Needs the officers' context: it opens that of each client in turn, in
    one transaction. Raises HasPerson, SameClient, AlreadyExtended, AlreadyDecided, AlreadyAnswered, RequestEnded,
    CannotOpen, NotAllowed.
    """
    require(actor, Capability.TRIAGE_RIGHTS_REQUESTS)
    if actor.client_id is not None:
        raise NotAllowed("Only officers hand a request over to a client.")
    if client.pk == request.client_id:
        raise SameClient
    with in_client(request.client_id):
        request = lock_unanswered(request)
        kinds = _check_and_list_kinds(request)
        pauses = list(RequestPause.objects.filter(client_id=request.client_id, request=request))
        texts = {field: open_text(request, row=request, field=field) for field in _TEXTS}
    with in_client(client.pk):
        made = continue_request(request, client=client, kinds=kinds, pauses=pauses, texts=texts, actor=actor, at=at)
    moved = move_messages(request, made)
    with in_client(request.client_id):
        request.details = request.contact = None
        facts = {"number": request.number, "to": str(made.pk), "messages": moved}
        end_request("rights_request.handed_over", request, actor, at, ended_as=State.HANDED_OVER, facts=facts)
    with in_client(PAKTALEEM):
        _link(request, made, actor, at)
    return made


def _check_and_list_kinds(request: RightsRequest) -> list[str]:
    parts = list_parts(request)
    if request.subject_id is not None:
        raise HasPerson
    if any(part.decision for part in parts):
        raise AlreadyDecided
    if RequestExtension.objects.filter(client_id=request.client_id, request=request).exists():
        raise AlreadyExtended
    return sorted({part.kind for part in parts})


def _link(request: RightsRequest, made: RightsRequest, actor: Actor, at: datetime) -> None:
    row = HandOver(
        id=new_id(),
        client_id=PAKTALEEM,
        number=request.number,
        from_client=request.client_id,
        from_request=request.pk,
        to_client=made.client_id,
        to_request=made.pk,
        at=at,
    )
    row.actor_kind, row.actor_id, row.actor_role = actor.kind.value, actor.id, actor.role
    row.save(force_insert=True)
