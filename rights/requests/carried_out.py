"""Orders that serve a request: its own, and those of the restrictions and objections that it brought about."""

from datetime import datetime

from django.db.models import Q, QuerySet

from consent.consents.models import Objection, Restriction
from consent.consents.services.restrictions import has_orders_to_issue
from paktaleem.directory.data_systems.models import Order
from rights.requests.models import PARENT, RequestLimit, RightsRequest


def list_limits(request: RightsRequest) -> list[Restriction | Objection]:
    """List the restrictions and objections that a request brought about."""
    rows = RequestLimit.objects.filter(client_id=request.client_id, request=request)
    both = ((row.restriction, row.objection) for row in rows.select_related("restriction", "objection"))
    return [limit for pair in both for limit in pair if limit is not None]


def orders_of(request: RightsRequest, limits: list[Restriction | Objection] | None = None) -> QuerySet[Order]:
    """Return the orders that serve a request."""
    limits = list_limits(request) if limits is None else limits
    parents = Q(parent_kind=PARENT, parent_id=request.pk)
    for limit in limits:
        parents |= Q(parent_kind=str(limit._meta.model_name), parent_id=limit.pk)
    found: QuerySet[Order] = Order.objects.filter(parents, client_id=request.client_id)
    return found


def is_carried_out(request: RightsRequest, *, at: datetime) -> bool:
    """Return True if every order of a request is issued, and answered or waived by two people."""
    limits = list_limits(request)
    if orders_of(request, limits).filter(ended_at=None).exists():
        return False
    return not any(has_orders_to_issue(limit, at=at) for limit in limits)
