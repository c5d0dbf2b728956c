"""Selectors of holds."""

from uuid import UUID

from django.db.models import Q, QuerySet

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from retention.schedule.models import Hold, HoldLift

__all__ = ["find_holds", "list_holds", "list_lifts"]


def list_holds(actor: Actor) -> QuerySet[Hold]:
    """List holds. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[Hold] = Hold.objects.select_related("subject", "system")
    return found


def list_lifts(actor: Actor) -> QuerySet[HoldLift]:
    """List requests to lift legal holds. Raises NotAllowed."""
    require(actor, Capability.VIEW_HOLDINGS)
    found: QuerySet[HoldLift] = HoldLift.objects.select_related("hold")
    return found


def find_holds(
    client_id: UUID, *, subject_id: UUID, category: str | None = None, system_id: UUID | None = None
) -> QuerySet[Hold]:
    """Find the open holds that cover some data of a person.

    Without ``category`` or ``system_id``, holds of any category or system are found: they cover a part of the data.
    """
    found: QuerySet[Hold] = Hold.objects.open().filter(
        Q(subject_id=subject_id) | Q(subject_id=None), client_id=client_id
    )
    if category is not None:
        found = found.filter(category__in=["", category])
    if system_id is not None:
        found = found.filter(Q(system_id=system_id) | Q(system_id=None))
    return found.order_by("placed_at", "id")
