"""Match a request from the public form with a person by the contact it names, after the response is sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from paktaleem.directory.access_links.limits import Limit, count_attempt, count_rights_message
from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import send_access_link
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import to_client_clock
from rights.requests.hooks import person_assigned, person_named
from rights.requests.messages import CONFIRM
from rights.requests.models.requests import RightsRequest
from rights.requests.sealing import open_text
from rights.requests.selectors import name_rights
from rights.requests.services.holds import move_hold
from rights.requests.services.steps import lock_open_request, record_step

MATCH_LIMITS = (Limit("rights-match/address", 3, timedelta(days=1)),)
"""Requests matched with a person: three a day for each contact of a client, whether it is on file or not."""


@transaction.atomic
def match_sender(request: RightsRequest, *, address: Callable[[str], str], actor: Actor, at: datetime) -> bool:
    """Assign a request to the one person whose contact on file it names, and send them a link to confirm it.

    The link goes to the contact on file and shows nothing without a code: so the person learns of every request made
    in their name. No link is sent beyond three messages a day to one address; staff then inform the person. Returns
    False if no person, or more than one, has this contact, and from the fourth request of a contact in a day on; an
    officer then looks at it. ``at`` is on the system clock. Raises RequestEnded, CannotOpen.
    """
    request = lock_open_request(request)
    subject = None if request.subject_id else _find_sender(request)
    if subject is None:
        return False
    request.subject = subject
    sent = count_rights_message(subject)
    if sent:
        values = {"number": request.number, "rights": name_rights(request)}
        told: dict[str, Any] = {"kind": CONFIRM, "values": values, "related_id": request.pk, "actor": actor, "at": at}
        send_access_link(subject, page=Page.REQUESTS, address=address, **told)
    record_step("rights_request.matched", request, actor, to_client_clock(at), {"sent": sent})
    now = to_client_clock(at)
    move_hold(request, now)
    for assigned in person_assigned:
        assigned(request, actor, now)
    for handler in person_named:
        handler(request, informed=sent, actor=actor, at=now)
    return True


def _find_sender(request: RightsRequest) -> Subject | None:
    client = Client.objects.get(pk=request.client_id)
    contact = open_text(request, row=request, field="contact")
    try:
        field, index = contact_index(client.pk, contact, region=client.country)
    except ValueError:
        return None
    if not count_attempt(MATCH_LIMITS, address=f"{client.pk}/{index.hex()}", ip=""):
        return None
    people = Subject.objects.filter(client_id=client.pk, erased_at=None, **{f"{field}_index": index})
    found = list(people[:2])
    return found[0] if len(found) == 1 and found[0].email is not None else None
