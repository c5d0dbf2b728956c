"""The kind of data that large exports leave behind: files that wait for the person who requested them."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.files.exports.models import ListExport
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit

LIST_EXPORTS, END_EXPORTS = "list_exports", "exports.end_due"


def list_kinds() -> tuple[DataKind, ...]:
    """List files of large exports."""
    return (
        DataKind(
            code=LIST_EXPORTS,
            name=_("Files of large exports"),
            counted_from=_("The request of the export, downloaded or not; a changed period counts for new ones"),
            disposal=Disposal.CONTENT,
            task=END_EXPORTS,
            bounds=Bounds(24, 1, 168, Unit.HOURS),
            due=_due,
        ),
    )


def _due(at: datetime) -> QuerySet[ListExport]:
    found: QuerySet[ListExport] = ListExport.objects.due_to_end(at)
    return found
