"""Counting of a client's weeks, by the worker."""

# Weeks are counted by the worker into numbers without people; counting millions of rows when the page is opened takes
# seconds. A decision is not stored, so reasons are those of collections and disclosures.

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateField, F, Max, QuerySet, Value, When
from django.db.models.functions import TruncWeek

from consent.consents.models import ConsentEvent, ConsentState
from consent.sharing.models import Disclosure
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.office.reports.trends.models import Measure, WeeklyCount
from retention.holdings.models import Collection
from retention.holdings.picture import AGES
from retention.holdings.selectors import count_by_age
from rights.requests.models import ANSWERED_IN_TIME, RightsRequest

WEEKS = 12
"""Number of weeks that are shown, the current one included."""
EACH = timedelta(hours=6)
"""How long a count is good for."""

_GIVEN, _ENDED = [ConsentState.GIVEN], [ConsentState.WITHDRAWN, ConsentState.REVOKED]

type Number = tuple[date, Measure, str, int]
"""A week, what is counted, of what, and how many."""


def find_week(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def count_weeks(client: Client, *, actor: Actor, at: datetime) -> bool:
    """Count the weeks since the last count, at most twelve; return False if the last count is not six hours old.

    It runs a fixed number of queries and needs the client's context. Raises NotAllowed if
    ``actor`` may not view holdings.
    """
    rows = WeeklyCount.objects.filter(client_id=client.pk)
    last = rows.aggregate(week=Max("week"), at=Max("counted_at"))
    if last["at"] is not None and at - last["at"] < EACH:
        return False
    zone = ZoneInfo(client.time_zone)
    this_week = find_week(at.astimezone(zone).date())
    first = max(last["week"] or date.min, this_week - timedelta(weeks=WEEKS - 1))
    since = datetime.combine(first, time(), zone)
    counted = [*_count_events(client.pk, since, at, zone), *_count_ages(client.pk, this_week, actor=actor, at=at)]
    WeeklyCount.objects.bulk_create(
        [
            WeeklyCount(client_id=client.pk, week=week, measure=measure, code=code, number=number, counted_at=at)
            for week, measure, code, number in counted
        ],
        update_conflicts=True,
        unique_fields=["client", "week", "measure", "code"],
        update_fields=["number", "counted_at"],
    )
    return True


def _count_events(client_id: UUID, since: datetime, at: datetime, zone: ZoneInfo) -> Iterator[Number]:
    events = ConsentEvent.objects.filter(client_id=client_id, becomes_state=True, is_renewal=False)
    answered = RightsRequest.objects.filter(client_id=client_id).exclude(state__in=["duplicate", "handed_over"])
    in_time = Case(When(ANSWERED_IN_TIME, then=Value("in_time")), default=Value("late"))
    sources: tuple[tuple[Measure, QuerySet[Any], str, Any], ...] = (
        (Measure.CONSENT_GIVEN, events.filter(state__in=_GIVEN), "recorded_at", F("purpose__code")),
        (Measure.CONSENT_WITHDRAWN, events.filter(state__in=_ENDED), "recorded_at", F("purpose__code")),
        (Measure.ANSWERED, answered, "delivered_at", in_time),
        (Measure.DECISION, Collection.objects.filter(client_id=client_id), "reported_at", F("reason")),
        (Measure.DECISION, Disclosure.objects.filter(client_id=client_id), "reported_at", F("reason")),
    )
    numbers: dict[tuple[date, Measure, str], int] = {}
    for measure, rows, moment, code in sources:
        in_period = rows.filter(**{f"{moment}__gte": since, f"{moment}__lte": at}).order_by()
        weeks = in_period.annotate(
            counted_week=TruncWeek(moment, tzinfo=zone, output_field=DateField()), counted_code=code
        )
        for week, found, number in weeks.values_list("counted_week", "counted_code").annotate(number=Count("pk")):
            key = (week, measure, found)
            numbers[key] = numbers.get(key, 0) + number
    return ((*key, number) for key, number in numbers.items())


def _count_ages(client_id: UUID, week: date, *, actor: Actor, at: datetime) -> list[Number]:
    """Count what is held now by its age, as the picture of holdings does; every age has a number, also zero."""
    ages = [sum(numbers) for numbers in zip(*count_by_age(actor, client_id, at=at).values(), strict=True)]
    return [(week, Measure.HOLDING_AGE, str(age), number) for age, number in enumerate(ages or [0] * (len(AGES) + 1))]
