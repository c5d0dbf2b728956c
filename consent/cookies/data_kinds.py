"""The kind of data that the banner leaves behind: the link from a browser to its choices."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.cookies.models import Visitor
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

VISITORS, PURGE_VISITORS = "cookie_visitors", "cookies.purge_visitors"


def list_kinds() -> tuple[DataKind, ...]:
    """List visitors' browsers."""
    return (
        DataKind(
            code=VISITORS,
            name=_("Links from visitors’ browsers to their choices about cookies"),
            counted_from=_("The visitor’s last choice"),
            disposal=Disposal.UNLINKED,
            task=PURGE_VISITORS,
            bounds=Bounds(395, 30, 730),
            due=list_due_visitors,
        ),
    )


def list_due_visitors(at: datetime) -> QuerySet[Visitor]:
    """List the visitors who are due at ``at``, in the current context."""
    found: QuerySet[Visitor] = Visitor.objects.filter(last_at__lte=get_cutoff(VISITORS, at=at))
    return found
