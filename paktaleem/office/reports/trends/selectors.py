"""Reads of the counts of twelve weeks."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max, Sum

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.office.reports.trends.models import Measure, WeeklyCount
from paktaleem.office.reports.trends.services import WEEKS, find_week


@dataclass(slots=True)
class Trends:
    """The numbers of twelve weeks, oldest week first: for each measure and code one number a week."""

    weeks: list[date]
    counted_at: datetime | None
    numbers: dict[Measure, dict[str, list[int]]] = field(default_factory=dict)

    def series(self, measure: Measure) -> dict[str, list[int]]:
        """Return the numbers of each code of a measure."""
        return self.numbers.get(measure, {})


def get_trends(actor: Actor, client_id: UUID | None, *, today: date) -> Trends:
    """Return the numbers of a client, or of all clients but sandboxes for None; two queries.

    Raises NotAllowed if the actor may not view the ledger, or not this client's.
    """
    require(actor, Capability.VIEW_LEDGER, client_id)
    this_week = find_week(today)
    weeks = [this_week - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    rows = WeeklyCount.objects.filter(week__gte=weeks[0], week__lte=weeks[-1]).order_by()
    rows = rows.filter(client__is_sandbox=False) if client_id is None else rows.filter(client_id=client_id)
    trends = Trends(weeks, rows.aggregate(at=Max("counted_at"))["at"])
    place = {week: number for number, week in enumerate(weeks)}
    found: defaultdict[Measure, dict[str, list[int]]] = defaultdict(dict)
    for measure, code, week, number in rows.values_list("measure", "code", "week").annotate(sum=Sum("number")):
        found[Measure(measure)].setdefault(code, [0] * WEEKS)[place[week]] = int(number)
    trends.numbers = dict(found)
    return trends
