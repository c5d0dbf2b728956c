"""Age thresholds by country: for the person, the decision, the API, the console and every roster format."""

import io
import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

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
from tests.api.callers import Caller
from tests.children.guardians import decision_reason
from tests.children.test_age_changes import bring
from tests.factories import SETTING_UP, SubjectFactory
from tests.rosters import clean_network
from tests.subjects.test_spreadsheet import as_csv, filled, lines

MINUTE = timedelta(minutes=1)
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


def say(client, name, at, **details):
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
    say(germany, "here", now)
    say(germany, "there", now, country="DE")
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
    there = say(germany, "there", now, country="DE")
    erase_subject(there, actor=cast.actor("amina"), reason="subject_request", at=now + MINUTE)
    assert Subject.objects.get(pk=there.pk).country == ""
    for country in ("D", "1A", "Ü1", "XX"):
        with pytest.raises(ValidationError) as refused:
            say(germany, "nobody", now, country=country)
        assert list(refused.value.message_dict) == ["country"]


def test_a_roster_keeps_the_country_sent_by_the_platform(cast, now, germany):
    there = say(germany, "there", now, country="DE", full_name="Somebody")
    roster = b"ID,Role,Full name,Birth date\nthere,student,Somebody Else,2012-03-01"
    bring(germany, roster, cast.actor("farah"), now + MINUTE)
    kept = Subject.objects.get(pk=there.pk)
    assert (kept.country, kept.of_age_threshold) == ("DE", 16)


INVALID = [{"DE": 12}, {"DE": 22}, {"de": 16}, {"DEU": 16}, {"DE": "16"}, {"DE": 15.5}, {"DE": None}, {"DE": True}]


@pytest.mark.parametrize("by_country", INVALID)
def test_service_and_database_refuse_invalid_country_thresholds(cast, now, by_country):
    with in_client(cast.client_id("indus")):
        with pytest.raises(ValidationError) as refused:
            set_thresholds(cast, now, by_country)
        assert list(refused.value.message_dict) == ["country_thresholds"]
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
    assert sana().country == "DE", "a file that does not say keeps what is known"


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
