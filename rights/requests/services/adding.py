"""Turn a question or a concern into a right: add rights to an open request, which keeps its number and its clock."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError
from rights.requests.models.requests import RequestPart, RightKind, RightsRequest
from rights.requests.services.authority import GUARDIANS_RIGHTS, require_authority
from rights.requests.services.clock import lock_unanswered, update_dates
from rights.requests.services.intake import create_parts
from rights.requests.services.outcomes import decide_at_once
from rights.requests.services.steps import list_parts, record_step

TURNS_INTO_RIGHTS = frozenset({RightKind.QUESTION, RightKind.CHILD_CONCERN})
"""Kinds that are no right, and can turn into one."""


class NoQuestion(PortalError):
    """The request is neither a question nor a concern: its rights are what the person asked for."""

    console_message = "Only a question or a concern can turn into a right."


def list_addable_rights(request: RightsRequest) -> list[RightKind]:
    """List the rights that a question or a concern can turn into; none for another request."""
    own = {RightKind(part.kind) for part in list_parts(request)}
    if not own & TURNS_INTO_RIGHTS:
        return []
    offered = set(RightKind) if request.requester_id is None else GUARDIANS_RIGHTS - _asked_elsewhere(request)
    return [kind for kind in RightKind if kind in offered - own - TURNS_INTO_RIGHTS]


def _asked_elsewhere(request: RightsRequest) -> set[RightKind]:
    """Return the rights in the guardian's other open requests about the child: there is one open request for each."""
    people = {"subject_id": request.subject_id, "requester_id": request.requester_id}
    others = RightsRequest.objects.open().filter(client_id=request.client_id, **people).exclude(pk=request.pk)
    parts = RequestPart.objects.filter(client_id=request.client_id, request__in=others)
    return {RightKind(kind) for kind in parts.order_by().values_list("kind", flat=True)}


@transaction.atomic
def add_rights(
    request: RightsRequest, *, kinds: Sequence[RightKind | str], actor: Actor, at: datetime
) -> RightsRequest:
    """Add the rights that the text of a question or a concern exercises; each goes to its controller.

    Number, receipt and due date stay. Nothing is granted by this, except what needs no decision once the sender is
    verified. Raises ValidationError naming ``kinds``, NoQuestion, RequestNotAllowed, AlreadyAnswered, RequestEnded,
    NotAllowed.
    """
    require(actor, Capability.HANDLE_RIGHTS_REQUESTS, request.client_id)
    request = lock_unanswered(request)
    addable = list_addable_rights(request)
    if not addable:
        raise NoQuestion
    added = list(dict.fromkeys(RightKind(kind) for kind in kinds))
    if not added or set(added) - set(addable):
        raise ValidationError({"kinds": [_("Name rights that the request does not have yet.")]})
    require_authority(request, added, at=at)
    create_parts(request, added, (), at)
    update_dates(request, at)
    record_step("rights_request.rights_added", request, actor, at, {"added": [kind.value for kind in added]})
    decide_at_once(request, actor=actor, at=at)
    return request
