"""How far the end of an agreement is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from retention.exits.models import AgreementExit, ExitStage
from retention.exits.services.steps import CONTINUE


def measure_exit(row: AgreementExit) -> Progress | None:
    """Return how many people are exported or erased; None while it waits for people or systems."""
    began, stopped = row.settled_at or row.requested_at, str(_("interrupted by staff")) if row.paused_at else ""
    if row.stage == ExitStage.EXPORTING:
        return Progress(row.exported, row.people, began, failed=stopped, started_by=row.settled_by)
    if row.stage == ExitStage.ERASING:
        return Progress(row.erased + row.kept, row.people, began, failed=stopped, started_by=row.settled_by)
    if row.stage == ExitStage.CERTIFIED:
        return Progress(row.people, row.people, began, row.ended_at, started_by=row.settled_by)
    return None


def _list_rows(since: datetime) -> QuerySet[AgreementExit]:
    lately = Q(stage__in=[ExitStage.EXPORTING, ExitStage.ERASING]) | Q(ended_at__gte=since)
    rows: QuerySet[AgreementExit] = AgreementExit.objects.filter(lately)
    return rows.select_related("agreement").defer("wrapped").order_by("-requested_at", "-pk")


long_acts.connect(
    LongAct(
        "exits.agreementexit",
        _("End of an agreement"),
        frozenset({CONTINUE}),
        Capability.VIEW_REGISTER,
        _list_rows,
        measure_exit,
    )
)
