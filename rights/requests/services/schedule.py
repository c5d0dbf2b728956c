"""Carry out what is due: reminders, the escalation, the alarm for a notice, and overdue requests."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.jobs.enqueue import enqueue_jobs
from rights.clock.deadlines import ESCALATION_DAY, Step, StepKind, due_at, list_due_steps
from rights.requests.models.requests import RequestPart, RightsRequest, RightsRequestQuerySet
from rights.requests.models.timeline import RequestStep, ScheduledStep
from rights.requests.selectors import get_clocks, list_parts_of
from rights.requests.services.steps import make_step

NOTIFY_STAFF = "rights.notify_staff"
_EARLIEST = timedelta(days=ESCALATION_DAY - 1)
"""No step is due earlier after receipt, whatever the time zone."""
_AT_ONCE = 500
_CLOCK_COLUMNS = ("client_id", "received_at", "notice_at", "answered_at", "delivered_at", "closed_at")
_TEXTS = ("details", "contact", "answer")


def list_clients_with_due_requests(*, at: datetime) -> list[UUID]:
    """List the clients with a request for which a step may be due; requires the officers' context."""
    return list(_candidates(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def carry_out_due_steps(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Carry out every step of a client's requests that was due until ``at``, each once; return how many (policy §9).

    All are in one transaction. After an outage the steps that were missed are carried out too. Only requests with
    something to do are locked. The number of queries is the same for every 500 requests.
    """
    found = _candidates(at).filter(client_id=client_id).order_by("due_at", "pk")
    total = 0
    for requests in batched(found.only(*_CLOCK_COLUMNS), _AT_ONCE):
        to_do = _list_steps_to_do(requests, at)
        if due := [key for key, steps in to_do.items() if steps]:
            total += _carry_out(found.filter(pk__in=due), actor, at)
    return total


def _candidates(at: datetime) -> RightsRequestQuerySet:
    """Return the requests for which a step may be due, by the index of due dates."""
    found: RightsRequestQuerySet = RightsRequest.objects.undelivered()
    return found.filter(due_at__lte=due_at(at - _EARLIEST))


def _list_steps_to_do(requests: Collection[RightsRequest], at: datetime) -> dict[UUID, list[Step]]:
    """List by request the steps that were due until ``at`` and are not recorded; five queries."""
    own = {"client_id__in": {one.client_id for one in requests}, "request_id__in": [one.pk for one in requests]}
    done = set(ScheduledStep.objects.filter(**own).values_list("request_id", "kind", "on"))
    return {
        key: [step for step in list_due_steps(clock, at=at) if (key, step.kind.value, step.on) not in done]
        for key, clock in get_clocks(requests).items()
    }


def _carry_out(due: RightsRequestQuerySet, actor: Actor, at: datetime) -> int:
    """Lock requests, leave out those answered meanwhile, and carry out what is still to do."""
    requests = list(due.defer(*_TEXTS).select_for_update(of=("self",)))  # PostgreSQL checks them again after a wait
    to_do, parts = _list_steps_to_do(requests, at), list_parts_of(requests)
    work = [(request, step) for request in requests for step in to_do[request.pk]]
    made = [_make_rows(request, parts[request.pk], step, actor, at) for request, step in work]
    ScheduledStep.objects.bulk_create([row for row, _, _ in made])
    Entry.objects.bulk_create([entry for _, entry, _ in made])
    RequestStep.objects.bulk_create([step for _, _, step in made])
    told = ((str(one.client_id), str(one.pk), step.kind.value) for one, step in work)
    enqueue_jobs(NOTIFY_STAFF, [{"client": client, "request": key, "kind": kind} for client, key, kind in told])
    return len(work)


def _make_rows(
    request: RightsRequest, parts: Iterable[RequestPart], step: Step, actor: Actor, at: datetime
) -> tuple[ScheduledStep, Entry, RequestStep]:
    row = ScheduledStep(client_id=request.client_id, request=request, kind=step.kind.value, on=step.on)
    row.due_at, row.done_at = step.at, at
    facts = {"on": step.on.isoformat(), "days_left": step.days_left}
    return row, *make_step(_LEDGER_KINDS[step.kind], request, parts, actor, at, facts)


_LEDGER_KINDS = {
    StepKind.REMINDER: "rights_request.reminded",
    StepKind.ESCALATION: "rights_request.escalated",
    StepKind.NOTICE_NEEDED: "rights_request.notice_needed",
    StepKind.OVERDUE: "rights_request.overdue",
}
