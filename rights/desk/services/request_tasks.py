"""Add tasks about a request, and finish them."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import new_id
from rights.clock.deadlines import day_in
from rights.desk.models.request_tasks import RequestTask, TaskKind
from rights.requests.models.requests import RightsRequest
from rights.requests.sealing import seal_text
from rights.requests.services.steps import lock_open_request, lock_request, record_step


class AlreadyDone(PortalError):
    """The task is already done."""

    console_message = "The task is already done."


@transaction.atomic
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
    """Add a task about a request; ``detail`` is sealed under the request's key.

    Raises ValidationError for a day in the past or a task without a description, CannotOpen, RequestEnded, NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    request = lock_open_request(request)
    if due_on < _today(request, at):
        raise ValidationError({"due_on": [_("Choose today or a later day.")]})
    if kind == TaskKind.OTHER and not detail.strip():
        raise ValidationError({"detail": [_("Say what is to be done.")]})
    task = _new_task(request, kind, due_on, actor, at)
    task.assignee = assignee
    task.detail = seal_text(request, detail.strip(), row=task, field="detail")
    task.save(force_insert=True)
    facts = {"task": str(task.pk), "kind": task.kind, "due_on": due_on.isoformat()}
    record_step("rights_request.task_added", request, actor, at, facts)
    return task


def require_task(request: RightsRequest, *, kind: TaskKind, actor: Actor, at: datetime) -> RequestTask:
    """Return the open task of a kind about a request; add one, due today, if there is none.

    For what the portal cannot do itself, such as a telephone call. The caller holds the lock of the request and
    records the step. The task is for the colleague who has the request.
    """
    own = RequestTask.objects.open().filter(client_id=request.client_id, request=request, kind=kind)
    found: RequestTask | None = own.first()
    if found is None:
        found = _new_task(request, kind, _today(request, at), actor, at)
        found.assignee_id = request.assignee_id
        found.save(force_insert=True)
    return found


def require_reading(request: RightsRequest, actor: Actor, at: datetime) -> None:
    """Require that staff read an email that was added to a request; a handler of ``rights.message_added``."""
    require_task(request, kind=TaskKind.READ, actor=actor, at=at)


@transaction.atomic
def finish_task(task: RequestTask, *, actor: Actor, at: datetime) -> RequestTask:
    """Record that a task is done; also after the request is closed. Raises AlreadyDone, NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, task.client_id)
    request = lock_request(task.request)
    task = RequestTask.objects.select_for_update(of=("self",)).get(pk=task.pk, client_id=task.client_id)
    if task.is_done:
        raise AlreadyDone
    task.done_at, task.done_by = at, actor.id
    task.save(update_fields=["done_at", "done_by"])
    record_step("rights_request.task_done", request, actor, at, {"task": str(task.pk), "kind": task.kind})
    return task


def _today(request: RightsRequest, at: datetime) -> date:
    zone = Client.objects.values_list("time_zone", flat=True).get(pk=request.client_id)
    return day_in(at, zone)


def _new_task(request: RightsRequest, kind: TaskKind | str, due_on: date, actor: Actor, at: datetime) -> RequestTask:
    return RequestTask(
        id=new_id(),
        client_id=request.client_id,
        request=request,
        kind=TaskKind(kind),
        due_on=due_on,
        created_at=at,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_role=actor.role,
    )
