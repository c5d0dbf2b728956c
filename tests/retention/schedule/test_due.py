"""When a holding is due: its triggers, the longest purpose, bounds, holds, and use after the trigger."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from consent.consents.models import Consent, ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import restrict_processing
from consent.register.models.agreements import ServiceAgreement
from consent.register.services import end_period
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.models import SubjectRole
from paktaleem.directory.people.services.batches import record_subject_event
from paktaleem.directory.people.services.people import add_role
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.holdings.models import Holding
from retention.schedule.labels import describe_due
from retention.schedule.models import HoldKind, RetentionRule
from retention.schedule.selectors import DueState, find_applied, list_due_of_person, preview_end, preview_rule
from tests.children.guardians import record_answer, verified_guardian
from tests.consent.making import shown
from tests.factories import SETTING_UP, SubjectFactory, make_system
from tests.retention.schedule.making import (
    DAY,
    HOUR,
    build_rule,
    end_of_day,
    last_kept_day,
    make_holding,
    make_rule,
    make_school_year,
    put_on_hold,
)

ZONE = ZoneInfo("Asia/Karachi")


def one_due(cast, name, at):
    [found] = list_due_of_person(cast.subject(name), actor=cast.actor("farah"), at=at)
    return found


def last_day(found):
    return (found.due_at.astimezone(ZONE) - timedelta(microseconds=1)).date()


def hold(cast, at, kind=HoldKind.COMPLAINT, code="indus", **scope):
    return put_on_hold(cast.client(code), kind=kind, at=at, **scope)


def test_data_is_kept_to_the_end_of_the_last_day_in_the_clients_zone(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P1M")
    collected = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)  # already 1 November in Karachi
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=collected)
    found = one_due(cast, "junaid", now)
    assert (last_day(found), found.due_at) == (date(2026, 12, 1), datetime(2026, 12, 1, 19, 0, tzinfo=UTC))
    assert found.state(found.due_at - timedelta(microseconds=1)) is DueState.KEPT
    assert found.state(found.due_at) is DueState.DUE


def test_without_a_rule_it_is_never_due(cast, indus, now):
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 900 * DAY)
    found = one_due(cast, "junaid", now)
    assert (found.due_at, found.state(now + 9000 * DAY)) == (None, DueState.NO_RULE)


def test_for_no_purpose_it_is_never_due(cast, indus, now):
    make_holding(cast.subject("junaid"), "contact_details", [], collected_at=now - 900 * DAY)
    assert one_due(cast, "junaid", now).state(now) is DueState.NO_RULE


def test_while_any_purpose_needs_it_the_longest_period_wins(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P30D")
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter", "support"], collected_at=now - 60 * DAY)
    found = one_due(cast, "junaid", now)
    assert (found.decisive.purpose, found.state(now)) == ("support", DueState.KEPT)
    assert last_day(found) == date(2028, 8, 2)


def test_of_several_roles_the_one_with_the_longest_period_counts(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P30D")
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P90D", role="guardian")
    junaid, collected = cast.subject("junaid"), now - 60 * DAY
    held = make_holding(junaid, "contact_details", ["newsletter"], collected_at=collected)
    assert one_due(cast, "junaid", now).state(now) is DueState.DUE
    assert list_due_ids(indus, now) == [(held.pk, ["newsletter"])]
    add_role(junaid, SubjectRole.GUARDIAN, actor=SETTING_UP, at=now)
    found = one_due(cast, "junaid", now)
    assert (found.state(now), last_day(found)) == (DueState.KEPT, (collected + 90 * DAY).astimezone(ZONE).date())
    assert (list_due_ids(indus, now), list_due_ids(indus, now + 31 * DAY)) == ([], [(held.pk, ["newsletter"])])


def list_due_ids(client, at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT holding_id, purposes FROM disposals_due(%s, NULL, NULL, %s)", [client.pk, at])
        return cursor.fetchall()


def test_one_purpose_without_a_rule_keeps_it(cast, indus, now):
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter", "support"], collected_at=now - 4000 * DAY)
    found = one_due(cast, "junaid", now)
    assert (found.decisive.purpose, found.state(now)) == ("newsletter", DueState.NO_RULE)


def test_counting_from_the_closing_of_the_account(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="account_closed", period="P30D")
    junaid = cast.subject("junaid")
    make_holding(junaid, "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    assert one_due(cast, "junaid", now).state(now + 4000 * DAY) is DueState.WAITING
    record_subject_event(junaid, kind="account_closed", happened_at=now - 2 * DAY, actor=SETTING_UP, at=now)
    found = one_due(cast, "junaid", now)
    assert last_day(found) == (now + 28 * DAY).date()
    record_subject_event(cast.subject("junaid"), kind="active", happened_at=now, actor=SETTING_UP, at=now)
    assert one_due(cast, "junaid", now).state(now + 4000 * DAY) is DueState.WAITING


def test_counting_from_the_end_of_the_last_agreement(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="agreement_ended", period="P30D")
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    assert one_due(cast, "junaid", now).state(now) is DueState.WAITING
    agreement = ServiceAgreement.objects.get(client_id=indus.pk)
    end_period(agreement, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    assert last_day(one_due(cast, "junaid", now + HOUR)) == (now + 30 * DAY).date()


@pytest.mark.parametrize("ends", ["withdrawn", "expired"])
def test_counting_from_the_end_of_a_consent(cast, indus, now, ends):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="consent_withdrawn", period="P30D")
    junaid, farah = cast.subject("junaid"), cast.actor("farah")
    make_holding(junaid, "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    answers = [Answer("newsletter", ConsentState.GIVEN)]
    record_answers(junaid, answers=answers, shown=shown(indus.pk, now), actor=farah, at=now)
    if ends == "expired":
        Consent.objects.filter(subject=junaid).update(expires_at=now + DAY)
    assert one_due(cast, "junaid", now).state(now) is DueState.WAITING
    if ends == "withdrawn":
        withdraw_consent(junaid, purpose="newsletter", actor=farah, at=now + DAY)
    assert last_day(one_due(cast, "junaid", now + 2 * DAY)) == (now + 31 * DAY).date()


def test_counting_from_the_last_activity(cast, indus, now):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="last_activity", period="P30D")
    collected = now - 400 * DAY
    held = make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=collected)
    assert last_day(one_due(cast, "junaid", now)) == (collected + 30 * DAY).date()
    held.last_activity_at = now - 10 * DAY
    held.save()
    found = one_due(cast, "junaid", now)
    assert (last_day(found), found.state(now)) == ((now + 20 * DAY).date(), DueState.KEPT)


def test_counting_from_a_fixed_day(cast, indus, now):
    rule = {"trigger": "fixed_day", "fixed_on": date(2026, 6, 30), "period": "P2W"}
    make_rule(indus.pk, "newsletter", "contact_details", at=now, **rule)
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    found = one_due(cast, "junaid", now)
    assert (last_day(found), found.state(now)) == (date(2026, 7, 14), DueState.DUE)


@pytest.fixture
def by_school_year(cast, indus, now):
    """Hold data collected in August 2025, kept for 30 days after the end of the school year."""
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger="school_year_ended", period="P30D")
    return make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 400 * DAY)


def test_counting_from_the_end_of_the_school_year_of_the_last_use(cast, indus, now, by_school_year):
    assert one_due(cast, "junaid", now).state(now) is DueState.WAITING
    make_school_year(indus.pk, date(2025, 8, 1), date(2026, 6, 1), at=now)
    found = one_due(cast, "junaid", now)
    assert (last_day(found), found.state(now)) == (date(2026, 6, 30), DueState.DUE)
    by_school_year.last_activity_at = datetime(2026, 5, 31, 10, 0, tzinfo=UTC)
    by_school_year.save()
    assert one_due(cast, "junaid", now).state(now) is DueState.DUE, "used on the last day of the year"
    by_school_year.last_activity_at = datetime(2026, 5, 31, 20, 0, tzinfo=UTC)  # already June in Karachi
    by_school_year.save()
    assert one_due(cast, "junaid", now).state(now) is DueState.WAITING, "used in the holidays; no date of the next year"
    make_school_year(indus.pk, date(2026, 8, 1), date(2027, 6, 1), at=now)
    assert last_day(one_due(cast, "junaid", now)) == date(2027, 6, 30)


def test_a_school_year_that_is_no_longer_listed_counts_if_it_had_ended(cast, indus, now, by_school_year):
    ended = make_school_year(indus.pk, date(2025, 8, 1), date(2026, 6, 1), at=now - 300 * DAY, ended_at=now)
    assert last_day(one_due(cast, "junaid", now)) == date(2026, 6, 30)
    ended.ended_at = now - 200 * DAY
    ended.save()
    assert one_due(cast, "junaid", now).state(now) is DueState.WAITING


@pytest.mark.parametrize("trigger", ["account_closed", "fixed_day", "collected"])
def test_what_was_used_after_its_trigger_is_not_disposed_of(cast, indus, now, trigger):
    fixed = {"fixed_on": date(2026, 6, 30)} if trigger == "fixed_day" else {}
    make_rule(indus.pk, "newsletter", "contact_details", at=now, trigger=trigger, period="P1D", **fixed)
    junaid = cast.subject("junaid")
    held = make_holding(junaid, "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    record_subject_event(junaid, kind="account_closed", happened_at=now - 90 * DAY, actor=SETTING_UP, at=now)
    assert one_due(cast, "junaid", now).state(now) is DueState.DUE
    held.last_activity_at = now - DAY
    held.save()
    assert one_due(cast, "junaid", now).state(now) is DueState.IN_USE


def test_a_later_bound_of_paktaleem_reaches_earlier_rules_of_clients(cast, now):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        make_rule(client_id, "support", "device", at=now, period="P1Y")
        make_holding(cast.subject("junaid"), "device", ["support"], collected_at=now)
    with in_client(PAKTALEEM):
        make_rule(PAKTALEEM, "support", "device", at=now + HOUR, period="P2M", maximum="P3M")
    with in_client(client_id):
        assert last_day(one_due(cast, "junaid", now + DAY)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ({}, True),
        ({"subject": "junaid"}, True),
        ({"subject": "hamza"}, False),
        ({"category": "contact_details"}, True),
        ({"category": "device"}, False),
        ({"subject": "junaid", "category": "device"}, False),
        ({"subject": "junaid", "system": "lms"}, True),
        ({"system": "library"}, False),
    ],
)
def test_a_hold_covers_its_scope(cast, indus, now, scope, covers):
    make_system(indus, "library", ["contact_details"], delivery="by_hand")
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P1D")
    system = System.objects.get(code="lms", client_id=indus.pk)
    junaid = cast.subject("junaid")
    make_holding(junaid, "contact_details", ["newsletter"], collected_at=now - 400 * DAY, system=system)
    find = {
        "subject": cast.subject,
        "system": lambda code: System.objects.get(code=code, client_id=indus.pk),
        "category": str,
    }
    hold(cast, now, **{name: find[name](value) for name, value in scope.items()})
    assert one_due(cast, "junaid", now).state(now) is (DueState.HELD if covers else DueState.DUE)
    effect = preview_rule(
        build_rule(indus.pk, "newsletter", "contact_details", at=now + HOUR, period="P1D"),
        actor=cast.actor("farah"),
        at=now,
    )
    assert (effect.held, effect.due_now) == ((1, 0) if covers else (0, 1))


@pytest.mark.parametrize(("purpose", "state"), [("", "restricted"), ("newsletter", "restricted"), ("support", "due")])
def test_restricted_data_is_kept(cast, indus, now, purpose, state):
    make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P30D")
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 60 * DAY)
    restrict_processing(
        cast.subject("junaid"), purpose_code=purpose, actor=cast.actor("farah"), reason="review", at=now
    )
    found = one_due(cast, "junaid", now)
    assert found.state(now) == state
    assert ("Restricted: kept until it is lifted" in describe_due(found, at=now, zone="UTC")) is (state == "restricted")


def test_the_effect_is_counted_before_saving(cast, indus, now):
    farah = cast.actor("farah")
    for number, (age, used) in enumerate([(400, None), (370, None), (340, None), (300, None), (10, None), (400, 1)]):
        person = SubjectFactory(client=indus, external_id=f"old-{number}", role="instructor")
        used_at = None if used is None else now - used * DAY
        make_holding(person, "contact_details", ["newsletter"], collected_at=now - age * DAY, used_at=used_at)
    held = SubjectFactory(client=indus, external_id="held", role="instructor")
    make_holding(held, "contact_details", ["newsletter"], collected_at=now - 500 * DAY)
    hold(cast, now, subject=held)
    both = SubjectFactory(client=indus, external_id="both", role="instructor")
    make_holding(both, "contact_details", ["newsletter", "support"], collected_at=now - 500 * DAY)
    make_holding(both, "usage_logs", ["product_research"], collected_at=now - 500 * DAY)
    rule = build_rule(indus.pk, "newsletter", "contact_details", at=now + DAY, period="P1Y")
    effect = preview_rule(rule, actor=farah, at=now)
    assert (effect.holdings, effect.due_now, effect.due_in_30, effect.due_in_90) == (8, 2, 3, 4)
    assert (effect.in_use, effect.held, effect.without_date) == (1, 1, 0)
    assert (effect.latest_activity, effect.latest_use) == (now - 300 * DAY, now - DAY)
    assert not RetentionRule.objects.filter(client_id=indus.pk).exists()


def test_the_effect_counts_no_date_while_a_purpose_has_no_rule(cast, indus, now):
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter", "support"], collected_at=now - 4000 * DAY)
    rule = build_rule(indus.pk, "support", "contact_details", at=now + HOUR, period="P1D")
    effect = preview_rule(rule, actor=cast.actor("farah"), at=now)
    assert (effect.holdings, effect.due_in_90, effect.without_date) == (1, 0, 1)


def test_the_effect_of_an_end_counts_what_then_has_no_date(cast, indus, now):
    rule = make_rule(indus.pk, "newsletter", "contact_details", at=now, period="P1D")
    make_holding(cast.subject("junaid"), "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    effect = preview_end(rule, actor=cast.actor("farah"), at=now + HOUR)
    assert (effect.holdings, effect.due_now, effect.without_date) == (1, 0, 1)


def test_the_effect_of_an_end_leaves_out_data_to_which_another_rule_applies(cast, indus, now):
    everyone, students = (
        make_rule(indus.pk, "newsletter", "contact_details", at=now, role=role) for role in ("", "student")
    )
    for name in ("junaid", "danish"):
        make_holding(cast.subject(name), "contact_details", ["newsletter"], collected_at=now - 400 * DAY)
    farah = cast.actor("farah")
    effect = preview_end(everyone, actor=farah, at=now + HOUR)
    assert (effect.holdings, effect.due_now, effect.without_date) == (1, 0, 1)
    effect = preview_end(students, actor=farah, at=now + HOUR)
    assert (effect.holdings, effect.due_now, effect.without_date) == (1, 1, 0)


def test_a_shared_rules_effect_is_counted_at_every_client(cast, now):
    for code, name in (("indus", "junaid"), ("khyber", "kiran")):
        with in_client(cast.client_id(code)):
            make_holding(cast.subject(name), "device", ["support"], collected_at=now - 400 * DAY)
    with in_client(PAKTALEEM):
        rule = build_rule(PAKTALEEM, "support", "device", at=now + HOUR, period="P1M")
    with as_officer():
        effect = preview_rule(rule, actor=cast.actor("amina"), at=now)
    assert (effect.holdings, effect.due_now) == (2, 2)
    with in_client(cast.client_id("khyber")):
        own = build_rule(cast.client_id("khyber"), "support", "device", at=now + HOUR, period="P1M")
        assert preview_rule(own, actor=cast.actor("celia"), at=now).holdings == 1


def end_of_school_year(day, years):
    """Return the last day of the school year of a day, or of the next one; the latest, if several overlap."""
    left = [(starts_on, ends_on) for starts_on, ends_on in years if day < ends_on]
    first = min((ends_on for _, ends_on in left), default=None)
    return None if first is None else max(ends_on for starts_on, ends_on in left if starts_on < first) - DAY


def test_the_database_and_the_pure_rules_agree(cast, indus, now):
    chance = random.Random(17)  # noqa: S311 -- data for a test
    codes = ("support", "security_integrity", "platform_improvement", "service_delivery")
    years = [(date(2024, 8, 1), date(2025, 6, 1)), (date(2025, 8, 1), date(2026, 6, 1))]
    years += [(date(2025, 4, 1), date(2026, 4, 1)), (date(2025, 8, 15), date(2026, 7, 1))]
    for starts_on, ends_on in years:
        make_school_year(indus.pk, starts_on, ends_on, at=now)
    roles = ("", "student", "instructor", "learner")
    periods = ("P1D", "P1M", "P3M", "P5M", "P6M", "P1Y", "P30D", "P90D", "P26W", "P180D")
    for number in range(24):
        values = {
            "trigger": chance.choice(["collected", "last_activity", "school_year_ended"]),
            "period": chance.choice(periods),
            "role": chance.choice(roles),
            "starts_at": now + chance.randrange(4) * DAY + number * timedelta(seconds=1),
        }
        make_rule(indus.pk, chance.choice(codes), "usage_logs", at=now, **values)
    people = [
        SubjectFactory(client=indus, external_id=f"any-{number}", role=chance.choice(roles[1:])) for number in range(30)
    ]
    at = now + 2 * DAY
    for person in people:
        collected = now - chance.randrange(1, 700) * DAY - chance.randrange(24) * HOUR
        used = chance.choice([None, collected + chance.randrange(1, 90) * DAY])
        make_holding(person, "usage_logs", chance.sample(codes, 2), collected_at=collected, used_at=used)
    rules = list(RetentionRule.objects.filter(category="usage_logs").select_related("purpose"))
    dated = []
    for held in Holding.objects.select_related("subject"):
        ends = []
        for purpose in held.purposes:
            own = [rule for rule in rules if rule.purpose.code == purpose]
            rule = find_applied(own, held.subject.role, at)
            bounds = find_applied([one for one in own if one.client_id == PAKTALEEM], held.subject.role, at)
            assert rule is not None
            used = max(filter(None, [held.last_collected_at, held.last_activity_at]))
            start = (used if rule.trigger != "collected" else held.last_collected_at).astimezone(ZONE).date()
            if rule.trigger == "school_year_ended":
                start = end_of_school_year(start, years)
            if start is not None:
                ends.append(end_of_day(last_kept_day(start, rule, bounds), "Asia/Karachi"))
        [found] = list_due_of_person(held.subject, actor=cast.actor("farah"), at=at)
        assert found.due_at == (max(ends) if len(ends) == len(held.purposes) else None)
        dated.append(found.due_at is not None)
    assert {True, False} == set(dated)


def test_the_number_of_queries_is_fixed(cast, indus, now, django_assert_num_queries):
    junaid, farah = cast.subject("junaid"), cast.actor("farah")
    for category in ("contact_details", "usage_logs", "device", "content"):
        make_holding(junaid, category, ["support", "newsletter"], collected_at=now)
    hold(cast, now, subject=junaid)
    with django_assert_num_queries(5):
        list_due_of_person(junaid, actor=farah, at=now)


@pytest.mark.parametrize("trigger", ["account_closed", "agreement_ended", "consent_withdrawn"])
@pytest.mark.parametrize("end", ["withdrawn by esra", "withdrawn by danish", "refused by danish"])
def test_a_service_that_the_guardian_or_the_child_ended_starts_the_periods(cast, indus, now, trigger, end):
    make_rule(indus.pk, "service_delivery", "usage_logs", at=now - 9 * DAY, trigger=trigger, period="P30D")
    danish, esra = cast.subject("danish"), cast.subject("esra")
    make_holding(danish, "usage_logs", ["service_delivery"], collected_at=now - 5 * DAY)
    verified_guardian(danish, esra, at=now - 4 * DAY)
    record_answer(danish, esra, "given", at=now - 3 * DAY)
    assert one_due(cast, "danish", now).due_at is None
    answer, _, by = end.partition(" by ")
    record_answer(danish, esra if by == "esra" else None, answer, at=now)
    assert last_day(one_due(cast, "danish", now)) == (now + 30 * DAY).astimezone(ZONE).date()
    record_answer(danish, esra, "given", at=now + DAY)
    assert one_due(cast, "danish", now + DAY).due_at is None
