"""How far the end of a school year is, for its page and the list of work in progress."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts
from paktaleem.school_years.models import Stage, YearEnd
from paktaleem.school_years.services.steps import CONTINUE

_UNITS = ("classes", "people")


def measure_year_end(row: YearEnd) -> Progress | None:
    """Return how many classes and pupils are done; None while it waits for a person, or if it was cancelled."""
    if row.stage == Stage.COUNTING:
        return Progress(0, None, row.prepared_at, started_by=row.prepared_by)
    if row.confirmed_at is None or row.stage not in {Stage.RUNNING, Stage.DONE}:
        return None
    done, total = (sum(numbers.get(one, 0) for one in _UNITS) for numbers in (row.result, row.plan))
    return Progress(done, total, row.confirmed_at, row.ended_at, started_by=row.confirmed_by)


def _list_rows(since: datetime) -> QuerySet[YearEnd]:
    lately = Q(stage__in=[Stage.COUNTING, Stage.RUNNING]) | Q(stage=Stage.DONE, ended_at__gte=since)
    found: QuerySet[YearEnd] = YearEnd.objects.filter(lately).order_by("-prepared_at", "-pk")
    return found


long_acts.connect(
    LongAct(
        "school_years.yearend",
        _("End of a school year"),
        frozenset({CONTINUE}),
        Capability.VIEW_ROSTERS,
        _list_rows,
        measure_year_end,
    )
)
