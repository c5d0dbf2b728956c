"""Services of the desk, one for each act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from children.guardians.selectors import list_informed_guardians
from paktaleem.directory.access_links.services import Limit, count_attempt, count_rights_message, list_contact_versions
from paktaleem.directory.mail.recipients import GivenContact, GivenNumber
from paktaleem.directory.mail.rendering import require_complete
from paktaleem.directory.mail.services import MessageKind, SendArguments, declare_message, send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed
from paktaleem.foundation.accounts.acts import Refused, act, as_given, refuse_if
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.models import CallOutcome, RequestLetter, RequestTask, TaskKind, Way
from rights.desk.selectors import has_open_case
from rights.mailbox.services import move_messages
from rights.rectifications.services import to_given_address
from rights.requests.letters import ANSWERS, Occasion, find_mailable_sender, get_start_url, send_about
from rights.requests.models import (
    TO_CALL,
    Channel,
    IdentityMethod,
    PauseCause,
    RequestExtension,
    RequestPause,
    RequestStep,
    RightsRequest,
)
from rights.requests.sealing import open_text, seal_text
from rights.requests.selectors import name_rights
from rights.requests.services.clock import pause_request, require_unanswered
from rights.requests.services.decisions import AlreadyDecided
from rights.requests.services.intake import (
    MATCH_SENDER,
    check_number,
    continue_request,
    receive_request,
    record_verified,
)
from rights.requests.services.steps import (
    RequestEnded,
    end_request,
    list_parts,
    lock_about_request,
    lock_request,
    record_step,
    require_open,
    require_subject,
    require_texts,
)
from rights.requests.states import State

LETTER = declare_message("rights_letter", fields=("number", "text"))
"""A letter about a request, in the words of the staff."""
GUARDIAN_INFORMED = declare_message("rights_guardian_informed", fields=("number", "rights"))
"""A notice to a child's guardian that a request was made in the child's name, or confirmed."""
VERIFIED = declare_message("rights_verified", fields=("number", "rights", "url"))
"""A notice to the person that a request counts as theirs, with the way to end it."""
REPLACED = declare_message("rights_replaced_contact", fields=("url",), is_texted=True)
"""A notice to a previous contact on file: a request goes on with the one that replaced it. It names no person."""
LIFT = declare_message("rights_lift")
"""The notice that a restriction will be lifted."""


# A row cannot change client, so a hand-over makes a new request at the client, with the same number. The contact that
# was replaced lately is informed: the new one may be an impostor's.


def _check_new_task(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_texts(request)
    if not request.is_open and not has_open_case(request):
        raise RequestEnded


@act(
    "task",
    "Add a task",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="A task is on the first page of the colleague who has it.",
    done="Task added.",
    lock=lock_request,
    check=_check_new_task,
)
def add_task(
    request: RightsRequest,
    *,
    kind: TaskKind | str,
    due_on: date,
    detail: str = "",
    assignee: User | None = None,
    actor: Actor,
    at: datetime,
) -> RequestTask:
    """Add a task about a request; ``detail`` is sealed under the request's key. Raises ValidationError."""
    if due_on < request.client.day_at(at):
        raise ValidationError({"due_on": [_("Choose today or a later day.")]})
    if kind == TaskKind.OTHER and not detail.strip():
        raise ValidationError({"detail": [_("Say what is to be done.")]})
    task = RequestTask.by(actor, request, kind=TaskKind(kind), due_on=due_on, created_at=at, assignee=assignee)
    task.detail = seal_text(request, detail.strip(), row=task, field="detail")
    task.save(force_insert=True)
    facts = {"task": str(task.pk), "kind": task.kind, "due_on": due_on.isoformat()}
    record_step("rights_request.task_added", request, actor, at, facts)
    return task


def require_task(request: RightsRequest, *, kind: TaskKind, actor: Actor, at: datetime) -> RequestTask:
    """Return the open task of a kind about a locked request, or add one, due today; the caller records the step."""
    own = RequestTask.objects.open().filter(client_id=request.client_id, request=request, kind=kind)
    task: RequestTask | None = own.first()
    if task is None:
        due_on = request.client.day_at(at)
        task = RequestTask.by(actor, request, kind=kind, due_on=due_on, created_at=at, assignee_id=request.assignee_id)
        task.save(force_insert=True)
    return task


def require_reading(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Require that staff read an email that was added to a request; a handler of ``rights.message_added``."""
    require_task(request, kind=TaskKind.READ, actor=actor, at=at)


@act(
    "done",
    "Done",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Record the outcome as a note on the request, if there is one.",
    done="The task is done.",
    lock=lock_about_request,
    check=refuse_if(lambda row: row.is_done, gettext_lazy("The task is already done.")),
)
def finish_task(task: RequestTask, *, actor: Actor, at: datetime) -> RequestTask:
    """Record that a task is done; also after the request is closed. Raises Refused, NotAllowed."""
    task.done_at, task.done_by = at, actor.id
    task.save(update_fields=["done_at", "done_by"])
    record_step("rights_request.task_done", task.request, actor, at, {"task": str(task.pk), "kind": task.kind})
    return task


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

    def send(self, kind: MessageKind, to: Subject, *, language: str, **values: str) -> None:
        values["rights"] = name_rights(self.request)
        send_about(kind, self.request, to, language=language, actor=self.actor, at=self.at, **values)

    def inform_guardians(self, *, is_counted: bool) -> int:
        """Email a child's guardians; custody may forbid that others learn of a guardian's request. Return how many."""
        child, sent = self.sender, 0
        if not child.counts_as_child(self.at):
            return 0
        for guardian in list_informed_guardians(child, at=self.at):
            if not is_counted or count_rights_message(guardian):
                self.send(GUARDIAN_INFORMED, guardian, language=guardian.language)
                sent += 1
        return sent

    def inform_previous_contacts(self) -> int:
        """Write once to each contact replaced in the last 90 days, maybe by an impostor; return how many."""
        request, sender = self.request, self.sender
        steps = RequestStep.objects.filter(client_id=request.client_id, request=request, kind="informed")
        last = steps.filter(facts__previous__gt=0).order_by("-at").values_list("at", flat=True).first()
        replaced = _list_replaced(sender, since=max(filter(None, (last, self.at - PREVIOUS_FOR))))
        context = {"url": build_public_url(reverse("rights-form-of", args=[request.client.code]))}
        told: SendArguments = {"related_id": request.pk, "actor": self.actor, "at": self.at}
        told |= {"language": sender.language}
        sent = 0
        for to in replaced:
            if count_attempt(_PREVIOUS_LIMITS, address=str(sender.pk), ip=""):
                send_message(
                    REPLACED.code, to=to, client_id=request.client_id, context=context, channel=to.channel, **told
                )
                sent += 1
        return sent

    def record(self, guardians: int, task: TaskKind | None, previous: int = 0) -> None:
        if task is not None:
            require_task(self.request, kind=task, actor=self.actor, at=self.at)
        if guardians or previous or task is not None:
            facts = {"guardians": guardians, "task": task.value if task else None}
            facts |= {"previous": previous} if previous else {}
            record_step("rights_request.informed", self.request, self.actor, self.at, facts)


def inform_of_request(request: RightsRequest, *, informed: bool, actor: Actor, at: datetime) -> None:
    """Inform a child's guardians of a request; add a task for a person whom the email may not reach.

    ``informed`` says whether the person was emailed. A number on file is to be called if they were not, or are not
    verified: the portal makes no calls. A person without a number whom no email reached is to be informed by staff.
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
    """Inform the person, and a child's guardians, that a request counts as theirs, and how to end it.

    A code proves only access to one contact: then the number on file is to be called. These emails do not count
    under the daily limit, since a verified person causes them.
    """
    sender = request.sender
    if sender is None:
        return
    notices = _Notices(request, sender, actor, at)
    if sender.email is not None:
        notices.send(VERIFIED, sender, language=request.language, url=get_start_url(request))
    guardians = notices.inform_guardians(is_counted=False)
    is_to_be_called = request.identity_method == IdentityMethod.CODE and sender.phone is not None
    task = TaskKind.CALL if is_to_be_called else None
    notices.record(guardians, task, notices.inform_previous_contacts())


def inform_of_answer(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Inform the contacts replaced since the identity was verified: the answer goes to the one on file now."""
    sender = request.sender
    if sender is not None and sender.erased_at is None and request.is_identity_verified:
        notices = _Notices(request, sender, actor, at)
        notices.record(0, None, notices.inform_previous_contacts())


def _list_replaced(person: Subject, *, since: datetime) -> list[GivenContact]:
    versions = list_contact_versions(person)
    ended = [before for before, after in pairwise(versions) if after.since > since]
    emails = dict.fromkeys(one.email for one in ended if one.email not in {"", versions[-1].email})
    phones = dict.fromkeys(one.phone for one in ended if one.phone not in {"", versions[-1].phone})
    addresses = [found for one in emails if (found := to_given_address(one)) is not None]
    return [*addresses, *(GivenNumber(one) for one in phones)]


_TEXTS = ("details", "contact")
ChosenClient = Annotated[
    Client,
    forms.ModelChoiceField(
        Client.objects.filter(is_sandbox=False).exclude(pk=PAKTALEEM).order_by("name"),
        label="Client",
        empty_label=gettext_lazy("Choose a client…"),
    ),
]


def _check_hand_over(request: RightsRequest, actor: Actor, _at: datetime) -> None:
    if actor.client_id is not None:
        raise NotAllowed("Only officers hand a request over to a client.")
    require_unanswered(request)
    require_texts(request)
    if request.subject_id is not None:
        raise Refused(_("The request is assigned to a person here: it cannot go to another client."))


@act(
    "hand-over",
    "Hand to a client",
    Capability.SUPERVISE,
    lead="The request goes on at the client to which it belongs, with its number and its clock. What the person wrote "
    "is moved there and removed here; your notes stay here. You cannot take it back.",
    danger=True,
    check=_check_hand_over,
    lock=as_given,
)
def hand_over_request(request: RightsRequest, *, client: ChosenClient, actor: Actor, at: datetime) -> RightsRequest:
    """Continue a request without a person at the client to which it belongs; return the request there.

    Rows cannot change client: number, clock and pauses are copied, texts and emails sealed anew and removed here.
    Needs the officers' context: it opens that of each client in turn. Raises ValidationError, Refused,
    AlreadyDecided.
    """
    if client.pk == request.client_id:
        raise ValidationError(_("The request is already at this client."))
    with in_client(request.client_id):
        request = lock_request(request)
        _check_hand_over(request, actor, at)
        parts = list_parts(request)
        if any(part.decision for part in parts):
            raise AlreadyDecided
        if RequestExtension.objects.filter(client_id=request.client_id, request=request).exists():
            raise ValidationError(_("The request was extended: the person has a notice from here. Answer it here."))
        kinds = sorted({part.kind for part in parts})
        pauses = list(RequestPause.objects.filter(client_id=request.client_id, request=request))
        texts = {field: open_text(request, row=request, field=field) for field in _TEXTS}
    with in_client(client.pk):
        made = continue_request(request, client=client, kinds=kinds, pauses=pauses, texts=texts, actor=actor, at=at)
    moved = move_messages(request, made)
    with in_client(request.client_id):
        request.details = request.contact = request.contact_index = None
        facts = {"number": request.number, "to": str(made.pk), "messages": moved}
        end_request("rights_request.handed_over", request, actor, at, ended_as=State.HANDED_OVER, facts=facts)
    return made


_NOT_MAILABLE = gettext_lazy(
    "No email address that has been on file for 72 hours is known: print the letter and hand it over."
)
_PAUSES = {Occasion.IDENTITY: PauseCause.IDENTITY, Occasion.CLARIFICATION: PauseCause.CLARIFICATION}


def _check_letter(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_open(request)
    require_texts(request)


@act(
    "send-letter",
    "Send the letter",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Check and edit the letter. Before the identity is verified it must say nothing about the data.",
    done="The letter is on its way.",
    lock=lock_request,
    check=_check_letter,
)
def send_letter(
    request: RightsRequest,
    *,
    occasion: Occasion | str,
    text: str,
    way: Way | str,
    language: str = "",
    pauses: bool = False,
    actor: Actor,
    at: datetime,
) -> RequestLetter:
    """Send a letter to the contact on file, or record it as handed over. Raises ValidationError."""
    occasion, way = Occasion(occasion), Way(way)
    if occasion in ANSWERS or occasion is Occasion.NOTICE:
        raise ValidationError({"occasion": [_("Write it with Answer or Extend it, which change the clock.")]})
    if not text.strip():
        raise ValidationError({"text": [_("Write the letter.")]})
    require_complete("text", text)
    row = RequestLetter.by(actor, request, occasion=occasion, way=way, language=language or request.language, at=at)
    row.text = seal_text(request, text.strip(), row=row, field="text")
    if way is Way.MAIL:
        sender = find_mailable_sender(request, at)
        if sender is None:
            raise ValidationError({"way": [_NOT_MAILABLE]})
        sent = send_about(LETTER, request, sender, language=row.language, text=text.strip(), actor=actor, at=at)
        row.message_id = sent.pk
    row.save(force_insert=True)
    facts = {"letter": str(row.pk), "occasion": row.occasion, "way": way.value}
    record_step("rights_request.letter_sent", request, actor, at, facts)
    paused = RequestPause.objects.filter(client_id=request.client_id, request=request, ends_at=None)
    if pauses and occasion in _PAUSES and request.answered_at is None and not paused.exists():
        pause_request(request, cause=_PAUSES[occasion], actor=actor, at=at)
    return row


def _check_call(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_unanswered(request)
    person = request.requester or require_subject(request)
    if request.identity_method not in TO_CALL or person.erased_at is not None:
        raise Refused(_("The identity is already verified, or the person is erased."))


@act(
    "call-back",
    "Call back",
    Capability.CONTACT_PEOPLE,
    lead="End the call that came in. Call the number that was on file before, never one that the caller names, and ask "
    "whether they made this request. Say nothing about the data.",
    done="The call is recorded.",
    lock=lock_request,
    check=_check_call,
)
def record_call(request: RightsRequest, *, outcome: CallOutcome | str, actor: Actor, at: datetime) -> RightsRequest:
    """Record a call back to the number on file: it verifies the person or ends the request (GDPR Art. 12(6))."""
    outcome = CallOutcome(outcome)
    if outcome is not CallOutcome.NOT_REACHED:
        check_number(request.requester or require_subject(request), at)
        calls = RequestTask.objects.open().filter(client_id=request.client_id, request=request, kind=TaskKind.CALL)
        calls.update(done_at=at, done_by=actor.id)
    record_step("rights_request.called_back", request, actor, at, {"outcome": outcome.value})
    if outcome is CallOutcome.REACHED:
        return record_verified(request, IdentityMethod.CALL_BACK, actor=actor, at=at)
    if outcome is CallOutcome.NOT_THEM:
        end_request("rights_request.withdrawn", request, actor, at, ended_as=State.WITHDRAWN)
    return request


@transaction.atomic
def take_in_unknown(
    client: Client, *, kinds: Sequence[str], details: str, contact: str, language: str, actor: Actor, at: datetime
) -> RightsRequest:
    """Record a call of someone who was not found; a job looks whether the contact they name is on file (policy §13)."""
    channel = Channel.TELEPHONE if actor.client_id is None else Channel.CLIENT
    row = receive_request(
        client, kinds=kinds, channel=channel, details=details, contact=contact, language=language, actor=actor, at=at
    )
    enqueue_job(MATCH_SENDER, client=str(client.pk), request=str(row.pk))
    return row
