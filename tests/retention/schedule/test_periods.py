"""Periods are counted by the calendar of the client's zone, in Python and in SQL alike."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from paktaleem.foundation.tenancy.context import in_global
from retention.schedule.resolution import (
    PERIOD_PATTERN,
    Period,
    PeriodInvalid,
    is_never_shorter,
    parse_period,
)
from tests.retention.schedule.making import end_of_day

ZONES = ("Asia/Karachi", "Europe/London", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia")
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))
zones = st.sampled_from(ZONES)
periods = st.builds(
    Period, years=st.integers(0, 12), months=st.integers(0, 40), weeks=st.integers(0, 60), days=st.integers(0, 800)
).filter(lambda period: period != Period())
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def plain_after(day, period):
    """The same calculation without a library: count months, shorten to the month's end, then count days one by one."""
    months = day.year * 12 + day.month - 1 + period.years * 12 + period.months
    year, month = divmod(months, 12)
    length = 29 if month == 1 and is_leap(year) else MONTH_LENGTHS[month]
    last = date(year, month + 1, min(day.day, length))
    return date.fromordinal(last.toordinal() + period.weeks * 7 + period.days)


@pytest.mark.parametrize(
    ("day", "period", "last"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2028-02-29", "P4Y", "2032-02-29"),
        ("2026-02-28", "P1M", "2026-03-28"),
        ("2026-10-31", "P1M", "2026-11-30"),
        ("2026-12-31", "P2M", "2027-02-28"),
        ("2026-05-31", "P1Y6M", "2027-11-30"),
        ("2026-03-01", "P2W", "2026-03-15"),
        ("2026-03-01", "P90D", "2026-05-30"),
        ("2026-01-30", "P1M1D", "2026-03-01"),
    ],
)
def test_a_period_ends_on_the_same_day_of_the_month_or_its_last(day, period, last):
    assert parse_period(period).after(date.fromisoformat(day)) == date.fromisoformat(last)


@given(day=days, period=periods)
@example(day=date(2099, 12, 31), period=Period(months=2))
@example(day=date(2028, 1, 31), period=Period(months=1))
@example(day=date(2028, 2, 29), period=Period(years=1, days=1))
def test_it_agrees_with_a_plain_count(day, period):
    assert period.after(day) == plain_after(day, period)


@given(period=periods)
def test_a_period_survives_being_written_and_read(period):
    assert parse_period(str(period)) == period


NOT_PERIODS = ("", "P", "P0D", "P0Y0M", "PT1H", "P1YT1H", "-P1Y", "P-1Y", "1Y", "P1", "P1D1Y", "p1y", "P1.5Y", "P1Y ")


@pytest.mark.parametrize("text", [*NOT_PERIODS, "P\u0661Y"])
def test_what_is_no_positive_period_is_refused(text):
    with pytest.raises(PeriodInvalid):
        parse_period(text)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Asia/Karachi", "2026-03-31", "2026-03-31T19:00:00Z"),
        ("Europe/London", "2026-03-28", "2026-03-29T00:00:00Z"),
        ("Europe/London", "2026-03-29", "2026-03-29T23:00:00Z"),
        ("America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"),
        ("Africa/Cairo", "2024-04-25", "2024-04-25T22:00:00Z"),
    ],
)
def test_daylight_saving_moves_no_day(zone, day, end):
    assert end_of_day(date.fromisoformat(day), zone) == datetime.fromisoformat(end)


@given(first=days, period=periods, gap=st.integers(1, 40))
def test_a_later_trigger_is_never_due_earlier(first, period, gap):
    assert period.after(first + timedelta(days=gap)) >= period.after(first)


@pytest.mark.parametrize(
    ("period", "other", "expected"),
    [
        ("P1Y", "P365D", True),
        ("P365D", "P1Y", False),
        ("P366D", "P1Y", True),
        ("P12M", "P1Y", True),
        ("P1Y", "P12M", True),
        ("P1M", "P30D", False),
        ("P31D", "P1M", True),
        ("P28D", "P4W", True),
    ],
)
def test_periods_are_compared_on_every_start_day(period, other, expected):
    assert is_never_shorter(parse_period(period), parse_period(other)) is expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(st.tuples(days, periods, zones), min_size=20, max_size=20))
def test_the_database_counts_alike(db, cases):
    sent = [[f"{day}", str(period), zone] for day, period, zone in cases]
    columns = [list(column) for column in zip(*sent, strict=True)]
    with in_global(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (d::date::timestamp + p::interval + interval '1 day') AT TIME ZONE z "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS t (d, p, z, place) ORDER BY place",
            columns,
        )
        found = [moment for (moment,) in cursor.fetchall()]
    assert found == [end_of_day(period.after(day), zone) for day, period, zone in cases]


def test_the_pattern_of_the_database_accepts_what_is_read(db):
    texts = ["P1Y", "P18M", "P2W", "P3650D", "P1Y6M2W3D", "", "P", "PT1H", "P1D1Y", "P1", "P1Y\n", "P12345Y"]
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT t, t ~ %s FROM unnest(%s::text[]) AS t", [PERIOD_PATTERN, texts])
        accepted = dict(cursor.fetchall())
    assert [text for text in texts if accepted[text]] == texts[:5]
