"""Trends: a client's weeks, counted by the worker, and read for the page."""

# Weeks are counted by the worker into numbers without people; counting millions of rows when the page is opened takes
# seconds.

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateField, Max, Model, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncWeek

from consent.consents.models import ConsentEvent, ConsentState
from consent.decisions.models import DecisionCount
from consent.decisions.reasons import Reason
from consent.sharing.models import Disclosure
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.office.reports.models import Measure, WeeklyCount
from retention.holdings.models import Collection
from retention.holdings.selectors import AGES, count_by_age
from rights.requests.models import ANSWERED_IN_TIME, RightsRequest

WEEKS = 12
"""Number of weeks that are shown, the current one included."""
EACH = timedelta(hours=6)
"""How long a count is good for."""
HEIGHT = 100
"""Height of the tallest column, in units of the picture."""
CODES = {
    Measure.CONSENTS: ("given", "withdrawn"),
    Measure.ANSWERS: ("in_time", "late"),
    Measure.QUESTIONS: ("permitted", "denied"),
    Measure.DECISIONS: ("permitted", "denied"),
    Measure.HOLDINGS: tuple(str(age) for age in range(len(AGES) + 1)),
}
"""The parts of each measure, in the order in which they are drawn."""
_STATES = [ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.REVOKED]


def find_week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def count_weeks(client: Client, *, actor: Actor, at: datetime) -> bool:
    """Count the weeks since the last count, at most twelve, unless it is younger than six hours; return True if it did.

    Runs a fixed number of queries in the client's context. Raises NotAllowed if ``actor`` may not view holdings.
    """
    last = WeeklyCount.objects.filter(client_id=client.pk).aggregate(week=Max("week"), at=Max("counted_at"))
    if last["at"] is not None and at - last["at"] < EACH:
        return False
    zone = ZoneInfo(client.time_zone)
    this_week = find_week(at.astimezone(zone).date())
    first = max(last["week"] or date.min, this_week - timedelta(weeks=WEEKS - 1))
    ages = zip(*count_by_age(actor, client.pk, at=at).values(), strict=True)
    held = [sum(numbers) for numbers in ages] or [0] * len(CODES[Measure.HOLDINGS])
    counted = {(this_week, Measure.HOLDINGS, str(age)): number for age, number in enumerate(held)}
    for key, number in _count_events(client.pk, datetime.combine(first, time(), zone), at, zone):
        counted[key] = counted.get(key, 0) + number
    WeeklyCount.objects.bulk_create(
        [
            WeeklyCount(client_id=client.pk, week=week, measure=measure, code=code, number=number, counted_at=at)
            for (week, measure, code), number in counted.items()
        ],
        update_conflicts=True,
        unique_fields=["client", "week", "measure", "code"],
        update_fields=["number", "counted_at"],
    )
    return True


def _count_events(
    client_id: UUID, since: datetime, at: datetime, zone: ZoneInfo
) -> Iterator[tuple[tuple[date, Measure, str], int]]:
    events = ConsentEvent.objects.filter(becomes_state=True, is_renewal=False, state__in=_STATES)
    answered = RightsRequest.objects.exclude(state__in=["duplicate", "handed_over"])
    permitted = Q(reason=Reason.PERMITTED.value)
    sources: tuple[tuple[Measure, QuerySet[Model], str, Q], ...] = (
        (Measure.CONSENTS, events, "recorded_at", Q(state=ConsentState.GIVEN)),
        (Measure.ANSWERS, answered, "delivered_at", ANSWERED_IN_TIME),
        (Measure.QUESTIONS, DecisionCount.objects.all(), "hour", permitted),
        (Measure.DECISIONS, Collection.objects.all(), "reported_at", permitted),
        (Measure.DECISIONS, Disclosure.objects.all(), "reported_at", permitted),
    )
    for measure, rows, moment, is_first in sources:
        first, second = CODES[measure]
        found = rows.filter(client_id=client_id, **{f"{moment}__gte": since, f"{moment}__lte": at}).order_by()
        weeks = found.annotate(
            counted_week=TruncWeek(moment, tzinfo=zone, output_field=DateField()),
            counted_code=Case(When(is_first, then=Value(first)), default=Value(second)),
        )
        number = Sum("number") if measure is Measure.QUESTIONS else Count("pk")
        for week, code, total in weeks.values_list("counted_week", "counted_code").annotate(total=number):
            yield (week, measure, code), int(total)


class Column(NamedTuple):
    """A rectangle of a picture: its part of the measure, its week from 0, its upper edge and its height."""

    part: int
    week: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Trends:
    """The numbers of twelve weeks, oldest week first: for each part of a measure one number a week."""

    weeks: Sequence[date]
    counted_at: datetime | None
    numbers: dict[tuple[str, str], list[int]]

    def series(self, measure: Measure) -> list[list[int]]:
        return [self.numbers.get((measure, code), [0] * WEEKS) for code in CODES[measure]]


def get_trends(actor: Actor, client_id: UUID | None, *, today: date) -> Trends:
    """Return the numbers of a client, or of all but sandboxes for None; two queries. Raises NotAllowed."""
    require(actor, Capability.VIEW_RECORDS, client_id)
    weeks = [find_week(today) - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    rows = WeeklyCount.objects.filter(week__gte=weeks[0], week__lte=weeks[-1]).order_by()
    rows = rows.filter(client__is_sandbox=False) if client_id is None else rows.filter(client_id=client_id)
    numbers: dict[tuple[str, str], list[int]] = {}
    for measure, code, week, number in rows.values_list("measure", "code", "week").annotate(sum=Sum("number")):
        numbers.setdefault((measure, code), [0] * WEEKS)[weeks.index(week)] = int(number)
    return Trends(weeks, rows.aggregate(at=Max("counted_at"))["at"], numbers)


def draw_columns(series: Sequence[Sequence[int]]) -> list[Column]:
    """Return the columns of a picture: the parts of each week on top of each other, the tallest week ``HEIGHT``."""
    tallest = max(map(sum, zip(*series, strict=True)), default=0)
    columns = []
    for week, numbers in enumerate(zip(*series, strict=True)):
        below = 0
        for part, number in enumerate(numbers):
            height = max(1, number * HEIGHT // tallest) if number else 0
            below += height
            if number:
                columns.append(Column(part, week, max(0, HEIGHT - below), height))
    return columns
