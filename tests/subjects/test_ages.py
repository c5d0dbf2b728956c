"""When a person reaches the threshold, and by which sources: days, zones, leap years, and their strength."""

import io
import json
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given, strategies as st

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.ages import (
    AgeSource,
    Statement,
    birthday,
    combine_statements,
    may_be_child_until,
    of_age_at,
    of_age_by_attestation,
)
from paktaleem.directory.people.details import ADULT_SENTINEL, AgeCheck, SubjectDetails, threshold_reached_at
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.selectors import age_is_known
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.rosters.importing.service import open_source
from paktaleem.directory.schools.rosters.spreadsheet.rows import csv_template, xlsx_template
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.api.callers import Caller
from tests.children.guardians import decision_reason
from tests.children.test_age_changes import bring
from tests.consent.making import refuses
from tests.factories import SETTING_UP, SubjectFactory
from tests.rosters import clean_network
from tests.subjects.test_spreadsheet import as_csv, filled, lines

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
    on = min(born + timedelta(days=days * 200), date(2060, 1, 1))
    age = on.year - born.year - (birthday(born, on.year - born.year) > on)
    attested = of_age_by_attestation(age, attested_on=on, threshold=threshold, time_zone="Asia/Karachi")
    real = of_age_at(born, threshold=threshold, time_zone="Asia/Karachi")
    assert age >= threshold or attested >= real
    if age >= threshold:
        assert real <= attested == datetime.combine(on, datetime.min.time(), ZoneInfo("Asia/Karachi")).astimezone(UTC)


AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


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
def test_a_child_in_an_adults_role_stays_one_until_recomputed(of_age, computed_for, threshold, child, serves_minors):
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
    person = Subject(role=role, of_age_at=of_age)
    assert person.is_child(AT, thresholds=Thresholds(13), serves_minors=serves_minors) is child


TODAY = date(2026, 10, 1)
MINUTE = timedelta(minutes=1)
CHILD, ADULT = date(2017, 3, 14), date(1990, 1, 1)
UNDER, OVER = "under 13@2026-10-01 k-id/c-1", "over 13@2026-10-01 k-id/c-2"
BORN_TODAY_IS_OF_AGE = datetime(2039, 9, 30, 19, 0, tzinfo=UTC)


def reached(*, threshold=13, **details):
    told = {"threshold": threshold, "time_zone": "Asia/Karachi", "at": AT}
    return threshold_reached_at(SubjectDetails(**{"role": "student", **details}), **told)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ({"declared_age": 13}, None),
        ({"declared_age": 40}, None),
        ({"declared_age": 12}, BORN_TODAY_IS_OF_AGE),
        ({"age_check": OVER}, ADULT_SENTINEL),
        ({"age_check": UNDER}, BORN_TODAY_IS_OF_AGE),
        ({"age_check": "under 18@2026-10-01 k-id/c-1"}, None),
        ({"age_check": "under 10@2026-10-01 k-id/c-1"}, BORN_TODAY_IS_OF_AGE),
        ({"age_check": "over 12@2026-10-01 k-id/c-1"}, None),
        ({"age_check": "over 18@2026-10-01 k-id/c-1"}, ADULT_SENTINEL),
        ({"age_check": OVER, "threshold": 16}, None),
        ({"age_check": UNDER, "threshold": 16}, datetime(2042, 9, 30, 19, 0, tzinfo=UTC)),
        ({"age_check": UNDER, "declared_age": 30}, BORN_TODAY_IS_OF_AGE),
    ],
)
def test_a_single_source_or_the_providers_check_decides_by_the_threshold(said, moment):
    assert reached(**said) == moment


STRONGER = [{"birth_date": CHILD}, {"attested_age": 9, "attested_on": TODAY}]
WEAKER = [{"age_check": OVER}, {"declared_age": 30}, {"age_check": OVER, "declared_age": 30}]


@pytest.mark.parametrize(("stronger", "weaker"), list(product(STRONGER, WEAKER)))
def test_a_weaker_source_never_overrides_a_stronger_one(stronger, weaker):
    assert reached(**stronger, **weaker) == reached(**stronger) > AT


@pytest.mark.parametrize(
    "said",
    [
        {"birth_date": ADULT, "declared_age": 12},
        {"birth_date": ADULT, "age_check": UNDER},
        {"attested_age": 30, "declared_age": 12},
        {"age_check": OVER, "declared_age": 12},
        {"birth_date": ADULT, "declared_age": 12, "role": "guardian"},
    ],
)
def test_an_adult_contradicted_by_a_weaker_source_has_an_unknown_age(said):
    assert reached(**said) is None


def test_a_statement_from_childhood_is_no_contradiction():
    said = {"declared_age": 12, "declared_on": date(2020, 1, 1)}
    assert reached(birth_date=date(2010, 1, 1), **said) == ADULT_SENTINEL
    assert reached(birth_date=CHILD, declared_age=9) == reached(birth_date=CHILD)


def test_the_order_of_statements_does_not_matter():
    assert combine_statements([]) == (None, False)
    strong = Statement(AgeSource.BIRTH_DATE, AT - timedelta(days=900), AT - timedelta(days=9_000))
    weak = Statement(AgeSource.DECLARED, AT + timedelta(days=900), AT)
    assert combine_statements([weak, strong]) == combine_statements([strong, weak]) == (None, True)


@pytest.mark.parametrize("check", ["13", "0@2026-10-01 a/b", "13@2026-13-01 a/b", "13@2026-10-01 A B/c"])
def test_a_check_has_one_text_format(check):
    for text in (f"over {check}", "near 13@2026-10-01 a/b"):
        with pytest.raises(ValueError, match=r"\w"):
            AgeCheck.read(text)
    assert AgeCheck.read(OVER).text == OVER


def say(client, name, at, **details):
    return register_subject(name, client=client, details={"role": "student", **details}, actor=SETTING_UP, at=at)[0]


def collect(person, at):
    told = CollectionReport(category="usage_logs", occasion="assessment", purpose="service_delivery", collected_at=at)
    report_collection(person, told, actor=SETTING_UP, at=at)


def test_a_declared_age_over_the_threshold_permits_nothing(cast, indus, now):
    say(indus, "new", now, declared_age=15)
    assert decision_reason(cast, "new", now) == "age_unknown"
    say(indus, "new", now + MINUTE, age_check=f"over 13@{now:%Y-%m-%d} k-id/c-1")
    assert decision_reason(cast, "new", now + MINUTE) == "permitted"
    with pytest.raises(ValidationError) as refused:
        say(indus, "new", now, age_check="over 13@2999-01-01 k-id/c-1")
    assert list(refused.value.message_dict) == ["age_check"], "a check in the future"


def test_a_declared_age_under_the_threshold_applies_at_once(cast, indus, now):
    new = say(indus, "new", now, declared_age=12)
    assert decision_reason(cast, "new", now) == "guardian_consent_required"
    say(indus, "new", now + MINUTE, birth_date=ADULT)
    say(indus, "new", now + MINUTE, declared_age=None, birth_date=ADULT)
    assert decision_reason(cast, "new", now + MINUTE) == "age_unknown"
    waiting = AgeChange.objects.get(subject=new, state="waiting")
    settle_age_change(waiting, approve=True, actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert decision_reason(cast, "new", now + 2 * MINUTE) == "permitted"


def test_a_contradiction_denies_without_erasing_until_two_people_decide(cast, indus, now):
    grown = say(indus, "grown", now, birth_date=ADULT)
    collect(grown, now)
    say(indus, "grown", now + MINUTE, declared_age=12)
    assert decision_reason(cast, "grown", now + MINUTE) == "age_unknown"
    assert not Incident.objects.exists()
    assert not Order.objects.exists()
    say(indus, "grown", now + 2 * MINUTE, declared_age=None)
    assert decision_reason(cast, "grown", now + 2 * MINUTE) == "age_unknown"
    settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("farah"), at=now + 3 * MINUTE)
    assert decision_reason(cast, "grown", now + 3 * MINUTE) == "permitted"
    assert Subject.objects.get(pk=grown.pk).age_sources == ["birth_date"]


def test_a_confirmed_change_removes_contradicting_statements(cast, now):
    with in_client(cast.client_id("khyber")):
        khyber = cast.client("khyber")
        kid = say(khyber, "kid", now, birth_date=CHILD)
        say(khyber, "kid", now, declared_age=9, age_check=f"under 13@{now:%Y-%m-%d} k-id/c-1")
        say(khyber, "kid", now + MINUTE, birth_date=date(2000, 1, 1))
        assert Subject.objects.get(pk=kid.pk).of_age_at > now
        settle_age_change(AgeChange.objects.get(), approve=True, actor=cast.actor("amina"), at=now + 2 * MINUTE)
        kept = Subject.objects.get(pk=kid.pk)
        assert (kept.age_sources, kept.of_age_at) == (["birth_date"], ADULT_SENTINEL)


def test_a_declared_child_with_held_data_opens_an_incident(cast, indus, now):
    collect(say(indus, "new", now), now)
    say(indus, "new", now + MINUTE, declared_age=11)
    assert Incident.objects.get().cause == "revealed"


def test_a_roster_keeps_the_statements_of_other_sources(cast, indus, now):
    new = say(indus, "new", now, full_name="New", declared_age=12)
    bring(indus, b"ID,Role,Full name\nnew,student,Newer", cast.actor("farah"), now + MINUTE)
    assert Subject.objects.get(pk=new.pk).age_sources == ["declared"]
    assert decision_reason(cast, "new", now + MINUTE) == "guardian_consent_required"


def test_a_repeated_statement_changes_nothing(cast, indus, now):
    told = {"declared_age": 12, "age_check": f"under 13@{now:%Y-%m-%d} k-id/c-1"}
    new = say(indus, "new", now, **told)
    say(indus, "new", now + timedelta(days=1), **told)
    assert new.history.count() == 1


def test_the_api_returns_age_sources_without_their_statements(cast, now):
    caller = Caller(cast.key("indus"))
    check = {"result": "under", "age": 13, "checked_on": "2026-09-01", "provider": "k-id", "reference": "c-1"}
    body = {"role": "student", "declared_age": 12, "age_check": check}
    answer = caller.put("/api/v1/subjects/new", body)
    gate = answer.json()["age_gate"]
    assert (answer.status_code, gate["state"], gate["sources"]) == (201, "child", ["provider", "declared"])
    assert "k-id" not in answer.content.decode()
    for wrong, field in (
        ({"declared_age": -1}, "#/declared_age"),
        ({"age_check": {**check, "result": "near"}}, "#/age_check/result"),
        ({"age_check": {**check, "photo": "…"}}, "#/age_check/photo"),
        ({"age_check": {**check, "checked_on": "2999-01-01"}}, "#/age_check"),
        ({"country": "Germany"}, "#/country"),
    ):
        refused = caller.put("/api/v1/subjects/new", {"role": "student", **wrong})
        assert refused.status_code == 400
        assert field in refused.content.decode(), wrong


# Age thresholds by country: for the person, the decision, the API, the console and every roster format.


FOURTEEN = date(2012, 3, 1)
"""Birth date of a person aged fourteen on the day of the tests."""


@pytest.mark.parametrize(("country", "years"), [("", 14), ("PK", 14), ("DE", 16), ("GB", 13), ("FR", 15)])
def test_the_threshold_is_that_of_the_country_or_the_default(country, years):
    assert Thresholds(15, {"PK": 14, "DE": 16, "GB": 13}, "PK").of(country) == years


RULES = st.builds(
    Thresholds,
    st.integers(13, 21),
    st.dictionaries(st.sampled_from(["PK", "DE", "GB"]), st.integers(13, 21)),
    st.sampled_from(["PK", "DE"]),
)


@given(RULES, RULES)
def test_thresholds_are_weaker_if_any_country_has_a_lower_one(one, other):
    somewhere = any(one.of(country) < other.of(country) for country in ("", "PK", "DE", "GB", "FR"))
    assert one.is_weaker_than(other) == somewhere
    assert not one.is_weaker_than(one)


def set_thresholds(cast, at, by_country=None):
    indus = cast.client("indus")
    indus.country_thresholds = {"DE": 16} if by_country is None else by_country
    change_client(indus, actor=cast.actor("amina"), reason="law_change", at=at)
    return indus


@pytest.fixture
def germany(cast, now):
    with in_client(cast.client_id("indus")):
        yield set_thresholds(cast, now)


def say_country(client, name, at, **details):
    given_ = {"role": "student", "birth_date": FOURTEEN, **details}
    return register_subject(name, client=client, details=given_, actor=SETTING_UP, at=at)[0]


def test_the_api_shows_which_threshold_applies(cast, now):
    caller = Caller(cast.key("indus"))
    with in_client(cast.client_id("indus")):
        set_thresholds(cast, now)
    body = {"role": "student", "birth_date": f"{FOURTEEN}"}
    for name, said in (("here", {}), ("there", {"country": "DE"})):
        assert caller.put(f"/api/v1/subjects/{name}", {**body, **said}).status_code == 201
    gates = {name: caller.get(f"/api/v1/subjects/{name}").json()["age_gate"] for name in ("here", "there")}
    assert (gates["here"]["threshold"], gates["here"]["country"], gates["here"]["state"]) == (13, "PK", "of_age")
    assert (gates["there"]["threshold"], gates["there"]["country"], gates["there"]["state"]) == (16, "DE", "child")
    assert caller.reason("here", "service_delivery") == "permitted"
    assert caller.reason("there", "service_delivery") == "guardian_consent_required"


def test_a_raised_country_threshold_makes_ages_unknown_until_recomputed(cast, now, germany):
    say_country(germany, "here", now)
    say_country(germany, "there", now, country="DE")
    at = now + MINUTE
    germany = set_thresholds(cast, at, {"DE": 18})
    answers = {name: decision_reason(cast, name, at) for name in ("here", "there")}
    assert answers == {"here": "permitted", "there": "age_unknown"}
    assert not Subject.objects.filter(age_is_known(germany), external_id="there").exists()
    recompute_ages_of_client(str(germany.pk))
    assert Subject.objects.get(external_id="there").of_age_threshold == 18
    past = at - timedelta(seconds=1)
    assert decision_reason(cast, "there", past, now=at + MINUTE) == "guardian_consent_required"


def test_erasure_clears_the_country_and_invalid_ones_are_refused(cast, now, germany):
    there = say_country(germany, "there", now, country="DE")
    erase_subject(there, actor=cast.actor("amina"), reason="subject_request", at=now + MINUTE)
    assert Subject.objects.get(pk=there.pk).country == ""
    for country in ("D", "1A", "Ü1", "XX"):
        with refuses("country"):
            say_country(germany, "nobody", now, country=country)


def test_a_roster_keeps_the_country_sent_by_the_platform(cast, now, germany):
    there = say_country(germany, "there", now, country="DE", full_name="Somebody")
    roster = b"ID,Role,Full name,Birth date\nthere,student,Somebody Else,2012-03-01"
    bring(germany, roster, cast.actor("farah"), now + MINUTE)
    kept = Subject.objects.get(pk=there.pk)
    assert (kept.country, kept.of_age_threshold) == ("DE", 16)


INVALID = [{"DE": 12}, {"DE": 22}, {"de": 16}, {"DEU": 16}, {"DE": "16"}, {"DE": 15.5}, {"DE": None}, {"DE": True}]


@pytest.mark.parametrize("by_country", INVALID)
def test_service_and_database_refuse_invalid_country_thresholds(cast, now, by_country):
    with in_client(cast.client_id("indus")):
        with refuses("country_thresholds"):
            set_thresholds(cast, now, by_country)
        refused_too = pytest.raises(IntegrityError, match="country_thresholds")
        with connection.cursor() as cursor, refused_too, transaction.atomic():
            cursor.execute("UPDATE accounts_client SET country_thresholds = %s::jsonb", [json.dumps(by_country)])


def test_the_database_refuses_country_thresholds_that_are_not_a_map(cast):
    refused = pytest.raises(IntegrityError, match="country_thresholds")
    with in_client(cast.client_id("indus")), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("UPDATE accounts_client SET country_thresholds = '[]'")


def test_the_filter_by_known_age_is_one_statement(cast, germany, django_assert_num_queries):
    SubjectFactory(client=germany, external_id="x")
    with django_assert_num_queries(1):
        list(Subject.objects.filter(age_is_known(germany)))


CLOSED = "guardian_consent_required"
SANA = {"ID": "sana", "Role": "student", "Full name": "Sana Khan", "Birth date": "2012-03-01"}


def as_oneroster(country, tmp_path, *, version="1.1", columns=("metadata.house", "metadata.country")):
    package = clean_network()
    package.user("sana", "student", "Sana", "Khan", **{"metadata.country": country, "metadata.house": "Iqbal"})
    package.born("sana", "2012-03-01")
    package = package.as_version_1_2() if version == "1.2" else package
    package.headers["users.csv"] += columns
    return package.write(tmp_path / "roster.zip").read_bytes()


FORMATS = {
    "csv": lambda country, _: csv_template() + as_csv(lines({**SANA, "Country": country})[1:]),
    "xlsx": lambda country, _: filled(xlsx_template(), {**SANA, "Country": country}),
    "1.1": as_oneroster,
    "1.2": lambda country, folder: as_oneroster(country, folder, version="1.2"),
}


@pytest.fixture(params=FORMATS)
def roster(request, tmp_path):
    return lambda country: FORMATS[request.param](country, tmp_path)


def sana():
    return Subject.objects.get(external_id="sana")


def test_the_country_of_a_roster_sets_the_age_threshold(cast, now, germany, roster):
    farah = cast.actor("farah")
    bring(germany, roster("de"), farah, now)
    assert (sana().country, sana().of_age_threshold, sana().of_age_at.date()) == ("DE", 16, date(2028, 2, 29))
    assert decision_reason(cast, "sana", now) == CLOSED
    bring(germany, roster(""), farah, now + MINUTE)
    assert sana().country == "DE", "a file that does not say_country keeps what is known"


def test_moving_to_a_lower_threshold_waits_for_a_second_person(cast, now, germany, roster):
    farah, at = cast.actor("farah"), now + MINUTE
    bring(germany, roster("DE"), farah, now)
    bring(germany, roster("PK"), farah, at)
    assert (sana().country, sana().of_age_threshold) == ("DE", 16)
    assert decision_reason(cast, "sana", at) == CLOSED
    change = AgeChange.objects.get(subject=sana(), state="waiting")
    settle_age_change(change, approve=True, actor=cast.actor("amina"), at=at + MINUTE)
    assert (sana().country, decision_reason(cast, "sana", at + MINUTE)) == ("PK", "permitted")


def test_moving_to_a_higher_threshold_takes_effect_at_once(cast, now, germany, roster):
    farah, at = cast.actor("farah"), now + MINUTE
    bring(germany, roster(""), farah, now)
    assert (sana().country, decision_reason(cast, "sana", now)) == ("", "permitted")
    bring(germany, roster("DE"), farah, at)
    assert (sana().country, decision_reason(cast, "sana", at)) == ("DE", CLOSED)
    assert not AgeChange.objects.exists()


def problems_of(content, client):
    with pytest.raises(RosterInvalid) as refused, open_source(io.BytesIO(content), client=client):
        pass
    return refused.value.problems


@pytest.mark.parametrize("country", ["Germany", "D", "1A", "ÜÜ", "XX"])
def test_an_invalid_country_is_refused_with_its_place(cast, germany, roster, country):
    [problem] = problems_of(roster(country), germany)
    assert (problem.code, problem.column) in {("country_unfit", "Country"), ("country_unfit", "metadata.country")}
    assert country not in problem.message


def test_a_repeated_column_is_refused(germany, tmp_path):
    package = as_oneroster("DE", tmp_path, columns=("metadata.country", "metadata.country"))
    assert [one.code for one in problems_of(package, germany)] == ["header_wrong"]


def test_a_delta_with_a_country_is_read_like_a_full_roster(cast, now, germany, tmp_path):
    package = clean_network()
    package.user("sana", "student", "Sana", "Khan", **{"metadata.country": "DE"})
    package.born("sana", "2012-03-01")
    package.headers["users.csv"].append("metadata.country")
    delta = package.as_delta(sana="active").write(tmp_path / "delta.zip").read_bytes()
    bring(germany, delta, cast.actor("farah"), now)
    assert sana().country == "DE"
