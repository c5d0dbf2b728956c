"""Destroy the keys of requests' texts: with the person's erasure, and some time after the end."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from rights.requests.data_kinds import list_old_requests
from rights.requests.models.requests import RightsRequest
from rights.requests.services.steps import record_step

_AT_ONCE = 500


def destroy_texts_of_person(subject: Subject, actor: Actor, at: datetime) -> None:
    """Destroy the keys of a person's requests, and of those they made as a guardian (decision 0063).

    A handler of ``people.before_erasure``. The case itself goes on: what was decided and when stays as evidence.
    """
    own = RightsRequest.objects.filter(client_id=subject.client_id, wrapped__isnull=False)
    for request in own.filter(Q(subject=subject) | Q(requester=subject)).select_for_update(of=("self",)):
        _destroy(request, actor, at)


def list_clients_with_old_requests(*, at: datetime) -> list[UUID]:
    """List the clients with texts of requests closed long ago; requires the officers' context."""
    return list(list_old_requests(at).order_by().values_list("client_id", flat=True).distinct())


@transaction.atomic
def purge_old_requests(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Destroy the keys of requests closed some time ago (``REQUEST_TEXTS``); return how many, up to 500.

    Follows decision 0063.
    """
    old = list_old_requests(at).filter(client_id=client_id)
    rows = list(old.select_for_update(of=("self",), skip_locked=True)[:_AT_ONCE])
    for request in rows:
        _destroy(request, actor, at)
    return len(rows)


def _destroy(request: RightsRequest, actor: Actor, at: datetime) -> None:
    request.wrapped = request.epoch = request.details = request.contact = request.answer = None
    record_step("rights_request.forgotten", request, actor, at)
