"""Carry out what is due: reminders, the escalation, the alarm for a notice, and overdue requests."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.jobs.enqueue import enqueue_job
from rights.requests.deadlines import ESCALATION_DAY, Step, StepKind, due_at, list_due_steps
from rights.requests.models import RightsRequest, RightsRequestQuerySet, ScheduledStep
from rights.requests.selectors import get_clocks
from rights.requests.services.clock import AlreadyAnswered, lock_unanswered
from rights.requests.services.steps import RequestEnded, record_step

__all__ = ["NOTIFY_STAFF", "carry_out_due_steps", "list_clients_with_due_requests"]

NOTIFY_STAFF = "rights.notify_staff"
_EARLIEST = timedelta(days=ESCALATION_DAY - 1)
"""No step is due earlier after receipt, whatever the time zone."""
_AT_ONCE = 500
_CLOCK_COLUMNS = ("client_id", "received_at", "notice_at", "answered_at", "closed_at")


def list_clients_with_due_requests(*, at: datetime) -> list[UUID]:
    """List the clients with a request for which a step may be due; requires the officers' context."""
    return list(_candidates(at).order_by().values_list("client_id", flat=True).distinct())


def carry_out_due_steps(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Carry out every step of a client's requests that was due until ``at``, each once; return how many.

    All are in the caller's transaction. After an outage the steps that were missed are carried out too. Only requests
    with something to do are locked; for the others the number of queries does not depend on how many they are.
    """
    found = _candidates(at).filter(client_id=client_id).order_by("due_at").only(*_CLOCK_COLUMNS)
    total = 0
    for requests in batched(found, _AT_ONCE):
        to_do = _list_steps_to_do(requests, at)
        total += sum(_carry_out(request, actor, at) for request in requests if to_do[request.pk])
    return total


def _candidates(at: datetime) -> RightsRequestQuerySet:
    """Return the requests for which a step may be due, by the index of due dates."""
    found: RightsRequestQuerySet = RightsRequest.objects.unanswered()
    return found.filter(due_at__lte=due_at(at - _EARLIEST))


def _list_steps_to_do(requests: Collection[RightsRequest], at: datetime) -> dict[UUID, list[Step]]:
    """List by request the steps that were due until ``at`` and are not recorded; five queries."""
    own = {"client_id__in": {one.client_id for one in requests}, "request_id__in": [one.pk for one in requests]}
    done = set(ScheduledStep.objects.filter(**own).values_list("request_id", "kind", "on"))
    return {
        key: [step for step in list_due_steps(clock, at=at) if (key, step.kind.value, step.on) not in done]
        for key, clock in get_clocks(requests).items()
    }


@transaction.atomic
def _carry_out(request: RightsRequest, actor: Actor, at: datetime) -> int:
    try:
        request = lock_unanswered(request)
    except (AlreadyAnswered, RequestEnded):
        return 0
    to_do = _list_steps_to_do([request], at)[request.pk]
    for step in to_do:
        _record(request, step, actor, at)
    return len(to_do)


def _record(request: RightsRequest, step: Step, actor: Actor, at: datetime) -> None:
    row = ScheduledStep(client_id=request.client_id, request=request, kind=step.kind.value, on=step.on)
    row.due_at, row.done_at = step.at, at
    row.save(force_insert=True)
    facts = {"on": step.on.isoformat(), "days_left": step.days_left}
    record_step(_LEDGER_KINDS[step.kind], request, actor, at, facts)
    enqueue_job(NOTIFY_STAFF, client=str(request.client_id), request=str(request.pk), kind=step.kind.value)


_LEDGER_KINDS = {
    StepKind.REMINDER: "rights_request.reminded",
    StepKind.ESCALATION: "rights_request.escalated",
    StepKind.NOTICE_NEEDED: "rights_request.notice_needed",
    StepKind.OVERDUE: "rights_request.overdue",
}
