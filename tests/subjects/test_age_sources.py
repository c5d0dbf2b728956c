"""Age sources and their strength, for the rule, the decision, the API and the console."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from django.core.exceptions import ValidationError

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.ages import AgeSource, Statement, combine_statements
from paktaleem.directory.people.details import ADULT_SENTINEL, AgeCheck, SubjectDetails, threshold_reached_at
from paktaleem.directory.people.models import AgeChange, Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident
from retention.holdings.services.collecting import CollectionReport, report_collection
from tests.api.callers import Caller
from tests.children.guardians import decision_reason
from tests.children.test_age_changes import bring
from tests.factories import SETTING_UP

AT = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
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
    ],
)
def test_a_single_source_decides(said, moment):
    assert reached(**said) == moment


def test_a_check_is_evaluated_against_the_threshold():
    assert reached(age_check=OVER, threshold=16) is None
    assert reached(age_check=UNDER, threshold=16) == datetime(2042, 9, 30, 19, 0, tzinfo=UTC)


STRONGER = [{"birth_date": CHILD}, {"attested_age": 9, "attested_on": TODAY}]
WEAKER = [{"age_check": OVER}, {"declared_age": 30}, {"age_check": OVER, "declared_age": 30}]


@pytest.mark.parametrize(("stronger", "weaker"), list(product(STRONGER, WEAKER)))
def test_a_weaker_source_never_overrides_a_stronger_one(stronger, weaker):
    assert reached(**stronger, **weaker) == reached(**stronger) > AT


def test_a_providers_check_takes_precedence_over_a_declared_age():
    assert reached(age_check=UNDER, declared_age=30) == BORN_TODAY_IS_OF_AGE


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


@pytest.mark.parametrize(
    "text",
    [
        "over 13",
        "over 0@2026-10-01 a/b",
        "over 13@2026-13-01 a/b",
        "near 13@2026-10-01 a/b",
        "over 13@2026-10-01 A B/c",
    ],
)
def test_a_check_has_one_text_format(text):
    with pytest.raises(ValueError, match=r"\w"):
        AgeCheck.read(text)
    assert AgeCheck.read(OVER).text == OVER


def say(client, name, at, **details):
    return register_subject(name, client=client, details={"role": "student", **details}, actor=SETTING_UP, at=at)[0]


def test_a_declared_age_over_the_threshold_permits_nothing(cast, indus, now):
    say(indus, "new", now, declared_age=15)
    assert decision_reason(cast, "new", now) == "age_unknown"
    say(indus, "new", now + MINUTE, age_check=f"over 13@{now:%Y-%m-%d} k-id/c-1")
    assert decision_reason(cast, "new", now + MINUTE) == "permitted"


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
    told = CollectionReport(category="usage_logs", occasion="assessment", purpose="service_delivery", collected_at=now)
    report_collection(grown, told, actor=SETTING_UP, at=now)
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
    """At an institute for adults, where a contradiction loosens the gate and therefore waits."""
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
    new = say(indus, "new", now)
    told = CollectionReport(category="usage_logs", occasion="assessment", purpose="service_delivery", collected_at=now)
    report_collection(new, told, actor=SETTING_UP, at=now)
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


def test_a_check_in_the_future_is_refused(cast, indus, now):
    with pytest.raises(ValidationError) as refused:
        say(indus, "new", now, age_check="over 13@2999-01-01 k-id/c-1")
    assert list(refused.value.message_dict) == ["age_check"]
