"""The kind of data that roster imports leave behind: uploaded files."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.rosters.models import RosterImport
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

ROSTER_FILES, PURGE_ROSTERS = "roster_files", "subjects.expire_rosters"


def list_kinds() -> tuple[DataKind, ...]:
    """List uploaded rosters."""
    return (
        DataKind(
            code=ROSTER_FILES,
            name=_("Uploaded rosters and their findings"),
            counted_from=_("The upload, imported or not"),
            disposal=Disposal.KEY,
            task=PURGE_ROSTERS,
            bounds=Bounds(24, 1, 168, Unit.HOURS),
            due=_due,
        ),
    )


def _due(at: datetime) -> QuerySet[RosterImport]:
    found: QuerySet[RosterImport] = RosterImport.objects.filter(
        wrapped__isnull=False, uploaded_at__lte=get_cutoff(ROSTER_FILES, at=at)
    )
    return found
