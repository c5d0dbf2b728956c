"""The kind of data that answers on paper leave behind: rows that match no person."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.paper.models import EntryState, SheetEntry
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.selectors import get_cutoff

UNMATCHED, EXPIRE = "unmatched_answers", "paper.expire_unmatched"


def list_kinds() -> tuple[DataKind, ...]:
    """List unmatched answers."""
    return (
        DataKind(
            code=UNMATCHED,
            name=_("Answers on paper that match no person"),
            counted_from=_("The upload of the answer sheet"),
            disposal=Disposal.CONTENT,
            task=EXPIRE,
            bounds=Bounds(90, 7, 365),
            due=list_unmatched,
        ),
    )


def list_unmatched(at: datetime) -> QuerySet[SheetEntry]:
    """List the unmatched rows that are due at ``at``, in the current context."""
    found: QuerySet[SheetEntry] = SheetEntry.objects.filter(
        state=EntryState.UNMATCHED, entered_at__lte=get_cutoff(UNMATCHED, at=at)
    )
    return found
