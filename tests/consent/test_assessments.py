"""Gates: what is automated is described, high risks and transfers are assessed, by two people, or decisions deny."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given, strategies as st

from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_all_purposes, decide_one
from consent.register.assessing import answer_assessment, approve_assessment, record_consultation
from consent.register.effects import WeakensSafeguard
from consent.register.models.agreements import Recipient, RecipientApproval
from consent.register.models.assessments import Assessment
from consent.register.models.purposes import Purpose
from consent.register.risk import find_criteria, is_high_risk, needs_transfer_assessment, read_questionnaires
from consent.register.services import change_register, request_safeguard_change
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.accounts.client_services import adopt_law
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.console.clocks import select_due
from paktaleem.foundation.law.profiles import PROMISES, read_criteria, read_law
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.consent.making import approve_by_two, execute, instruct, make_provider, officer, refuses
from tests.factories import CAST_AT, SETTING_UP
from tests.laws import law_of_pakistan, period

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BY: dict[str, Any] = {"reason": Reason.REVIEW}


@pytest.fixture
def khyber(cast):
    with in_client(cast.client_id("khyber")):
        yield cast.client("khyber")


def own_purpose(cast, client, at, **declared):
    """Add a purpose of the client, on consent, that declares something; no one relies on it yet."""
    words = {"name_en": "Hints", "name_ur": "اشارے", "description_en": "Hints.", "description_ur": "اشارے۔"}
    row = Purpose(client_id=client.pk, code="hints", categories=["usage_logs"], **words, **declared)
    return change_register(row, actor=cast.actor("celia"), at=at, **BY)


def answer(cast, row, kind, at, actor="celia", **changed):
    questions = read_questionnaires()[kind].questions
    answers = {name: f"About {name}." for one in questions for name in one.names}
    usual = {"answers": answers, "residual_risk": "" if kind == "automated" else "low"}
    values = {**usual, "review_on": (at + 300 * DAY).date(), **changed}
    by = cast.actor(actor) if isinstance(actor, str) else actor
    return answer_assessment(row, kind, actor=by, at=at, **values, **BY)


def assess(cast, row, kind, at, **changed):
    return approve_assessment(answer(cast, row, kind, at, **changed), actor=officer(), at=at)


def reason(cast, client, at, *, now=None, code="hints", action="process", **asked):
    question = Question(code, action, at=at, **asked)
    return str(decide_one(cast.key_actor(client.code), client.pk, "lms-kiran", question, now=now or at).reason)


def test_profiling_is_denied_until_a_second_person_approves_its_description(cast, khyber, now):
    row = own_purpose(cast, khyber, now, automated="profiling")
    draft = answer(cast, row, "automated", now + HOUR)
    assert reason(cast, khyber, now + HOUR) == "automated_not_described"
    approve_assessment(draft, actor=officer(), at=now + 2 * HOUR)
    later = now + 3 * HOUR
    assert reason(cast, khyber, later) != "automated_not_described"
    assert reason(cast, khyber, now + 2 * HOUR - timedelta(seconds=1), now=later) == "automated_not_described"
    # the basis is missing next: every path says the same, also as of then
    standing = decide_all_purposes(cast.actor("celia"), khyber.pk, "lms-kiran", at=later, now=later)["hints"]
    assert str(standing.reason) == reason(cast, khyber, later)
    kinds = ["assessment.answered", "assessment.approved"]
    entries = list(Entry.objects.filter(kind__in=kinds).order_by("id"))
    assert [(one.kind, one.actor_id == cast.user_id("celia")) for one in entries] == [
        (kinds[0], True),
        (kinds[1], False),
    ]
    assert "About" not in json.dumps([one.body for one in entries])
    assert draft.history.count() == 2


def test_a_provider_is_to_be_audited_once_approved_and_again_on_the_day(cast, khyber, now):
    host = make_provider(khyber.pk, at=now)
    [due], mine = Recipient.due, Recipient.objects.filter(pk=host.pk)
    assert not select_due(mine, due.rows, now).exists()
    approve_by_two(RecipientApproval(client_id=khyber.pk, recipient=host, starts_at=now), at=now)
    assert list(select_due(mine, due.rows, now)) == [host]
    questions = read_questionnaires()["provider"].questions
    answers = {one.code: "TÜV, ISO 27001, report 7 in the archive." for one in questions} | {
        "audited_on": str(now.date())
    }
    for day in ("", "last week", str((now + DAY).date())):
        with refuses("audited_on"):
            answer(cast, host, "provider", now, answers=answers | {"audited_on": day}, residual_risk="")
    draft = answer(cast, host, "provider", now, answers=answers, residual_risk="")
    assert select_due(mine, due.rows, now).exists(), "not yet approved"
    approve_assessment(draft, actor=officer(), at=now)
    assert not select_due(mine, due.rows, now).exists()
    assert not Assessment.objects.to_repeat(now + 200 * DAY).exists()
    assert Assessment.objects.to_repeat(now + 300 * DAY).get() == draft
    draft.purpose, draft.recipient = Purpose.objects.first(), None
    with pytest.raises(IntegrityError, match="of_its_kind_of_row"), transaction.atomic():
        save_tracked(draft, actor=SETTING_UP, at=now, **BY)


@pytest.mark.parametrize(("action", "expected"), [("store", False), ("delete", False), ("collect", True)])
def test_what_is_held_may_be_stored_and_deleted_meanwhile(cast, khyber, now, action, expected):
    own_purpose(cast, khyber, now, automated="decision")
    assert (reason(cast, khyber, now, action=action) == "automated_not_described") is expected


def test_a_description_of_profiling_does_not_cover_decisions(cast, khyber, now):
    row = own_purpose(cast, khyber, now, automated="profiling")
    assess(cast, row, "automated", now)
    row.automated = "decision"
    change_register(row, actor=cast.actor("celia"), at=now + HOUR, **BY)
    assert reason(cast, khyber, now + HOUR) == "automated_not_described"
    assert row.history.count() == 2


def test_a_purpose_of_high_risk_is_denied_without_an_assessment_that_covers_every_risk(cast, khyber, now):
    row = own_purpose(cast, khyber, now, risks=["large_scale"])
    assert reason(cast, khyber, now) != "assessment_missing"  # one criterion; this client serves adults
    row.risks = ["large_scale", "sensitive"]
    change_register(row, actor=cast.actor("celia"), at=now, **BY)
    assert reason(cast, khyber, now) == "assessment_missing"
    assess(cast, row, "impact", now)
    assert reason(cast, khyber, now) != "assessment_missing"
    row.risks = ["large_scale", "sensitive", "new_technology"]
    change_register(row, actor=cast.actor("celia"), at=now + HOUR, **BY)
    assert reason(cast, khyber, now + HOUR) == "assessment_missing"


def test_a_high_remaining_risk_counts_after_the_authority_was_consulted(cast, khyber, now):
    row = own_purpose(cast, khyber, now, risks=["large_scale", "sensitive"])
    assess(cast, row, "impact", now)
    again = assess(cast, row, "impact", now + HOUR, residual_risk="high")  # replaces the one before at once
    assert reason(cast, khyber, now + HOUR) == "assessment_missing"
    answered = {"authority": "Authority", "reference": "A-17", **BY}
    with pytest.raises(ApproverIsRequester):
        record_consultation(again, actor=cast.actor("celia"), at=now + 2 * HOUR, **answered)
    record_consultation(again, actor=officer(), at=now + 2 * HOUR, **answered)
    assert reason(cast, khyber, now + 2 * HOUR) != "assessment_missing"
    with pytest.raises(Refused, match="already recorded"):
        record_consultation(again, actor=officer(), at=now + 3 * HOUR, **answered)
    low = assess(cast, row, "impact", now + 3 * HOUR)
    with pytest.raises(Refused, match="remaining risk is high"):
        record_consultation(low, actor=officer(), at=now + 3 * HOUR, **answered)


def test_a_risk_is_taken_back_by_two_people(cast, khyber, now):
    row = own_purpose(cast, khyber, now, risks=["large_scale", "sensitive"])
    row.risks = ["sensitive"]
    with pytest.raises(WeakensSafeguard):
        change_register(row, actor=cast.actor("celia"), at=now, **BY)
    with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
        execute("UPDATE consent_purpose SET risks = '{}' WHERE id = %s", row.pk)
    change = request_safeguard_change(row, ground="A small group only.", actor=cast.actor("celia"), at=now)
    assert reason(cast, khyber, now) == "assessment_missing"
    decide_proposed_change(change, approve=True, actor=officer(), at=now)
    assert reason(cast, khyber, now) != "assessment_missing"


def share(cast, client, at, **asked):
    return reason(cast, client, at, code="newsletter", action="share", recipient="cloud", **asked)


def test_nothing_is_shared_with_a_country_without_adequacy_before_its_transfer_is_assessed(cast, khyber, now):
    host = make_provider(khyber.pk, at=now, code="cloud", countries="PK, IN", transfer_ground="clauses")
    covered = {"purposes": ["newsletter"], "categories": ["contact_details"], "is_integral": True}
    approve_by_two(RecipientApproval(client_id=khyber.pk, recipient=host, starts_at=now, **covered), at=now)
    instruct(cast, "khyber", now, ["newsletter"], ["cloud"])
    asked = {"categories": frozenset({"contact_details"})}
    assert share(cast, khyber, now, **asked) == "transfer_not_assessed"
    row = assess(cast, host, "transfer", now + HOUR)
    assert row.covers == ["PK", "IN"]
    assert share(cast, khyber, now + HOUR, **asked) == "consent_missing"
    assert share(cast, khyber, now, now=now + HOUR, **asked) == "transfer_not_assessed"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"answers": {}}, "necessity"),
        ({"answers": {"views": "x" * 4001}}, "views"),
        ({"residual_risk": ""}, "residual_risk"),
        ({"residual_risk": "none"}, "residual_risk"),
        ({"review_on": CAST_AT.date()}, "review_on"),
        ({"review_on": date(2029, 12, 31)}, "review_on"),
    ],
)
def test_a_wrong_answer_names_its_field(cast, khyber, now, changed, field):
    row = own_purpose(cast, khyber, now)
    with pytest.raises(ValidationError) as caught:
        answer(cast, row, "impact", now, **changed)
    assert field in caught.value.message_dict


def test_answers_that_wait_are_replaced_and_approved_ones_stay(cast, khyber, now):
    row = own_purpose(cast, khyber, now)
    with pytest.raises(Refused, match="neither profiling"):
        answer(cast, row, "automated", now)
    first = answer(cast, row, "impact", now)
    assert answer(cast, row, "impact", now + HOUR, residual_risk="medium").pk == first.pk
    approve_assessment(Assessment.objects.get(), actor=officer(), at=now + HOUR)
    with pytest.raises(Refused, match="already approved"):
        approve_assessment(first, actor=officer(), at=now + HOUR)
    second = assess(cast, row, "impact", now + 2 * HOUR)
    first.refresh_from_db()
    assert (first.residual_risk, first.replaced_at, second.replaced_at) == ("medium", now + 2 * HOUR, None)


def test_an_approval_is_refused_once_the_purpose_meets_another_criterion(cast, khyber, now):
    row = own_purpose(cast, khyber, now)
    draft = answer(cast, row, "impact", now)
    row.risks = ["matching"]
    change_register(row, actor=cast.actor("celia"), at=now, **BY)
    with pytest.raises(Refused, match="changed since"):
        approve_assessment(draft, actor=officer(), at=now)


@pytest.mark.parametrize("name", ["bilal", "sana", "farah"])
def test_others_neither_answer_nor_approve(cast, khyber, now, name):
    row = own_purpose(cast, khyber, now)
    with pytest.raises(NotAllowed):
        answer(cast, row, "impact", now, actor=name)
    draft = answer(cast, row, "impact", now)
    with pytest.raises(NotAllowed):
        approve_assessment(draft, actor=cast.actor(name), at=now)


def test_another_client_sees_no_assessment_and_writes_none(cast, now):
    with in_client(cast.client_id("khyber")):
        row = assess(cast, own_purpose(cast, cast.client("khyber"), now), "impact", now)
    with in_client(cast.client_id("indus")):
        assert not Assessment.objects.exists()
        assert execute_count("UPDATE consent_assessment SET reviewed_at = now() WHERE id = %s", row.pk) == 0
        with pytest.raises(IntegrityError), transaction.atomic():  # of a purpose of another client
            Assessment(
                client_id=cast.client_id("indus"),
                kind="impact",
                purpose_id=row.purpose_id,
                questionnaire="1",
                answers={},
                residual_risk="low",
                review_on=now.date(),
                answered_at=now,
                answered_by=new_id(),
            ).save(force_insert=True)


def execute_count(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


@pytest.mark.parametrize(
    "change",
    [
        "reviewed_by = answered_by",
        "reviewed_by = NULL",
        "residual_risk = ''",
        "consulted_at = reviewed_at",
        "kind = 'transfer'",
        "purpose_id = NULL",
    ],
)
def test_the_database_refuses_a_broken_assessment(cast, khyber, now, change):
    row = assess(cast, own_purpose(cast, khyber, now), "impact", now)
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(f"UPDATE consent_assessment SET {change} WHERE id = %s", row.pk)  # noqa: S608 -- ours


def test_paktaleems_assessment_of_a_shared_purpose_counts_at_every_client(cast, now):
    with in_client(PAKTALEEM):
        shared = Purpose.objects.get(code="support", client_id=PAKTALEEM)
        shared.risks = ["monitoring"]
        change_register(shared, actor=SETTING_UP, at=now, **BY)
    with in_client(cast.client_id("khyber")):
        assert reason(cast, cast.client("khyber"), now, code="support") == "permitted"  # adults: one criterion
    asked = cast.key_actor("indus"), cast.client_id("indus"), "lms-junaid", Question("support", at=now)
    with in_client(asked[1]):
        assert decide_one(*asked, now=now).reason == "assessment_missing"
        with pytest.raises(NotAllowed):
            answer(cast, shared, "impact", now, actor="farah")
    with in_client(PAKTALEEM):
        assess(cast, shared, "impact", now, actor=user_actor(new_id(), "privacy_officer", PAKTALEEM))
    with in_client(asked[1]):
        assert decide_one(*asked, now=now).allowed


def test_a_stricter_law_counts_from_its_day_on_and_not_backwards(cast, now, tmp_path):
    start, worker = now + 10 * DAY, system_actor("clients.adopt_law")
    law = law_of_pakistan(tmp_path / "law", period("2017-05-30"), period(str(start.date()), impact="at_least = 1"))
    with law, in_client(cast.client_id("khyber")):
        khyber = cast.client("khyber")
        own_purpose(cast, khyber, now, risks=["large_scale"])
        assert not adopt_law(khyber.pk, actor=worker, at=start - 2 * DAY)
        assert reason(cast, khyber, start - DAY) != "assessment_missing"
        later = start + DAY
        assert adopt_law(khyber.pk, actor=worker, at=later)
        assert not adopt_law(khyber.pk, actor=worker, at=later + DAY), "once"
        assert reason(cast, khyber, later) == "assessment_missing"
        assert reason(cast, khyber, start - DAY, now=later) != "assessment_missing"


RULES = {code: profile.on(profile.periods[-1].starts) for code, profile in read_law().profiles.items()}


@given(
    st.sets(st.sampled_from(sorted(read_criteria()))), st.sampled_from(["none", "profiling", "decision"]), st.booleans()
)
def test_two_criteria_are_a_high_risk_everywhere_and_more_never_a_lower_one(risks, automated, serves_minors):
    criteria = find_criteria(risks, automated=automated, serves_minors=serves_minors)
    named = set(risks) | ({"children"} if serves_minors else set())
    named |= {"none": set(), "profiling": {"profiling"}, "decision": {"profiling", "decision"}}[automated]
    assert criteria == named
    for code, rules in RULES.items():
        alone = {"eu": {"decision"}, "gb": {"decision", "children_online"}}.get(code, set())
        assert is_high_risk(criteria, rules) == (len(named) >= 2 or bool(named & alone))


@pytest.mark.parametrize(
    ("ground", "countries", "law", "needed"),
    [
        ("", [], "policy", False),
        ("same_country", ["PK"], "pk", False),
        ("clauses", ["IE"], "pk", True),
        ("consent", ["IN"], "eu", True),
        ("adequacy", ["IE"], "pk", False),
        ("adequacy", ["JP", "GB"], "eu", False),
        ("adequacy", ["JP", "IN"], "eu", True),
        ("adequacy", ["IE"], "gb", False),
        ("same_country", ["DE"], "eu", False),
        ("", ["PK"], "eu", True),  # no ground is needed at PakTaleem's, but from there it is a transfer
        ("same_country", ["PK"], "gb", True),
    ],
)
def test_a_transfer_is_assessed_where_no_adequacy_decision_covers_it(ground, countries, law, needed):
    home = {"eu": "DE", "gb": "GB"}.get(law, "PK")
    assert needs_transfer_assessment(ground, countries, RULES[law], home=home) is needed


def test_the_starter_purposes_have_no_high_risk_by_themselves(cast):
    with in_client(PAKTALEEM):
        for purpose in Purpose.objects.filter(client_id=PAKTALEEM):
            found = find_criteria(purpose.risks, automated=purpose.automated, serves_minors=True)
            assert found == {"children"}
            assert not is_high_risk(found, PROMISES)
    assert cast
