"""How far the check or the import of a roster is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.schools.rosters.importing.uploads import RUN_ROSTER_STEP
from paktaleem.directory.schools.rosters.models import RosterImport, RosterState
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LISTED_FOR, LongAct, Progress
from paktaleem.foundation.upkeep.runs.services import find_step


def measure_roster(row: RosterImport) -> Progress | None:
    """Return when the step began and ended, and how many people and guardian relations of the file are read.

    Until the file is opened, and their number known, the total is None.
    """
    if row.is_under_way:
        is_import = row.state == RosterState.APPLYING and row.confirmed_at is not None
        began, by = (row.confirmed_at, row.confirmed_by) if is_import else (row.uploaded_at, row.actor_id)
        done, total = find_step(row.pk) or (0, None)
        return Progress(done, total, began or row.uploaded_at, started_by=by)
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
    "schools.rosterimport",
    _("Roster"),
    frozenset({RUN_ROSTER_STEP}),
    Capability.VIEW_ROSTERS,
    _list_rows,
    measure_roster,
)
