"""Inform the person of an approved erasure on every known channel, and wait for messages before the key goes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from paktaleem.directory.access_links.models import Page
from paktaleem.directory.access_links.services import send_access_link
from paktaleem.directory.mail.kinds import MessageKind
from paktaleem.directory.mail.models import Channel, Letter, LetterState
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.clock import to_client_clock
from rights.erasures.messages import GUARDIAN_NOTICE, NOTICE, NOTICE_KINDS
from rights.erasures.models import ErasureProposal, Stage
from rights.erasures.selectors import is_child, is_of_guardian, list_entitled_guardians
from rights.erasures.services.proposals import lock_proposal, record
from rights.requests.messages import ANSWER

_AWAITED = frozenset({ANSWER.code, *NOTICE_KINDS})


@transaction.atomic
def notify_person(proposal: ErasureProposal, *, address: Callable[[str], str], actor: Actor, at: datetime) -> int:
    """Send the person, and the guardians of a child, a link to the page on which they can cancel; return how many.

    Sent once to each contact on file, by email and by text message. If a guardian requested it, the child is not
    written to (decision 66). ``address`` returns the URL for a token; ``at`` is on the system clock. Does nothing once
    the erasure has started or was cancelled.
    """
    proposal = lock_proposal(proposal)
    if proposal.stage != Stage.COOLING_OFF:
        return 0
    known = set(list_notices(proposal).values_list("subject_id", "channel"))
    told: dict[str, Any] = {"page": Page.REQUESTS, "address": address, "actor": actor, "at": at}
    sent = 0
    for person, channel, kind in _contacts(proposal, to_client_clock(at)):
        if (person.pk, channel.value) not in known:
            send_access_link(person, channel=channel, kind=kind, related_id=proposal.pk, **told)
            sent += 1
    record("erasure.announced", proposal, actor, to_client_clock(at), facts={"messages": sent})
    return sent


def list_notices(proposal: ErasureProposal) -> Any:
    """Return the messages about an erasure."""
    return Letter.objects.filter(client_id=proposal.client_id, related_id=proposal.pk, kind__in=NOTICE_KINDS)


def describe_unsent_messages(erasure: Erasure) -> str:
    """Return a sentence while an answer or a notice to the person is queued: without the key it could not be sent.

    Connected to ``people.erasure_blockers``. A message that failed for good does not block.
    """
    queued = Letter.objects.filter(client_id=erasure.client_id, subject_id=erasure.subject_id, kind__in=_AWAITED)
    is_queued = queued.filter(state=LetterState.QUEUED).exists()
    return gettext("A message to the person is not sent yet.") if is_queued else ""


def _contacts(proposal: ErasureProposal, at: datetime) -> Iterator[tuple[Subject, Channel, MessageKind]]:
    subject = proposal.subject
    if not is_of_guardian(proposal):
        yield from _channels(subject, NOTICE)
    if is_child(subject, at):
        for guardian in list_entitled_guardians(subject, at=at):
            yield from _channels(guardian, GUARDIAN_NOTICE)


def _channels(person: Subject, kind: MessageKind) -> Iterator[tuple[Subject, Channel, MessageKind]]:
    if person.email is not None:
        yield person, Channel.MAIL, kind
    if person.phone is not None:
        yield person, Channel.TEXT, kind
