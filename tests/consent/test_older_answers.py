"""An older answer never overrides a later one, and the age on the day of the answer counts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from consent.consents.models import Consent, ConsentState, GivenBy, Method
from consent.consents.services.consent_basis import ChildMayNotGive, ClaimBeforeNotice
from consent.consents.services.recording import Answer, record_answers
from consent.notices.notice_tokens import TokenExpired
from consent.notices.selectors.registers import get_current_notice
from tests.children.guardians import make_guardian, verified_guardian
from tests.factories import CAST_AT, SubjectFactory
from tests.showing import shown

GIVEN, REFUSED = ConsentState.GIVEN, ConsentState.REFUSED
HOUR = timedelta(hours=1)


def say(cast, subject, state, at, **manner):
    given = {"shown": shown(subject.client_id, at), "actor": cast.actor("farah"), "at": at, **manner}
    [event] = record_answers(subject, answers=[Answer("newsletter", state)], **given)
    return event


def on_paper(cast, claimed_at):
    version = get_current_notice("newsletter", client_id=cast.client_id("indus"), at=datetime(2026, 10, 1, tzinfo=UTC))
    paper = {"shown": None, "notice_version": version.pk, "method": Method.PAPER, "evidence": "Box 3"}
    return {**paper, "claimed_at": claimed_at}


def state_now():
    return Consent.objects.get().state


@pytest.fixture
def danish(cast, indus):
    return cast.subject("danish")


@pytest.fixture
def esra(cast, danish, now):
    esra = cast.subject("esra")
    verified_guardian(danish, esra, at=now - HOUR)
    return {"given_by": GivenBy.GUARDIAN, "guardian": esra}


def test_a_guardians_refusal_is_not_overridden_by_their_older_paper_or_token(cast, danish, esra, now):
    say(cast, danish, REFUSED, now, **esra)
    for older in (on_paper(cast, now - HOUR), on_paper(cast, None), {"shown": shown(danish.client_id, now - HOUR)}):
        with pytest.raises(TokenExpired):
            say(cast, danish, GIVEN, now + HOUR, **esra, **older)
    assert state_now() == "refused"
    assert say(cast, danish, GIVEN, now + 2 * HOUR, **esra, **on_paper(cast, now + HOUR)).state == "given"
    assert state_now() == "given"


@pytest.mark.parametrize(
    ("hours", "status", "code"), [(-2, 409, "claimed-before-refusal"), (None, 400, "claimed-at-missing")]
)
def test_the_api_says_that_an_older_paper_does_not_override_a_refusal(cast, indus_lms, hours, status, code):
    now = timezone.now()
    assert indus_lms.consent("lms-hamza", "newsletter", "refused").status_code == 201
    paper = {"notice_version": indus_lms.notice("newsletter"), "method": "paper", "evidence": "Box 3, folder 4"}
    claim = {} if hours is None else {"claimed_at": (now + timedelta(hours=hours)).isoformat()}
    answers = [{"purpose": "newsletter", "state": "given"}]
    response = indus_lms.post("/api/v1/consents", {"subject": "lms-hamza", "answers": answers, **paper, **claim})
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"urn:paktaleem:problem:{code}")
    assert [one["pointer"] for one in problem["errors"]] == ["#/claimed_at"]


def test_a_claim_before_the_birth_of_an_adult_is_before_the_notice(cast, indus, now):
    junaid = SubjectFactory(client=indus, external_id="lms-born-2000", birth_date=date(2000, 1, 1), at=now)
    with pytest.raises(ClaimBeforeNotice):
        say(cast, junaid, GIVEN, now, **on_paper(cast, datetime(1990, 1, 1, tzinfo=UTC)))


def test_ones_own_refusal_is_not_overridden_by_an_older_paper_or_token(cast, indus, now):
    hamza = cast.subject("hamza")
    say(cast, hamza, REFUSED, now)
    for older in (on_paper(cast, now - HOUR), {"shown": shown(indus.id, now - HOUR)}):
        with pytest.raises(TokenExpired):
            say(cast, hamza, GIVEN, now + HOUR, **older)
    assert say(cast, hamza, GIVEN, now + HOUR).state == "given"


def test_a_refusal_of_the_child_is_not_overridden_by_older_paper_of_a_guardian(cast, danish, esra, now):
    say(cast, danish, REFUSED, now)
    with pytest.raises(TokenExpired):
        say(cast, danish, GIVEN, now + HOUR, **esra, **on_paper(cast, now - HOUR))
    assert state_now() == "refused"


def test_a_paper_before_another_guardians_refusal_is_recorded_without_effect(cast, indus, danish, esra, now):
    omar = make_guardian(indus, "omar", at=now - HOUR)
    verified_guardian(danish, omar, at=now - HOUR)
    say(cast, danish, REFUSED, now, given_by=GivenBy.GUARDIAN, guardian=omar)
    assert not say(cast, danish, GIVEN, now + HOUR, **esra, **on_paper(cast, now - HOUR)).becomes_state
    assert state_now() == "refused"


def test_a_refusal_on_paper_counts_from_its_day(cast, danish, esra, now):
    say(cast, danish, REFUSED, now, **esra, **on_paper(cast, now - 2 * HOUR))
    say(cast, danish, GIVEN, now + HOUR, **esra, **on_paper(cast, now - HOUR))
    assert state_now() == "given"


def test_a_claim_before_a_refusal_is_older_whatever_token_comes_with_it(cast, indus, now):
    hamza = cast.subject("hamza")
    say(cast, hamza, REFUSED, now)
    with pytest.raises(TokenExpired):
        say(cast, hamza, GIVEN, now + HOUR, claimed_at=now - HOUR)


@pytest.mark.parametrize("claimed_at", [datetime(1990, 1, 1, tzinfo=UTC), CAST_AT - timedelta(microseconds=1)])
def test_no_consent_is_older_than_its_notice(cast, indus, now, claimed_at):
    junaid = cast.subject("junaid")
    for manner in (on_paper(cast, claimed_at), {"claimed_at": claimed_at}):
        with pytest.raises(ClaimBeforeNotice):
            say(cast, junaid, GIVEN, now, **manner)
    assert not Consent.objects.exists()
    assert say(cast, junaid, GIVEN, now, **on_paper(cast, CAST_AT)).state == "given"


def test_a_refusal_is_recorded_whatever_time_is_claimed(cast, indus, now):
    assert (
        say(cast, cast.subject("hamza"), REFUSED, now, claimed_at=datetime(1990, 1, 1, tzinfo=UTC)).state == "refused"
    )


def test_the_age_of_an_answer_is_that_of_the_time_it_was_given(cast, indus, now):
    born = date(now.year - indus.thresholds.of(""), now.month, now.day)
    zara = SubjectFactory(client=indus, external_id="lms-zara", role="student", birth_date=born, at=now - HOUR)
    child_then = now - timedelta(days=2)
    for manner in (on_paper(cast, child_then), {"claimed_at": child_then}):
        with pytest.raises(ChildMayNotGive):
            say(cast, zara, GIVEN, now, **manner)
    assert say(cast, zara, REFUSED, now, claimed_at=child_then).state == "refused"
    assert say(cast, zara, GIVEN, now + HOUR, **on_paper(cast, now + HOUR)).state == "given"


def test_an_adults_age_then_follows_from_what_is_known_now(cast, indus, now):
    threshold = indus.thresholds.of("")
    by = {"client": indus, "at": now - HOUR}
    adult = SubjectFactory(external_id="lms-adult", attested_age=40, **by)
    parent = SubjectFactory(external_id="lms-parent", role="guardian", **by)
    of_age = SubjectFactory(external_id="lms-of-age", attested_age=threshold, **by)
    paper = on_paper(cast, now - timedelta(days=9))
    assert say(cast, adult, GIVEN, now, **paper).state == say(cast, parent, GIVEN, now, **paper).state == "given"
    with pytest.raises(ChildMayNotGive):
        say(cast, of_age, GIVEN, now, **paper)
