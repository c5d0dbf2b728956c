"""Rules: the most specific wins, bounds hold, nothing is backdated, zero is refused."""

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, example, given, settings, strategies as st

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.services.publishing import load_register
from consent.register.effects import WeakensSafeguard
from consent.register.models.purposes import Purpose, PurposeWidening
from consent.register.services import change_register
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import RetentionRule
from retention.schedule.resolution import PERIOD_PATTERN, Period, PeriodInvalid, is_never_shorter, parse_period
from retention.schedule.selectors import list_gaps, list_schedule
from retention.schedule.services import EARLIER_DISPOSAL, STARTER_RULES, end_rule, request_earlier_disposal, save_rule
from tests.consent.making import execute, refuses, shown
from tests.factories import SETTING_UP
from tests.retention.schedule.making import DAY, build_rule, end_of_day, make_rule

TICK = timedelta(microseconds=1)


def line_of(client_id, category, purpose, *, at, role=None):
    found = [
        one
        for one in list_schedule(client_id, at=at, language="en")
        if (one.category, one.purpose.code) == (category, purpose)
        and (role is None or role in one.roles or not one.roles)
    ]
    assert len(found) == 1
    return found[0]


def test_every_category_of_every_starter_purpose_has_a_rule(cast, indus, now):
    lines = list_schedule(indus.pk, at=now, language="en")
    gaps = {(line.purpose.code, line.category) for line in lines if line.is_gap}
    assert gaps == {
        ("newsletter", "contact_details"),
        ("product_research", "contact_details"),
        ("product_research", "usage_logs"),
    }
    assert sum(not line.is_gap for line in lines) == sum(len(rule.categories) for rule in STARTER_RULES)


def test_loading_again_adds_nothing(paktaleem, now):
    assert load_register(actor=SETTING_UP, at=now) == 0


def test_a_starter_rule_that_was_ended_does_not_come_back(cast, paktaleem, now):
    rule = RetentionRule.objects.get(purpose__code="support", category="device")
    end_rule(rule, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    assert load_register(actor=SETTING_UP, at=now + DAY) == 0


def test_gaps_are_named_to_the_client_and_to_officers(cast, indus, now):
    own = {(gap.client, gap.purpose, gap.category) for gap in list_gaps(cast.actor("farah"), at=now, limit=10)}
    name = indus.name
    assert own == {
        (name, "newsletter", "contact_details"),
        (name, "product_research", "contact_details"),
        (name, "product_research", "usage_logs"),
    }
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="consent_withdrawn")
    assert len(list_gaps(cast.actor("farah"), at=now, limit=10)) == 2


def test_a_rule_for_one_role_leaves_a_gap_for_the_others(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, role="student")
    assert ("newsletter", "contact_details") in {
        (gap.purpose, gap.category) for gap in list_gaps(cast.actor("farah"), at=now, limit=10)
    }
    lines = [one for one in list_schedule(indus.pk, at=now, language="en") if one.purpose.code == "newsletter"]
    assert {(one.roles, one.is_gap) for one in lines} == {
        (("student",), False),
        (("learner", "instructor", "administrator", "guardian"), True),
    }


def test_a_clients_own_rule_wins_over_the_shared_one_and_a_role_over_none(cast, indus, now):
    shared = line_of(indus.pk, "usage_logs", "service_delivery", at=now).rule
    own = make_rule(indus.pk, "service_delivery", "usage_logs", at=now, trigger="account_closed", period="P2Y")
    assert line_of(indus.pk, "usage_logs", "service_delivery", at=now).rule == own != shared
    student = make_rule(
        indus.pk, "service_delivery", "usage_logs", at=now, trigger="account_closed", period="P3Y", role="student"
    )
    assert line_of(indus.pk, "usage_logs", "service_delivery", at=now, role="student").rule == student
    assert line_of(indus.pk, "usage_logs", "service_delivery", at=now, role="learner").rule == own


def test_a_later_rule_replaces_an_earlier_one_from_its_start(cast, indus, now):
    first = make_rule(indus.pk, "newsletter", "contact_details", at=now)
    second = make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P60D", starts_at=now + 10 * DAY)
    assert line_of(indus.pk, "contact_details", "newsletter", at=now + 9 * DAY).rule == first
    assert line_of(indus.pk, "contact_details", "newsletter", at=now + 10 * DAY).rule == second


def test_a_second_rule_of_the_same_scope_and_start_is_refused(indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now)
    with pytest.raises(ValidationError, match="same scope"):
        make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P60D")


def test_history_and_ledger_say_who_and_why(cast, indus, now):
    rule = make_rule(indus.pk, "newsletter", "contact_details", at=now, actor=cast.actor("farah"))
    version = RetentionRule.history.get(id=rule.pk)
    assert (version.actor_id, version.history_change_reason) == (cast.user_id("farah"), "review")
    body = json.loads(Entry.objects.filter(kind="register.added").latest("id").body)
    assert (body["facts"]["row"], body["facts"]["id"]) == ("schedule.retentionrule", str(rule.pk))


def test_the_past_cannot_be_changed(cast, indus, now):
    by = {"actor": cast.actor("farah"), "reason": Reason.REVIEW}
    with pytest.raises(ValidationError, match="past"):
        make_rule(indus.pk, "newsletter", "contact_details", at=now, starts_at=now - DAY)
    rule = make_rule(indus.pk, "newsletter", "contact_details", at=now)
    rule.period = "P10D"
    with refuses("period"):
        save_rule(rule, at=now + DAY, **by)
    coming = make_rule(indus.pk, "newsletter", "contact_details", at=now, starts_at=now + 5 * DAY)
    coming.period = "P40D"
    assert save_rule(coming, at=now + DAY, **by).period == "P40D"
    rule.refresh_from_db()
    assert end_rule(rule, at=now + DAY, **by).ends_at == now + DAY
    with pytest.raises(ValidationError, match="ended"):
        end_rule(rule, at=now + 2 * DAY, **by)


@pytest.mark.parametrize("period", ["P0D", "P0Y0M", "", "PT5H", "P-1Y", "1 year"])
def test_zero_and_nonsense_are_refused(indus, now, period):
    with pytest.raises(ValidationError) as refused:
        make_rule(indus.pk, "newsletter", "contact_details", at=now, period=period)
    assert "period" in str(refused.value.message_dict)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"trigger": "fixed_day"}, "fixed day"),
        ({"fixed_on": "2026-12-31"}, "fixed day"),
        ({"action": "anonymise"}, "method"),
        ({"method": "drop"}, "method"),
        ({"trigger": "moon"}, "moon"),
        ({"role": "pirate"}, "pirate"),
    ],
)
def test_what_does_not_fit_together_is_refused(indus, now, values, words):
    with pytest.raises(ValidationError, match=words):
        make_rule(indus.pk, "newsletter", "contact_details", at=now, **values)


@pytest.mark.parametrize(
    ("data", "period", "allowed"),
    [
        ("legal_compliance billing", "P10Y", True),
        ("legal_compliance billing", "P12Y", True),
        ("legal_compliance billing", "P9Y11M", False),
        ("legal_compliance billing", "P3650D", False),
        ("security_integrity device", "P2Y", True),
        ("security_integrity device", "P24M", True),
        ("security_integrity device", "P2Y1D", False),
        ("security_integrity device", "P732D", False),
        ("security_integrity device", "P730D", True),
        ("security_integrity device", "P1D", True),
    ],
)
def test_a_clients_rule_stays_inside_the_bounds(indus, now, data, period, allowed):
    purpose, category = data.split()
    if allowed:
        make_rule(indus.pk, purpose, category, at=now, period=period)
        return
    with refuses("period"):
        make_rule(indus.pk, purpose, category, at=now, period=period)


def test_a_rule_for_every_role_heeds_the_bounds_for_each_role(cast, now):
    with in_client(PAKTALEEM):
        make_rule(PAKTALEEM, "support", "device", at=now, role="student", period="P1M", maximum="P2M")
    with in_client(cast.client_id("indus")):
        with pytest.raises(ValidationError, match="at most P2M"):
            make_rule(cast.client_id("indus"), "support", "device", at=now, period="P3M")
        make_rule(cast.client_id("indus"), "support", "device", at=now, period="P3M", role="learner")


def rule_of_newsletter(indus, at, **values):
    return build_rule(indus.pk, "newsletter", "contact_details", at=at, **values)


SHORTER = {
    "one day without a review": {"period": "P1D", "is_automatic": True},
    "a shorter period": {"period": "P29D"},
    "a shorter period later": {"period": "P29D", "after": 90 * DAY},
    "a shorter period for one role": {"period": "P29D", "role": "student"},
    "without a review": {"period": "P99D", "is_automatic": True},
    "counted from elsewhere": {"period": "P99D", "trigger": "last_activity"},
}


@pytest.mark.parametrize("actor", ["farah", "amina"])
@pytest.mark.parametrize("values", SHORTER.values(), ids=list(SHORTER))
def test_one_person_alone_lets_no_data_be_disposed_of_earlier_or_without_a_review(cast, indus, now, values, actor):
    make_rule(indus.pk, "newsletter", "contact_details", at=now)
    at = now + DAY
    values = {"starts_at": at + values.get("after", 0 * DAY), **values}
    values.pop("after", None)
    with pytest.raises(WeakensSafeguard) as caught:
        save_rule(rule_of_newsletter(indus, at, **values), actor=cast.actor(actor), reason=Reason.REVIEW, at=at)
    assert caught.value.kind == EARLIER_DISPOSAL.code


def test_a_first_rule_with_a_review_takes_one_person_and_one_without_takes_two(cast, indus, now):
    by = {"actor": cast.actor("farah"), "reason": Reason.REVIEW, "at": now}
    with pytest.raises(WeakensSafeguard):
        save_rule(rule_of_newsletter(indus, now, is_automatic=True), **by)
    assert save_rule(rule_of_newsletter(indus, now), **by).pk


@pytest.mark.parametrize("pause", [0 * DAY, 40 * DAY])
def test_a_rule_that_ended_is_not_followed_by_a_shorter_one(cast, indus, now, pause):
    by = {"actor": cast.actor("farah"), "reason": Reason.REVIEW}
    end_rule(make_rule(indus.pk, "newsletter", "contact_details", at=now), at=now + DAY, **by)
    at = now + DAY + pause
    with pytest.raises(WeakensSafeguard):
        save_rule(rule_of_newsletter(indus, at, period="P1D"), at=at, **by)


def test_the_end_of_a_rule_that_hides_a_shorter_one_takes_two_people(cast, indus, now):
    shared = line_of(indus.pk, "device", "support", at=now).rule
    own = make_rule(indus.pk, "support", "device", at=now, trigger=shared.trigger, period="P7M")
    with pytest.raises(WeakensSafeguard):
        end_rule(own, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now + DAY)


def test_a_shorter_rule_takes_effect_once_a_second_person_approves(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now)
    rule = rule_of_newsletter(indus, now + DAY, period="P1D", is_automatic=True)
    change = request_earlier_disposal(rule, ground="Moved away.", actor=cast.actor("farah"), at=now + DAY)
    assert line_of(indus.pk, "contact_details", "newsletter", at=now + 2 * DAY).rule.period == "P30D"
    decide_proposed_change(change, approve=True, actor=cast.actor("amina"), at=now + 2 * DAY)
    assert line_of(indus.pk, "contact_details", "newsletter", at=now + 2 * DAY).rule.period == "P1D"


LONGER = {
    "a longer period": lambda rule: rule_of_newsletter(rule.client, rule.starts_at + DAY, period="P31D"),
    "no rule any more": None,
}


@pytest.mark.parametrize("longer", LONGER.values(), ids=list(LONGER))
def test_a_consent_does_not_cover_a_longer_period(cast, indus, now, longer):
    rule = make_rule(indus.pk, "newsletter", "contact_details", at=now)
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    by = {"actor": cast.key_actor("indus"), "at": now + TICK}
    record_answers(cast.subject("junaid"), answers=answers, shown=shown(indus.pk, now + TICK), **by)
    assert reason_of(cast, indus, now + DAY - TICK) == "permitted"
    told = {"actor": cast.actor("farah"), "reason": Reason.REVIEW}
    if longer is None:
        end_rule(rule, at=now + DAY, **told)
    else:
        save_rule(longer(rule), at=now + TICK, **told)
    assert reason_of(cast, indus, now + DAY - TICK) == "permitted"
    assert reason_of(cast, indus, now + DAY) == "consent_outdated"


def test_a_consent_covers_a_shorter_period(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now)
    make_rule(indus.pk, "newsletter", "contact_details", at=now + DAY, period="P1D")
    assert not PurposeWidening.objects.exists()


def reason_of(cast, indus, at):
    return decide_all_purposes(cast.actor("farah"), indus.pk, "lms-junaid", at=at, now=at)["newsletter"].reason


def test_the_shared_rule_is_inside_its_own_bounds(paktaleem, now):
    with pytest.raises(ValidationError, match="at most"):
        make_rule(PAKTALEEM, "support", "device", at=now, period="P2Y", maximum="P1Y")
    with pytest.raises(ValidationError, match="longer"):
        make_rule(PAKTALEEM, "support", "device", at=now, period="P1Y", minimum="P2Y", maximum="P1Y")


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_others_may_not_write_rules(cast, indus, now, name):
    rule = build_rule(indus.pk, "newsletter", "contact_details", at=now)
    with pytest.raises(NotAllowed):
        save_rule(rule, actor=cast.actor(name), reason=Reason.REVIEW, at=now)


def test_a_client_does_not_change_a_shared_rule(cast, now):
    with in_client(PAKTALEEM):
        rule = RetentionRule.objects.select_related("purpose").get(purpose__code="support", category="device")
    with in_client(cast.client_id("indus")), pytest.raises(NotAllowed):
        end_rule(rule, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("period = 'P0D'", "period_is_positive"),
        ("period = ''", "period_is_positive"),
        ("minimum = 'P0Y'", "minimum_is_positive"),
        ("method = 'drop'", "retentionrule_method"),
        ("fixed_on = '2026-12-31'", "retentionrule_fixed_day"),
        ("purpose_owner = client_id", "same_client"),
    ],
)
def test_the_database_refuses_what_is_broken(cast, indus, now, change, name):
    rule = make_rule(indus.pk, "support", "device", at=now, period="P1M")
    with pytest.raises(IntegrityError, match=name):
        execute(f"UPDATE schedule_retentionrule SET {change} WHERE id = %s", rule.pk)  # noqa: S608


def test_an_inactive_purpose_is_no_gap(cast, indus, now):
    purpose = Purpose.objects.get(code="newsletter", client_id=indus.pk)
    purpose.is_active = False
    change_register(purpose, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    later = now + timedelta(minutes=1)
    assert "newsletter" not in {gap.purpose for gap in list_gaps(cast.actor("farah"), at=later, limit=10)}
    assert "newsletter" not in {one.purpose.code for one in list_schedule(indus.pk, at=later, language="en")}


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
