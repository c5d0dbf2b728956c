"""Carry out what is due: reminders, the escalation, the alarm for a notice, and overdue requests."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.jobs.enqueue import enqueue_job
from rights.requests.deadlines import ESCALATION_DAY, Step, StepKind, list_due_steps
from rights.requests.models import RightsRequest, RightsRequestQuerySet, ScheduledStep
from rights.requests.selectors import get_clock
from rights.requests.services.clock import AlreadyAnswered, lock_unanswered
from rights.requests.services.steps import RequestEnded, record_step

__all__ = ["NOTIFY_STAFF", "carry_out_due_steps", "list_clients_with_due_requests"]

NOTIFY_STAFF = "rights.notify_staff"
_EARLIEST = timedelta(days=ESCALATION_DAY - 1)
"""No step is due earlier after receipt, whatever the time zone."""


def list_clients_with_due_requests(*, at: datetime) -> list[UUID]:
    """List the clients with a request for which a step may be due; requires the officers' context."""
    return list(_candidates(at).order_by().values_list("client_id", flat=True).distinct())


def carry_out_due_steps(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Carry out every step of a client's requests that was due until ``at``, each once; return how many.

    All are in the caller's transaction. After an outage the steps that were missed are carried out too.
    """
    return sum(
        _carry_out(request, actor, at) for request in _candidates(at).filter(client_id=client_id).order_by("due_at")
    )


def _candidates(at: datetime) -> RightsRequestQuerySet:
    found: RightsRequestQuerySet = RightsRequest.objects.unanswered()
    return found.filter(received_at__lte=at - _EARLIEST)


@transaction.atomic
def _carry_out(request: RightsRequest, actor: Actor, at: datetime) -> int:
    try:
        request = lock_unanswered(request)
    except (AlreadyAnswered, RequestEnded):
        return 0
    own = ScheduledStep.objects.filter(client_id=request.client_id, request=request)
    done = set(own.values_list("kind", "on"))
    due = [step for step in list_due_steps(get_clock(request), at=at) if (step.kind.value, step.on) not in done]
    for step in due:
        _record(request, step, actor, at)
    return len(due)


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
