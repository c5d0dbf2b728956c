"""Pause, resume and extend a request, and give the person a reasoned notice; the due date never moves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import batched
from typing import Annotated
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.mail.rendering import require_complete
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused, act, refuse_if
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.operations.jobs import enqueue_jobs
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from rights.requests.deadlines import (
    ANSWER_TIME,
    ESCALATION_DAY,
    Step,
    StepKind,
    due_at,
    format_day,
    list_due_steps,
    longest_extension,
)
from rights.requests.hooks import texts_needed
from rights.requests.letters import NOTICE, find_mailable_sender, send_about
from rights.requests.models import (
    PauseCause,
    RequestExtension,
    RequestPause,
    RequestStep,
    RightsRequest,
    RightsRequestQuerySet,
)
from rights.requests.sealing import seal_text
from rights.requests.selectors import get_clock, get_clocks, list_laws, list_parts_of
from rights.requests.services.steps import lock_request, make_step, record_step, require_open


class AlreadyAnswered(PortalError):
    """The person already has an answer: the clock has stopped."""

    console_message = "The request is already answered."


TOO_LATE = gettext_lazy("The due date has passed: answer the request.")
AskedCause = Annotated[
    PauseCause | str,
    forms.ChoiceField(label="What is it waiting for?", choices=PauseCause.choices, widget=forms.RadioSelect),
]


def require_unanswered(request: RightsRequest, _actor: object = None, _at: object = None) -> None:
    """Require that the clock of a request runs. Raises AlreadyAnswered, RequestEnded."""
    require_open(request)
    if request.answered_at is not None:
        raise AlreadyAnswered


def _check_pause(request: RightsRequest, _actor: Actor, _at: datetime) -> None:
    require_unanswered(request)
    pauses = (law.pause for law in list_laws(request))
    if barred := next((pause for pause in pauses if pause is not None and not pause.allowed), None):
        raise Refused(_("The law has no pause: {source}.").format(source=barred.source))
    if _open_pauses(request).exists():
        raise Refused(_("A pause is already running."))


def _check_extension(request: RightsRequest, _actor: Actor, at: datetime) -> None:
    require_unanswered(request)
    if at >= request.due_at:
        raise Refused(TOO_LATE)
    if RequestExtension.objects.filter(client_id=request.client_id, request=request).exists():
        raise Refused(_("The request was already extended."))


@act(
    "pause",
    "Pause it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="While you wait for the person. The due date stays; only the expected date moves.",
    done="Paused.",
    lock=lock_request,
    check=_check_pause,
)
def pause_request(request: RightsRequest, *, cause: AskedCause, actor: Actor, at: datetime) -> RightsRequest:
    """Pause a request that waits for the person; only the expected date moves (decision 0062)."""
    pause = RequestPause.by(actor, request, cause=PauseCause(cause), starts_at=at)
    pause.save(force_insert=True)
    update_dates(request, at)
    record_step("rights_request.paused", request, actor, at, {"cause": pause.cause})
    return request


@act(
    "resume",
    "End the pause",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="The time to answer runs on from now.",
    done="The pause has ended.",
    lock=lock_request,
    check=refuse_if(
        lambda row: not _open_pauses(row).exists(), gettext_lazy("No pause is running."), first=require_unanswered
    ),
)
def resume_request(request: RightsRequest, *, actor: Actor, at: datetime) -> RightsRequest:
    """End the pause: the person has answered (decision 0062)."""
    pause = _open_pauses(request).select_for_update(of=("self",)).get()
    pause.ends_at = max(at, pause.starts_at)
    pause.save(update_fields=["ends_at"])
    update_dates(request, at)
    facts = {"expected_by": request.expected_by.isoformat()}
    record_step("rights_request.resumed", request, actor, at, facts)
    return request


@act(
    "extend",
    "Extend it",
    Capability.HANDLE_RIGHTS_REQUESTS,
    lead="Once, before the due date, and with reasons: the person is sent this notice. Without an email address that "
    "has been on file for 72 hours, print it and hand it over.",
    done="Extended, and the person was sent the reasons.",
    lock=lock_request,
    check=_check_extension,
)
def extend_request(request: RightsRequest, *, days: int, text: str, actor: Actor, at: datetime) -> RightsRequest:
    """Extend the expected date once, by at most 60 days, and send the person the reasons (GDPR Art. 12(3)).

    Without a settled email address staff hand them over; until then the due date counts. Raises ValidationError.
    """
    longest = longest_extension(request.received_at, zone=request.client.time_zone, laws=list_laws(request)).days
    if not 1 <= days <= longest:
        raise ValidationError({"days": [_("Choose 1 to {days} days.").format(days=longest)]})
    if not text.strip():
        raise ValidationError({"text": [_("Give the reasons, and what is still to come.")]})
    require_complete("text", text)
    extension = RequestExtension.by(actor, request, days=days, at=at)
    extension.reason = seal_text(request, text, row=extension, field="reason")
    extension.save(force_insert=True)
    update_dates(request, at)
    if (sender := find_mailable_sender(request, at)) is not None:
        expected = format_day(request.expected_by, request.client.time_zone)
        send_about(NOTICE, request, sender, expected=expected, text=text, actor=actor, at=at)
        request.notice_at = at
        update_dates(request, at)
    facts = {"expected_by": request.expected_by.isoformat(), "sent": sender is not None}
    record_step("rights_request.extended", request, actor, at, facts)
    return request


def update_dates(request: RightsRequest, at: datetime) -> None:
    """Set the expected date and the deadline from the rows of a request; the caller saves it (decision 0062)."""
    clock = get_clock(request)
    request.expected_by, request.answer_by = clock.expected_by(at), clock.answer_by(at)


def bring_due_date_forward(request: RightsRequest, at: datetime) -> None:
    """Set an earlier due date if the law where the person lives, now known, is stricter; the caller saves it."""
    due = due_at(request.received_at, zone=request.client.time_zone, laws=list_laws(request))
    if due < request.due_at:
        request.due_at = due
        update_dates(request, at)


def lock_unanswered(request: RightsRequest) -> RightsRequest:
    """Lock a request whose clock runs. Raises AlreadyAnswered, RequestEnded."""
    request = lock_request(request)
    require_unanswered(request)
    return request


def _open_pauses(request: RightsRequest) -> QuerySet[RequestPause]:
    return RequestPause.objects.filter(client_id=request.client_id, request=request, ends_at=None)


NOTIFY_STAFF = "rights.notify_staff"
_EARLIEST = timedelta(days=ESCALATION_DAY - 1)
"""No step is due earlier after receipt, whatever the time zone, or later before the due date by a stricter law."""
_AT_ONCE = 500
_CLOCK_COLUMNS = ("client_id", "received_at", "due_at", "notice_at", "answered_at", "delivered_at", "closed_at")
_TEXTS = ("details", "contact", "answer")


def list_clients_with_due_requests(*, at: datetime) -> list[UUID]:
    """List the clients with a request for which a step may be due; requires the officers' context."""
    return list(_candidates(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def carry_out_due_steps(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Carry out every step of a client's requests that was due until ``at``, each once; return how many (policy §9)."""
    found = _candidates(at).filter(client_id=client_id).order_by("due_at", "pk")
    total = 0
    for requests in batched(found.only(*_CLOCK_COLUMNS), _AT_ONCE):
        to_do = _list_steps_to_do(requests, at)
        if due := [key for key, steps in to_do.items() if steps]:
            total += _carry_out(found.filter(pk__in=due), actor, at)
    return total


def _candidates(at: datetime) -> RightsRequestQuerySet:
    return RightsRequest.objects.undelivered().filter(due_at__lte=at - _EARLIEST + ANSWER_TIME)


def _list_steps_to_do(requests: Collection[RightsRequest], at: datetime) -> dict[UUID, list[Step]]:
    own = {"client_id__in": {one.client_id for one in requests}, "request_id__in": [one.pk for one in requests]}
    recorded = RequestStep.objects.filter(**own, kind__in=_NAMES.values())
    done = set(recorded.values_list("request_id", "kind", "facts__on"))
    return {
        key: [
            step for step in list_due_steps(clock, at=at) if (key, _NAMES[step.kind], step.on.isoformat()) not in done
        ]
        for key, clock in get_clocks(requests).items()
    }


def _carry_out(due: RightsRequestQuerySet, actor: Actor, at: datetime) -> int:
    requests = list(due.defer(*_TEXTS).select_for_update(of=("self",)))  # PostgreSQL checks them again after a wait
    to_do, parts = _list_steps_to_do(requests, at), list_parts_of(requests)
    work = [(request, step) for request in requests for step in to_do[request.pk]]
    made = [
        make_step(
            f"rights_request.{_NAMES[step.kind]}",
            request,
            parts[request.pk],
            actor,
            at,
            {"on": step.on.isoformat(), "days_left": step.days_left},
        )
        for request, step in work
    ]
    Entry.objects.bulk_create([entry for entry, _ in made])
    RequestStep.objects.bulk_create([step for _, step in made])
    # one email for all reminders that an outage delayed
    told = dict.fromkeys((str(one.client_id), str(one.pk), step.kind.value) for one, step in work)
    enqueue_jobs(NOTIFY_STAFF, [{"client": client, "request": key, "kind": kind} for client, key, kind in told])
    return len(work)


_NAMES = {
    StepKind.REMINDER: "reminded",
    StepKind.ESCALATION: "escalated",
    StepKind.NOTICE_NEEDED: "notice_needed",
    StepKind.OVERDUE: "overdue",
}
"""Names of the steps in the timeline, by which a run sees what was done: a step has its day as the fact ``on``."""


def destroy_texts_of_person(subject: Subject, actor: Actor, at: datetime) -> None:
    """Destroy the keys of a person's requests, and of those they made as a guardian (decision 0062)."""
    own = RightsRequest.objects.filter(client_id=subject.client_id, wrapped__isnull=False)
    for request in own.filter(Q(subject=subject) | Q(requester=subject)).select_for_update(of=("self",)):
        _destroy(request, actor, at)


def list_old_requests(at: datetime) -> RightsRequestQuerySet:
    """List the closed requests whose texts are due at ``at`` and not needed, in the current context."""
    limit = get_cutoff(REQUEST_TEXTS.code, at=at)
    found: RightsRequestQuerySet = RightsRequest.objects.filter(closed_at__lte=limit, wrapped__isnull=False)
    for list_needed in texts_needed:
        found = found.exclude(pk__in=list_needed())
    return found


@transaction.atomic
def purge_old_requests(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Destroy the keys of requests closed some time ago, up to 500; return how many (decision 0062)."""
    old = list_old_requests(at).filter(client_id=client_id)
    rows = list(old.select_for_update(of=("self",), skip_locked=True)[:_AT_ONCE])
    for request in rows:
        _destroy(request, actor, at)
    return len(rows)


def _destroy(request: RightsRequest, actor: Actor, at: datetime) -> None:
    request.wrapped = request.epoch = request.details = request.answer = None
    request.contact = request.contact_index = None
    record_step("rights_request.forgotten", request, actor, at)


REQUEST_TEXTS = DataKind(
    code="request_texts",
    name=gettext_lazy("Texts, letters, notes and files of rights requests, concerns and complaints"),
    counted_from=gettext_lazy("The closing of the request"),
    disposal=Disposal.KEY,
    bounds=Bounds(1095, 365, 3650),
    due=list_old_requests,
    purge=purge_old_requests,
)
