"""The kind of data that rights requests leave behind: their texts."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff
from rights.requests.hooks import texts_needed
from rights.requests.models import RightsRequest, RightsRequestQuerySet

REQUEST_TEXTS, PURGE_TEXTS = "request_texts", "rights.purge"


def list_kinds() -> tuple[DataKind, ...]:
    """List the texts of requests."""
    return (
        DataKind(
            code=REQUEST_TEXTS,
            name=_("Texts, letters, notes and files of rights requests, concerns and complaints"),
            counted_from=_("The closing of the request"),
            disposal=Disposal.KEY,
            task=PURGE_TEXTS,
            bounds=Bounds(1095, 365, 3650),
            due=_due,
        ),
    )


def list_old_requests(at: datetime) -> RightsRequestQuerySet:
    """List the closed requests whose texts are due at ``at`` and not needed, in the current context."""
    limit = get_cutoff(REQUEST_TEXTS, at=at)
    found: RightsRequestQuerySet = RightsRequest.objects.filter(closed_at__lte=limit, wrapped__isnull=False)
    for list_needed in texts_needed:
        found = found.exclude(pk__in=list_needed())
    return found


def _due(at: datetime) -> QuerySet[RightsRequest]:
    return list_old_requests(at)
