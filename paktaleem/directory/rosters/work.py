"""How far the check or the import of a roster is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.rosters.importing.uploads import RUN_ROSTER_STEP
from paktaleem.directory.rosters.models import RosterImport, RosterState
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LISTED_FOR, LongAct, Progress

__all__ = ["ROSTERS", "measure_roster"]


def measure_roster(row: RosterImport) -> Progress | None:
    """Return when the step began and ended; a step is one transaction, so no part of it is done before it ends."""
    if row.is_under_way:
        is_import = row.state == RosterState.APPLYING and row.confirmed_at is not None
        began, by = (row.confirmed_at, row.confirmed_by) if is_import else (row.uploaded_at, row.actor_id)
        return Progress(0, None, began or row.uploaded_at, started_by=by)
    if row.state == RosterState.DONE and row.confirmed_at is not None:
        return Progress(1, 1, row.confirmed_at, row.finished_at, started_by=row.confirmed_by)
    if row.state == RosterState.CHANGED:
        return Progress(0, None, row.uploaded_at, failed=row.get_state_display(), started_by=row.actor_id)
    return None


def _list_rows(since: datetime) -> QuerySet[RosterImport]:
    """Select those uploaded lately: a roster is disposed of within a day."""
    rows = RosterImport.objects.filter(uploaded_at__gte=since - LISTED_FOR)
    return rows.defer("details", "wrapped").order_by("-uploaded_at", "-pk")


ROSTERS = LongAct(
    "subjects.rosterimport",
    _("Roster"),
    frozenset({RUN_ROSTER_STEP}),
    Capability.VIEW_ROSTERS,
    _list_rows,
    measure_roster,
)
