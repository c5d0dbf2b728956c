"""Selectors of the desk: tasks, letters, the texts of both, and the other sides of a hand-over."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.models import Constant
from rights.desk.models import AuthorityCase, RequestLetter, RequestTask, TaskKind
from rights.requests.deadlines import format_day
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text


def list_tasks(actor: Actor) -> QuerySet[RequestTask]:
    """List the tasks that the actor may see, without their details. Raises NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS)
    found: QuerySet[RequestTask] = RequestTask.objects.select_related("request").defer("detail")
    return found if actor.client_id is None else found.filter(client_id=actor.client_id)


def list_calls() -> QuerySet[RequestTask]:
    """List the open tasks to call a person; a handler of ``rights.calls_to_make``."""
    return RequestTask.objects.open().filter(kind=Constant(TaskKind.CALL))


def read_texts(request: RightsRequest) -> list[tuple[str, str]]:
    """Return the texts of letters, tasks and cases, decrypted; the caller recorded the access. Raises CannotOpen."""
    own, zone = {"client_id": request.client_id, "request": request}, request.client.time_zone
    letters = [
        (f"{_('Letter')}: {one} · {format_day(one.at, zone)}", open_text(request, row=one, field="text"))
        for one in RequestLetter.objects.filter(**own)
    ]
    tasks = [
        (f"{_('Task')}: {one.get_kind_display()} · {one.due_on}", open_text(request, row=one, field="detail"))
        for one in RequestTask.objects.filter(**own).exclude(detail=None)
    ]
    cases = [
        (f"{one.authority} · {label}", open_text(request, row=one, field=field))
        for one in AuthorityCase.objects.filter(**own)
        for field, label in (("reference", _("Reference number of the authority")), ("measures", _("Measures")))
    ]
    return letters + tasks + [one for one in cases if one[1]]


def list_other_sides(request: RightsRequest, *, actor: Actor) -> list[RightsRequest]:
    """List the requests of other clients with the number of this one, for officers; empty for a client."""
    if actor.client_id is not None:
        return []
    others = RightsRequest.objects.filter(number=request.number).exclude(pk=request.pk).select_related("client")
    return list(others.defer("details", "contact", "answer").order_by("pk"))


def has_open_case(request: RightsRequest) -> bool:
    """Return True if an authority has a case about a request without an outcome."""
    return AuthorityCase.objects.filter(client_id=request.client_id, request=request, outcome="").exists()
