"""When a person reaches the threshold: days, zones, leap years, gaps in clocks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.directory.people.ages import birthday, may_be_child_until, of_age_at, of_age_by_attestation
from paktaleem.directory.people.details import ADULT_SENTINEL, SubjectDetails, threshold_reached_at
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.thresholds import Thresholds

BIRTHDAYS = [
    (date(2010, 3, 14), 13, date(2023, 3, 14)),
    (date(2012, 2, 29), 13, date(2025, 3, 1)),
    (date(2012, 2, 29), 16, date(2028, 2, 29)),
    (date(2000, 2, 29), 18, date(2018, 3, 1)),
    (date(2084, 2, 29), 16, date(2100, 3, 1)),
    (date(2012, 2, 28), 13, date(2025, 2, 28)),
    (date(2012, 3, 1), 13, date(2025, 3, 1)),
    (date(2012, 12, 31), 13, date(2025, 12, 31)),
    (date(2012, 1, 1), 21, date(2033, 1, 1)),
]

MOMENTS = [
    ("Asia/Karachi", date(2012, 3, 14), datetime(2025, 3, 13, 19, 0, tzinfo=UTC)),
    ("UTC", date(2012, 3, 14), datetime(2025, 3, 14, 0, 0, tzinfo=UTC)),
    ("Pacific/Kiritimati", date(2012, 3, 14), datetime(2025, 3, 13, 10, 0, tzinfo=UTC)),
    ("Pacific/Pago_Pago", date(2012, 3, 14), datetime(2025, 3, 14, 11, 0, tzinfo=UTC)),
    ("Asia/Kathmandu", date(2012, 3, 14), datetime(2025, 3, 13, 18, 15, tzinfo=UTC)),
    ("Europe/London", date(2012, 7, 1), datetime(2025, 6, 30, 23, 0, tzinfo=UTC)),
    ("America/New_York", date(2012, 3, 9), datetime(2025, 3, 9, 5, 0, tzinfo=UTC)),
    # the clock skips midnight on this day: the day begins at 01:00 local time, 04:00 UTC
    ("America/Santiago", date(2011, 9, 8), datetime(2024, 9, 8, 4, 0, tzinfo=UTC)),
    # midnight comes twice here: the first one counts for the calendar, fold=0
    ("America/Havana", date(2011, 11, 3), datetime(2024, 11, 3, 4, 0, tzinfo=UTC)),
    # Samoa had no 30 December 2011
    ("Pacific/Apia", date(1998, 12, 30), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("born", "years", "expected"), BIRTHDAYS)
def test_birthdays_are_computed(born, years, expected):
    assert birthday(born, years) == expected


@pytest.mark.parametrize(("zone", "born", "expected"), MOMENTS)
def test_the_threshold_is_reached_at_the_start_of_the_birthday(zone, born, expected):
    assert of_age_at(born, threshold=13, time_zone=zone) == expected


ZONES = st.sampled_from(["Asia/Karachi", "UTC", "America/Santiago", "Pacific/Apia", "Europe/London", "Asia/Tehran"])
BORN = st.dates(date(1900, 1, 1), date(2026, 11, 25))


@given(BORN, st.integers(13, 21), ZONES)
def test_no_one_reaches_the_age_of_consent_too_early(born, threshold, zone):
    moment = of_age_at(born, threshold=threshold, time_zone=zone)
    before = (moment - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
    on = moment.astimezone(ZoneInfo(zone)).date()
    assert before < birthday(born, threshold) <= on
    assert moment.tzinfo is UTC


@given(BORN, st.integers(13, 20), ZONES)
def test_a_higher_threshold_is_reached_later(born, threshold, zone):
    low, high = (of_age_at(born, threshold=years, time_zone=zone) for years in (threshold, threshold + 1))
    assert timedelta(days=364) <= high - low < timedelta(days=368)  # Apia had no 30 December 2011: a year of 364 days


@given(BORN, st.integers(13, 21), st.integers(13, 21), ZONES)
def test_an_age_computed_for_another_threshold_never_makes_an_adult_too_early(born, before, threshold, zone):
    known, real = (of_age_at(born, threshold=years, time_zone=zone) for years in (before, threshold))
    until = may_be_child_until(known, computed_for=before, threshold=threshold)
    assert (until is None) == (before == threshold)
    assert until is None or until >= real


@given(BORN, BORN, ZONES)
def test_an_older_person_reaches_the_threshold_first(one, other, zone):
    first, second = sorted([one, other])
    assert of_age_at(first, threshold=13, time_zone=zone) <= of_age_at(second, threshold=13, time_zone=zone)


@given(BORN, st.integers(0, 40), st.integers(13, 21))
def test_an_attested_age_never_makes_anyone_of_age_too_early(born, days, threshold):
    """Someone born on ``born`` is attested at their real age; the result is no earlier than their real birthday."""
    on = min(born + timedelta(days=days * 200), date(2060, 1, 1))
    age = on.year - born.year - (birthday(born, on.year - born.year) > on)
    attested = of_age_by_attestation(age, attested_on=on, threshold=threshold, time_zone="Asia/Karachi")
    real = of_age_at(born, threshold=threshold, time_zone="Asia/Karachi")
    assert age >= threshold or attested >= real
    if age >= threshold:
        assert real <= attested == datetime.combine(on, datetime.min.time(), ZoneInfo("Asia/Karachi"))


AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def reached(**details):
    threshold = details.pop("threshold", 13)
    return threshold_reached_at(
        SubjectDetails(**{"role": "student", **details}), threshold=threshold, time_zone="Asia/Karachi", at=AT
    )


CHILD_UNTIL_2030 = datetime(2030, 3, 13, 19, 0, tzinfo=UTC)
REACHED: dict[str, tuple[dict[str, Any], datetime | None]] = {
    "a child": ({"birth_date": date(2017, 3, 14)}, CHILD_UNTIL_2030),
    "an adult, of whom only the fact is stored": ({"birth_date": date(1990, 5, 20)}, ADULT_SENTINEL),
    "who turns 13 today": ({"birth_date": date(2013, 10, 1)}, ADULT_SENTINEL),
    "who turns 13 tomorrow": ({"birth_date": date(2013, 10, 2)}, datetime(2026, 10, 1, 19, 0, tzinfo=UTC)),
    "of the client's threshold": ({"birth_date": date(2009, 1, 1)}, ADULT_SENTINEL),
    "of a higher one": ({"birth_date": date(2009, 1, 1), "threshold": 18}, datetime(2026, 12, 31, 19, 0, tzinfo=UTC)),
    "a birth date beside an attested age": ({"birth_date": date(2017, 3, 14), "attested_age": 30}, CHILD_UNTIL_2030),
    "a guardian": ({"role": "guardian"}, ADULT_SENTINEL),
    "an unknown age": ({}, None),
}


@pytest.mark.parametrize(("details", "moment"), REACHED.values(), ids=REACHED)
def test_the_threshold_is_reached_by_what_is_stated(details, moment):
    assert reached(**details) == moment


@pytest.mark.parametrize(
    ("of_age", "computed_for", "threshold", "child"),
    [
        (AT + timedelta(days=300), 13, 16, True),
        (AT - timedelta(days=300), 13, 16, True),
        (AT - timedelta(days=1200), 13, 16, False),
        (AT + timedelta(days=300), 16, 13, True),
        (ADULT_SENTINEL, 13, 21, False),
        (None, None, 16, False),
    ],
)
@pytest.mark.parametrize("serves_minors", [True, False])
def test_a_child_in_an_adults_role_stays_a_child_until_ages_are_recomputed(
    of_age, computed_for, threshold, child, serves_minors
):
    person = Subject(role="instructor", of_age_at=of_age, of_age_threshold=computed_for)
    assert person.is_child(AT, thresholds=Thresholds(threshold), serves_minors=serves_minors) is child


@pytest.mark.parametrize(
    ("role", "of_age", "serves_minors", "child"),
    [
        ("guardian", None, True, True),
        ("student", None, True, True),
        ("learner", None, True, True),
        ("instructor", None, True, False),
        ("administrator", None, True, False),
        ("student", None, False, False),
        ("student", AT + timedelta(microseconds=1), False, True),
        ("instructor", AT + timedelta(days=1), True, True),
        ("student", AT, True, False),
        ("student", ADULT_SENTINEL, True, False),
    ],
)
def test_is_child_follows_role_age_and_client(role, of_age, serves_minors, child):
    assert (
        Subject(role=role, of_age_at=of_age).is_child(AT, thresholds=Thresholds(13), serves_minors=serves_minors)
        is child
    )
