"""Inform a person at their other contacts on file when a request is made in their name, or counts as theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.urls import reverse

from children.guardians.selectors.guardians import list_informed_guardians
from paktaleem.directory.access_links.contact_changes import list_contact_versions
from paktaleem.directory.access_links.limits import Limit, count_attempt, count_rights_message
from paktaleem.directory.mail.recipients import GivenContact, GivenNumber
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.ip_addresses import build_public_url
from rights.desk.messages import GUARDIAN_INFORMED, REPLACED, VERIFIED
from rights.desk.models.request_tasks import TaskKind
from rights.desk.services.request_tasks import require_task
from rights.rectifications.services.contacts import to_given_address
from rights.requests.addresses import get_start_url
from rights.requests.models.requests import IdentityMethod, RightsRequest
from rights.requests.models.timeline import RequestStep
from rights.requests.selectors import name_rights
from rights.requests.services.steps import record_step

PREVIOUS_FOR = timedelta(days=90)
"""A contact that was replaced longer ago is not written to any more."""
_PREVIOUS_LIMITS = (Limit("rights-previous/address", 5, timedelta(days=1)),)
"""Notices to previous contacts: five a day for each person, counted apart, so that no stranger uses them up."""


@dataclass(frozen=True, slots=True)
class _Notices:
    """The context of the notices about one request; ``sender`` is who made it, or in whose name it was made."""

    request: RightsRequest
    sender: Subject
    actor: Actor
    at: datetime

    def send(self, kind: str, to: Subject, *, language: str, **values: str) -> None:
        """Send one email that names the request and its rights."""
        request = self.request
        context = {"number": request.number, "rights": name_rights(request), **values}
        told: dict[str, Any] = {"language": language, "related_id": request.pk, "actor": self.actor, "at": self.at}
        send_message(kind, to=to, client_id=request.client_id, context=context, **told)

    def inform_guardians(self, *, is_counted: bool) -> int:
        """Email the guardians of a child in whose name a request was made; return how many.

        Of a guardian's request no one else learns: not the child, and no other guardian, since custody may forbid it.
        """
        child, client, sent = self.sender, self.sender.client, 0
        if not child.is_child(self.at, thresholds=client.thresholds, serves_minors=client.serves_minors):
            return 0
        for guardian in list_informed_guardians(child, at=self.at):
            if not is_counted or count_rights_message(guardian):
                self.send(GUARDIAN_INFORMED.code, guardian, language=guardian.language)
                sent += 1
        return sent

    def inform_previous_contacts(self) -> int:
        """Write to the sender's contacts that were replaced in the last 90 days, once for each; return how many.

        So they learn of a request that an impostor makes after changing the contact in the learning platform or the
        roster, by which no notice is sent. It holds neither a name nor the new contact: the previous one may be
        another person's.
        """
        request, sender = self.request, self.sender
        steps = RequestStep.objects.filter(client_id=request.client_id, request=request, kind="informed")
        last = steps.filter(facts__previous__gt=0).order_by("-at").values_list("at", flat=True).first()
        replaced = _list_replaced(sender, since=max(filter(None, (last, self.at - PREVIOUS_FOR))))
        url = build_public_url(reverse("rights-form-of", args=[request.client.code]))
        told: dict[str, Any] = {"language": sender.language, "related_id": request.pk}
        told |= {"client_id": request.client_id, "context": {"url": url}, "actor": self.actor, "at": self.at}
        sent = 0
        for to in replaced:
            if count_attempt(_PREVIOUS_LIMITS, address=str(sender.pk), ip=""):
                send_message(REPLACED.code, to=to, channel=to.channel, **told)
                sent += 1
        return sent

    def record(self, guardians: int, task: TaskKind | None, previous: int = 0) -> None:
        """Add the task, and record whom the portal informed."""
        if task is not None:
            require_task(self.request, kind=task, actor=self.actor, at=self.at)
        if guardians or previous or task is not None:
            facts = {"guardians": guardians, "task": task.value if task else None}
            facts |= {"previous": previous} if previous else {}
            record_step("rights_request.informed", self.request, self.actor, self.at, facts)


def inform_of_request(request: RightsRequest, *, informed: bool, actor: Actor, at: datetime) -> None:
    """Inform a child's guardians of a request; add a task for a person whom the email may not reach.

    A handler of ``rights.person_named``. The person is who made the request: the guardian, if a guardian made it.
    ``informed`` says whether the person was emailed. A number on file is to be called if they were not, or if it is not
    verified that they made the request: the portal makes no calls. A person without a number whom no email reached is
    to be informed by staff.
    """
    sender = request.sender
    if sender is None:
        return
    notices = _Notices(request, sender, actor, at)
    guardians = notices.inform_guardians(is_counted=True)
    task = None
    if sender.phone is not None and not (informed and request.is_identity_verified):
        task = TaskKind.CALL
    elif not informed:
        task = TaskKind.INFORM
    previous = notices.inform_previous_contacts() if request.is_identity_verified else 0
    notices.record(guardians, task, previous)


def inform_of_verification(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Inform a person, and a child's guardians, that a request counts as theirs, and how to end it.

    A handler of ``rights.identity_verified``. Of a guardian's request only that guardian is informed. A code proves
    only access to one contact: after a code the number on file is to be called. These emails do not count under the
    daily limit, since a verified person causes them.
    """
    sender = request.sender
    if sender is None:
        return
    notices = _Notices(request, sender, actor, at)
    if sender.email is not None:
        notices.send(VERIFIED.code, sender, language=request.language, url=get_start_url(request))
    guardians = notices.inform_guardians(is_counted=False)
    is_to_be_called = request.identity_method == IdentityMethod.CODE and sender.phone is not None
    task = TaskKind.CALL if is_to_be_called else None
    notices.record(guardians, task, notices.inform_previous_contacts())


def inform_of_answer(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Inform the contacts that were replaced since the identity was verified; a handler of ``rights.before_answering``.

    Follows decision 0071. The answer, and the copy of the data, go to the contact that is on file now.
    """
    sender = request.sender
    if sender is not None and sender.erased_at is None and request.is_identity_verified:
        notices = _Notices(request, sender, actor, at)
        notices.record(0, None, notices.inform_previous_contacts())


def _list_replaced(person: Subject, *, since: datetime) -> list[GivenContact]:
    """List the contacts of a person that were replaced or removed after a time."""
    versions = list_contact_versions(person)
    ended = [before for before, after in pairwise(versions) if after.since > since]
    emails = dict.fromkeys(one.email for one in ended if one.email not in {"", versions[-1].email})
    phones = dict.fromkeys(one.phone for one in ended if one.phone not in {"", versions[-1].phone})
    addresses = [found for one in emails if (found := to_given_address(one)) is not None]
    return [*addresses, *(GivenNumber(one) for one in phones)]
