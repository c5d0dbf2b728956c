"""Guardians' answers take effect at the next decision; past decisions do not change."""

from datetime import timedelta
from functools import partial

import pytest

from children.guardians.models import Guardianship, ServiceAuthorisation
from children.guardians.services.answers import quarantine, release
from children.guardians.services.verifications import record_verification
from consent.decisions.facts import Question
from consent.decisions.selectors.changes import get_latest_position, list_changes_since
from consent.decisions.selectors.decisions import (
    EvaluationRequest,
    decide_all_purposes,
    decide_many_with_key,
    decide_one,
    decide_with_key,
)
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import (
    approve_host,
    changed,
    ended,
    guardian_of,
    make_guardian,
    record_answer,
    verified_guardian,
)
from tests.factories import SETTING_UP

MINUTE = timedelta(minutes=1)


def ask(cast, at, *, now=None, person="danish", **question):
    asked = EvaluationRequest(f"lms-{person}", partial(Question, **{"purpose": "service_delivery", **question}), at)
    return decide_with_key(cast.key("indus"), asked, arrived_at=now or at)


def reason(cast, at, **question):
    return str(ask(cast, at, **question).reason)


@pytest.fixture
def opened(cast, now):
    """Danish, whose verified mother has consented."""
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "given", at=now)


def test_a_verified_guardians_consent_opens_the_gate_and_its_row_is_the_evidence(cast, now, opened):
    assert reason(cast, now - MINUTE, now=now) == "guardian_consent_required"
    found = ask(cast, now)
    assert (found.allowed, found.is_child) == (True, True)
    assert found.valid_until <= now + timedelta(seconds=60)
    with in_client(cast.client_id("indus")):
        assert ServiceAuthorisation.objects.get().pk in found.evidence


def test_a_guardian_alone_and_a_claim_alone_open_nothing(cast, now):
    assert reason(cast, now) == "guardian_consent_required"
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
    assert reason(cast, now) == "guardian_consent_required"


def test_a_withdrawal_stops_the_next_question_and_not_the_past(cast, now, opened):
    at = now + MINUTE
    with in_client(cast.client_id("indus")):
        record_answer(cast.subject("danish"), cast.subject("esra"), "withdrawn", at=at)
    assert reason(cast, at) == "guardian_consent_withdrawn"
    assert reason(cast, at - timedelta(seconds=1), now=at) == "permitted"


@pytest.mark.parametrize("change", [{"may_consent": False}, {"court_order": True}])
def test_authority_that_is_taken_has_lapsed_from_then(cast, now, opened, change):
    at = now + MINUTE
    with in_client(cast.client_id("indus")):
        changed(cast, Guardianship.objects.get(), at, **change)
    assert reason(cast, at) == "guardian_authority_lapsed"
    assert reason(cast, at - timedelta(seconds=1), now=at) == "permitted"


def test_an_end_set_ahead_bounds_the_answer(cast, now, opened):
    until = now + timedelta(seconds=20)
    with in_client(cast.client_id("indus")):
        changed(cast, Guardianship.objects.get(), now, ends_at=until)
    assert (ask(cast, now).valid_until, reason(cast, until)) == (until, "guardian_authority_lapsed")


def test_an_erased_guardian_has_lapsed(cast, now, opened):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("esra"), actor=cast.actor("amina"), reason="subject_request", at=now + MINUTE)
    assert reason(cast, now + MINUTE) == "guardian_authority_lapsed"


def test_a_quarantine_holds_back_all_but_deleting_for_as_long_as_it_lasts(cast, now, opened):
    at = now + MINUTE
    with in_client(cast.client_id("indus")):
        quarantine(cast.subject("danish"), cause="incident", actor=cast.actor("amina"), at=at)
    assert (reason(cast, at), reason(cast, at, action="delete")) == ("quarantined", "permitted")
    assert reason(cast, now, now=at) == "permitted"
    with in_client(cast.client_id("indus")):
        release(cast.subject("danish"), actor=cast.actor("amina"), at=at + MINUTE)
    assert (reason(cast, at + MINUTE), reason(cast, at, now=at + MINUTE)) == ("permitted", "quarantined")


def test_a_weak_consent_permits_a_purpose_only_without_outside_recipients(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = guardian_of(danish, esra, at=now)
        record_verification(row, method="text_plus", kept={}, actor=SETTING_UP, reason="subject_request", at=now)
        record_answer(danish, esra, "given", at=now)
    assert reason(cast, now) == "permitted"
    with in_client(cast.client_id("indus")):
        approve_host(cast.client_id("indus"), "service_delivery")
    assert reason(cast, now) == "guardian_consent_required"


def test_many_people_one_person_and_the_standing_say_the_same(cast, now, opened):
    asked = [
        EvaluationRequest(f"lms-{name}", partial(Question, purpose="service_delivery"))
        for name in ("danish", "iqra", "hamza")
    ]
    many = decide_many_with_key(cast.key("indus"), asked, arrived_at=now)
    alone = [ask(cast, now, person=one.person.removeprefix("lms-")) for one in asked]
    assert (many, [one.allowed for one in alone]) == (alone, [True, False, True])
    with in_client(cast.client_id("indus")):
        key = cast.key_actor("indus")
        every = decide_all_purposes(key, cast.client_id("indus"), "lms-danish", at=now, now=now)
        one = decide_one(
            key, cast.client_id("indus"), "lms-danish", Question(purpose="service_delivery", at=now), now=now
        )
    assert every["service_delivery"] == one == alone[0]


def test_every_change_of_a_guardian_is_among_the_changes(committed, now):
    cast, at = committed, now
    client_id = cast.client_id("indus")

    def noted(act):
        position = latest_position_in(client_id)
        with in_client(client_id):
            act(cast.subject("danish"), cast.subject("esra"))
        with in_client(client_id):
            page = list_changes_since(cast.key_actor("indus"), client_id, position, most=50)
        return {(one.kind, one.subject) for one in page.changes}

    amina, later = cast.actor("amina"), at + MINUTE
    for act in (
        lambda danish, esra: verified_guardian(danish, esra, at=at),
        lambda danish, esra: record_answer(danish, esra, "given", at=at),
        lambda danish, _: quarantine(danish, cause="report", actor=SETTING_UP, at=at),
        lambda danish, _: release(danish, actor=SETTING_UP, at=later),
        lambda *_: changed(cast, Guardianship.objects.get(), later, court_order=True),
        lambda _, esra: erase_subject(esra, actor=amina, reason="subject_request", at=later),
    ):
        assert ("guardian", "lms-danish") in noted(act)


def latest_position_in(client_id):
    with in_client(client_id):
        return get_latest_position()


def test_a_second_guardian_changes_nothing_until_they_answer(cast, now, opened):
    with in_client(cast.client_id("indus")):
        danish, omar = cast.subject("danish"), make_guardian(cast.client("indus"), "omar", at=now)
        row = verified_guardian(danish, omar, at=now)
    assert reason(cast, now) == "permitted"
    with in_client(cast.client_id("indus")):
        record_answer(danish, omar, "refused", at=now + MINUTE)
    assert reason(cast, now + MINUTE) == "guardian_consent_refused"
    with in_client(cast.client_id("indus")):
        ended(cast, row, now + MINUTE)
    assert reason(cast, now + MINUTE) == "guardian_consent_refused"
