"""The kind of data that access to pages leaves behind: links and one-time codes."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.access_links.models import PageLink
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

LINKS, PURGE_LINKS = "access_links", "doors.forget"


def list_kinds() -> tuple[DataKind, ...]:
    """List links and codes."""
    return (
        DataKind(
            code=LINKS,
            name=_("Links and one-time codes of data subjects"),
            counted_from=_("The end of the link’s or code’s validity"),
            disposal=Disposal.ROWS,
            task=PURGE_LINKS,
            bounds=Bounds(24, 1, 720, Unit.HOURS),
            due=_due,
        ),
    )


def _due(at: datetime) -> QuerySet[PageLink]:
    found: QuerySet[PageLink] = PageLink.objects.filter(expires_at__lt=get_cutoff(LINKS, at=at))
    return found
