"""Letters about requests: the messages, their standard paragraphs, and the drafts of answers."""

from datetime import datetime

from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy as _

from consent.notices.selectors.registers import find_purposes
from paktaleem.directory.access_links.services import is_contact_settled
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.recipients import GivenContact
from paktaleem.directory.mail.services import MessageKind, SendArguments, declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.text.times import join_words
from rights.requests.deadlines import StepKind, format_day
from rights.requests.hooks import answer_notes, part_details
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.selectors import name_rights
from rights.requests.services.steps import list_parts
from rights.requests.states import Decision


def compose_answer(request: RightsRequest) -> str:
    """Return the draft of the answer: each decision with its reasons, notes of other apps, the right to complain."""
    parts = list_parts(request)
    with translation.override(request.language):
        blocks = [_describe(request, part) for part in parts]
        blocks += [note for describe in answer_notes if (note := describe(request))]
        if any(part.decision in {Decision.REFUSED, Decision.PARTLY} for part in parts):
            blocks.append(_complaint(request))
    return "\n\n".join(blocks)


def _describe(request: RightsRequest, part: RequestPart) -> str:
    try:
        reasons = open_text(request, row=part, field="reasons")
    except CannotOpen:
        reasons = ""
    head = f"{part.get_kind_display()} ({part.get_decider_display()}): {part.get_decision_display()}."
    because = f"{part.get_refusal_code_display()}." if part.refusal_code else ""
    granted = ""
    if part.granted:
        names = join_words(str(one) for one in find_purposes(part.client_id, part.granted).values())
        granted = gettext("Granted for these purposes only: {purposes}.").format(purposes=names)
    details = [line for describe in part_details for line in describe(request, part)]
    return "\n".join(line for line in (head, granted, because, reasons, *details) if line)


def _complaint(request: RightsRequest) -> str:
    residence = request.subject.country if request.subject else ""
    authority = Client.objects.get(pk=request.client_id).find_authority(request.received_at, residence)
    if authority is None:
        return gettext(
            "If you do not agree, you may complain to the data protection authority or court that is responsible where "
            "you live."
        )
    text = gettext("If you do not agree, you may complain to: {authority}.").format(authority=authority.name)
    return f"{text} {authority.url}".rstrip()


class Occasion(models.TextChoices):
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    IDENTITY = "identity", _("Identity needed")
    CLARIFICATION = "clarification", _("Clarification needed")
    NOTICE = "notice", _("Reasoned notice")
    GRANT = "grant", _("Grant")
    PARTIAL = "partial", _("Partial grant")
    REFUSAL = "refusal", _("Refusal")
    CLOSING = "closing", _("Closing")


ANSWERS = frozenset({Occasion.GRANT, Occasion.PARTIAL, Occasion.REFUSAL})
"""Occasions of the answer, which stops the clock; written with *Answer*. A notice is written with *Extend it*."""


def get_answer_occasion(request: RightsRequest) -> Occasion:
    decisions = {part.decision for part in list_parts(request)}
    if decisions == {Decision.GRANTED.value}:
        return Occasion.GRANT
    return Occasion.REFUSAL if decisions == {Decision.REFUSED.value} else Occasion.PARTIAL


def compose_letter(request: RightsRequest, occasion: Occasion | str, *, language: str = "") -> str:
    """Return the draft of a letter, which names no person; staff edit it. ``request.client`` must be readable."""
    occasion, client = Occasion(occasion), Client.objects.get(pk=request.client_id)
    values = {
        "client": client.name,
        "number": request.number,
        "rights": name_rights(request),
        "received": format_day(request.received_at, client.time_zone),
        "due": format_day(request.due_at, client.time_zone),
        "decisions": compose_answer(request) if occasion in ANSWERS else "",
    }
    chosen = (language or request.language) if (language or request.language) in {"en", "ur"} else "en"
    return render_to_string(f"letters/{occasion.value}.{chosen}.txt", values).strip()


def get_start_url(request: RightsRequest) -> str:
    """Return the absolute URL of the page on which the sender, or the guardian, gets to their requests with a code."""
    page = "requests-start" if request.requester_id is None else "guardian-start"
    return build_public_url(reverse(page, args=[request.client.code]))


def find_mailable_sender(request: RightsRequest, at: datetime) -> Subject | None:
    """Return who made the request, if an email address of theirs is on file that has not changed in 72 hours."""
    sender = request.sender
    is_mailable = sender is not None and sender.email is not None and is_contact_settled(sender, at)
    return sender if is_mailable else None


def send_about(
    kind: MessageKind,
    request: RightsRequest,
    to: Subject | GivenContact,
    *,
    language: str = "",
    actor: Actor,
    at: datetime,
    **values: str,
) -> Letter:
    """Enqueue a message about a request, by default in its language; ``values`` are its fields besides the number."""
    told: SendArguments = {"language": language or request.language, "related_id": request.pk, "actor": actor, "at": at}
    context = {"number": request.number, **values}
    return send_message(kind.code, to=to, client_id=request.client_id, context=context, **told)


def build_link_url(token: str) -> str:
    """Return the absolute URL of an access link to the person's own page of requests."""
    return build_public_url(reverse("requests-link", args=[token]))


RECEIVED = declare_message("rights_received", fields=("number", "rights", "due", "url", "is_about_child"))
"""The acknowledgement: what was requested, what happens next and by when, and how to end it."""
CONFIRM = declare_message("rights_confirm", fields=("number", "rights", "url", "days"))
"""The link with which the person confirms or denies a request that names their contact."""
NOTICE = declare_message("rights_notice", fields=("number", "expected", "text"))
"""The reasoned notice of what is still to come, by an extension or during a pause."""
ANSWER = declare_message("rights_answer", fields=("number", "text"))
"""The answer, or the refusal with the right to complain."""
OF_GUARDIAN = declare_message("rights_of_guardian", fields=("rights", "url"), is_texted=True)
"""To a young person from the age of consent on: a guardian made a request about their data."""

_STAFF = ("number", "school", "due", "url")
STAFF_MESSAGES = {kind: declare_message(f"rights_{kind.value}", fields=_STAFF) for kind in StepKind}
"""Messages to staff, by the step of the schedule."""
