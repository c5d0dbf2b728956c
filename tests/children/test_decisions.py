"""Guardians' answers take effect at the next decision; a false verification ends what it permitted; the past stays."""

from datetime import timedelta
from functools import partial

import pytest

from children.guardians.models import GuardianChange, Guardianship, ServiceAuthorisation, Verification
from children.guardians.services.answers import quarantine, release
from children.guardians.services.verifications import mark_verification_false
from consent.consents.models import Consent
from consent.decisions.facts import Question
from consent.decisions.selectors.changes import get_latest_position, list_changes_since
from consent.decisions.selectors.decisions import (
    EvaluationRequest,
    decide_all_purposes,
    decide_many_with_key,
    decide_one,
    decide_with_key,
)
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.cast import refused_to
from tests.children.guardians import changed, decision_reason, ended, make_guardian, record_answer, verified_guardian
from tests.children.test_answers import both, say  # noqa: F401 -- two verified guardians
from tests.factories import SETTING_UP, make_system

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
    assert cast.get(ServiceAuthorisation).pk in found.evidence


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


def reason_of(cast, at, **question):
    return decision_reason(cast, "lms-danish", at, **question)


def collect(cast, at, category="usage_logs"):
    told = CollectionReport(category=category, occasion="assessment", purpose="service_delivery", collected_at=at)
    return report_collection(cast.subject("danish"), told, actor=SETTING_UP, at=at)


@pytest.fixture
def collected(cast, now):
    """Danish, whose mother was verified and consented; his use of the service is collected a minute later."""
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "logs", ["usage_logs"], delivery="by_hand")
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now)
        assert collect(cast, now + MINUTE)[1] is None
        yield row


def proof_of(row):
    return Verification.objects.filter(guardianship=row).latest("id")


def test_what_it_opened_is_shut_and_what_was_collected_is_erased_everywhere_and_the_past_stays(cast, now, collected):
    at = now + 2 * MINUTE
    found = mark_verification_false(proof_of(collected), actor=cast.actor("farah"), at=at)
    assert (found.ended_at, reason_of(cast, at)) == (at, "quarantined")
    assert reason_of(cast, at - timedelta(seconds=1), now=at) == "permitted"
    entry = Entry.objects.get(kind="guardian.verification_false")
    assert (entry.subject_id, entry.actor_id) == (cast.subject_id("danish"), cast.actor("farah").id)
    assert found.history.latest().history_change_reason == "incident"
    incident = Incident.objects.get()
    assert (incident.cause, incident.categories, incident.is_open) == ("false_proof", ["usage_logs"], True)
    assert {(one.kind, one.system.code) for one in Order.objects.all()} == {("erase", "logs"), ("erase", "lms")}


def test_what_is_reported_late_is_judged_by_what_is_known_now(cast, now, collected):
    mark_verification_false(proof_of(collected), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    told = CollectionReport(
        category="content", occasion="assessment", purpose="service_delivery", collected_at=now + MINUTE
    )
    _, incident = report_collection(cast.subject("danish"), told, actor=SETTING_UP, at=now + 3 * MINUTE)
    assert incident is not None
    assert incident.categories == ["content", "usage_logs"]


def test_without_anything_collected_meanwhile_there_is_no_incident(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + MINUTE)
    assert not Incident.objects.exists()
    assert reason_of(cast, now + MINUTE).startswith("guardian")


def test_data_covered_by_another_guardians_consent_stays(cast, indus, danish, esra, now):
    omar = make_guardian(indus, "omar", at=now)
    verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    row = verified_guardian(danish, omar, at=now + MINUTE)
    record_answer(danish, omar, "given", at=now + MINUTE)
    collect(cast, now + 2 * MINUTE)
    mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 3 * MINUTE)
    assert not Incident.objects.exists()
    assert reason_of(cast, now + 3 * MINUTE) == "permitted"


def test_a_consent_given_on_a_false_verification_stays_ended_after_a_true_one(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "given", at=now)
    mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + MINUTE)
    verified_guardian(danish, esra, at=now + 2 * MINUTE)
    assert reason_of(cast, now + 2 * MINUTE) == "guardian_consent_required"
    record_answer(danish, esra, "given", at=now + 3 * MINUTE)
    assert reason_of(cast, now + 3 * MINUTE) == "permitted"


def test_a_refusal_from_before_the_false_verification_counts_again(cast, danish, esra, now):
    row = verified_guardian(danish, esra, at=now)
    record_answer(danish, esra, "refused", at=now)
    record_answer(danish, esra, "given", at=now + MINUTE)
    mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert reason_of(cast, now + 2 * MINUTE) == "guardian_consent_refused"


def test_a_verification_found_false_never_permits_what_was_refused(cast, danish, now, both):  # noqa: F811
    omar = both["omar"]
    record_answer(danish, omar, "refused", at=now + MINUTE)
    row = Verification.objects.get(guardianship__guardian=omar).guardianship
    mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert reason_of(cast, now + 2 * MINUTE) == "guardian_consent_refused"
    assert isinstance(ended(cast, row, now + 3 * MINUTE), GuardianChange)


def test_what_they_allowed_for_a_purpose_since_is_invalid(cast, indus, now, both):  # noqa: F811
    say(cast, both["omar"], "given", now + MINUTE)
    assert reason_of(cast, now + MINUTE, purpose="newsletter") == "permitted"
    proof = Verification.objects.get(guardianship__guardian=both["omar"])
    mark_verification_false(proof, actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert Consent.objects.get().state == "invalidated"
    assert reason_of(cast, now + 2 * MINUTE, purpose="newsletter") == "consent_invalidated"
    say(cast, both["esra"], "given", now + 3 * MINUTE)
    assert reason_of(cast, now + 3 * MINUTE, purpose="newsletter") == "permitted"


def test_it_is_found_once_by_those_who_may(cast, now, collected):
    proof = proof_of(collected)
    refused_to("bilal celia", lambda name: mark_verification_false(proof, actor=cast.actor(name), at=now + MINUTE))
    mark_verification_false(proof, actor=cast.actor("amina"), at=now + MINUTE)
    with pytest.raises(Refused):
        mark_verification_false(proof, actor=cast.actor("farah"), at=now + MINUTE)


def test_a_refusing_guardian_who_is_erased_leaves_their_no(cast, danish, now, both):  # noqa: F811
    amina = cast.actor("amina")
    record_answer(danish, both["omar"], "refused", at=now + MINUTE)
    record_answer(danish, both["esra"], "given", at=now + 2 * MINUTE)
    erase_subject(both["omar"], actor=amina, reason="subject_request", at=now + 3 * MINUTE)
    assert reason_of(cast, now + 3 * MINUTE) == "guardian_consent_refused"
    record_answer(danish, both["esra"], "given", at=now + 4 * MINUTE)
    assert reason_of(cast, now + 4 * MINUTE) == "permitted"
    assert reason_of(cast, now + 3 * MINUTE, now=now + 4 * MINUTE) == "guardian_consent_refused"
