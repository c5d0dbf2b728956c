"""How far a disposal is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from retention.disposals.models.batches import Batch, Stage
from retention.disposals.models.items import ItemState
from retention.disposals.selectors import get_progress
from retention.disposals.services.batches import CONTINUE
from retention.disposals.services.sweeping import SWEEP


def measure_disposal(row: Batch) -> Progress | None:
    """Return how many holdings are checked or ordered; None while it waits for people or systems."""
    stopped = str(_("interrupted by staff")) if row.paused_at else ""
    if row.stage == Stage.FLAGGING:
        return Progress(row.sweep.checked, row.sweep.held, row.opened_at)
    if row.stage == Stage.EXECUTING:
        counts = get_progress(row).counts
        left = counts.get(ItemState.FLAGGED, 0)
        began = row.approved_at or row.opened_at
        return Progress(
            sum(counts.values()) - left, sum(counts.values()), began, failed=stopped, started_by=row.approved_by
        )
    if row.stage == Stage.CERTIFIED:
        return Progress(row.size, row.size, row.approved_at or row.opened_at, row.ended_at, started_by=row.approved_by)
    return None


def _list_rows(since: datetime) -> QuerySet[Batch]:
    lately = Q(stage__in=[Stage.FLAGGING, Stage.EXECUTING]) | Q(stage=Stage.CERTIFIED, ended_at__gte=since)
    rows: QuerySet[Batch] = Batch.objects.filter(lately).select_related("sweep")
    return rows.defer("pseudonym_key").order_by("-opened_at", "-pk")


long_acts.connect(
    LongAct(
        "disposals.batch",
        _("Disposal"),
        frozenset({SWEEP, CONTINUE}),
        Capability.VIEW_HOLDINGS,
        _list_rows,
        measure_disposal,
    )
)
