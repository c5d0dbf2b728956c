"""The hold of a person's data while a rights request of theirs is open: placed, moved and lifted with the request."""

# A request does not hold the erasure that serves it, and an unverified one refuses none: anyone could write it in
# another's name.

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from paktaleem.directory.data_systems.selectors import Parent
from paktaleem.directory.people.extension_points import Hold
from paktaleem.foundation.accounts.actors import system_actor
from retention.schedule.models import HoldKind
from retention.schedule.services.holds import hold_for_case, lift_holds_of_case
from rights.requests.models import PARENT, RequestPart, RightKind, RightsRequest
from rights.requests.states import Decision

_PORTAL = system_actor("rights.holds")
_COPIES = [RightKind.ACCESS.value, RightKind.PORTABILITY.value]


def hold_data(request: RightsRequest, at: datetime) -> None:
    """Hold all data of the person of a request without a hold until it ends; without a person, do nothing.

    All data, whatever purposes are named: rights are added to a request, and purposes share categories.
    """
    if request.subject is not None:
        hold_for_case(
            request.subject,
            client=request.client,
            kind=HoldKind.OPEN_REQUEST,
            case=Parent(PARENT, request.pk),
            ground=f"Request {request.number}.",
            review_at=request.due_at,
            actor=_PORTAL,
            at=at,
        )


def move_hold(request: RightsRequest, at: datetime) -> None:
    """Place the hold of a request that was just assigned to a person; another person's is lifted."""
    _lift(request, "The request is about another person.", at)
    hold_data(request, at)


def lift_hold_at_end(request: RightsRequest, at: datetime) -> None:
    """Lift the hold of a request that ends, however it ends."""
    if request.subject_id is not None:
        _lift(request, "The request has ended.", at)


def find_copies_to_give(client_id: UUID, people: Sequence[UUID], at: datetime) -> Iterator[tuple[UUID, Hold]]:
    """Find people's verified, unanswered requests for a copy, which forbid their erasure; ``people.erasure_holds``.

    Not those that are refused. An erasure that serves the same request is not held.
    """
    del at
    own_parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request_id=OuterRef("pk"))
    parts = own_parts.filter(kind__in=_COPIES).exclude(decision=Decision.REFUSED.value)
    own: dict[str, Any] = {"client_id": client_id, "subject_id__in": people, "identity_verified_at__isnull": False}
    found = RightsRequest.objects.unanswered().filter(Exists(parts), **own).order_by("received_at", "pk")
    words = _("Request {number} for a copy of the data is not answered yet.")
    for key, subject_id, number in found.values_list("pk", "subject_id", "number"):
        if subject_id is not None:
            yield subject_id, Hold("open_request", words.format(number=number), case=key)


def _lift(request: RightsRequest, ground: str, at: datetime) -> None:
    lift_holds_of_case(request.client_id, Parent(PARENT, request.pk), ground=ground, actor=_PORTAL, at=at)
