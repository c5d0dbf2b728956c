"""Selectors of the desk: tasks, letters and their texts, and the other side of a hand-over."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.tenancy.indexes import Constant
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.models import HandOver, RequestLetter, RequestTask, TaskKind
from rights.requests.deadlines import format_day
from rights.requests.models import RightsRequest
from rights.requests.sealing import open_text


@dataclass(frozen=True, slots=True)
class OtherSide:
    """The request of another client with which a request is linked; ``is_later`` if it goes on there."""

    request_id: UUID
    number: str
    client: str
    is_later: bool


def list_tasks(actor: Actor) -> QuerySet[RequestTask]:
    """List the tasks that the actor may see, without their details. Raises NotAllowed."""
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS)
    found: QuerySet[RequestTask] = RequestTask.objects.select_related("request").defer("detail")
    return found if actor.client_id is None else found.filter(client_id=actor.client_id)


def list_calls() -> QuerySet[RequestTask]:
    """List the open tasks to call a person; a handler of ``rights.calls_to_make``."""
    calls: QuerySet[RequestTask] = RequestTask.objects.open().filter(kind=Constant(TaskKind.CALL))
    return calls


def list_letters(request: RightsRequest) -> QuerySet[RequestLetter]:
    """List the letters about a request, without their texts."""
    return RequestLetter.objects.filter(client_id=request.client_id, request=request).defer("text")


def read_texts(request: RightsRequest) -> list[tuple[str, str]]:
    """Return the letters and the details of the tasks of a request, decrypted; a handler of ``rights.texts_to_read``.

    The caller has recorded the access. Raises CannotOpen.
    """
    own, zone = {"client_id": request.client_id, "request": request}, request.client.time_zone
    letters = [
        (
            f"{_('Letter')}: {one.get_occasion_display()} · {format_day(one.at, zone)}",
            open_text(request, row=one, field="text"),
        )
        for one in RequestLetter.objects.filter(**own)
    ]
    tasks = [
        (f"{_('Task')}: {one.get_kind_display()} · {one.due_on}", open_text(request, row=one, field="detail"))
        for one in RequestTask.objects.filter(**own).exclude(detail=None)
    ]
    return letters + tasks


def find_other_sides(request: RightsRequest, *, actor: Actor) -> list[OtherSide]:
    """List the requests of other clients with which a request is linked, for officers; empty for a client.

    In a client's context the rows of PakTaleem are not readable either.
    """
    if actor.client_id is not None:
        return []
    rows = list(HandOver.objects.filter(Q(from_request=request.pk) | Q(to_request=request.pk), client_id=PAKTALEEM))
    ids = {key for row in rows for key in (row.from_client, row.to_client)}
    names = dict(Client.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [
        OtherSide(row.to_request, row.number, names.get(row.to_client, ""), is_later=True)
        if row.from_request == request.pk
        else OtherSide(row.from_request, row.number, names.get(row.from_client, ""), is_later=False)
        for row in rows
    ]
