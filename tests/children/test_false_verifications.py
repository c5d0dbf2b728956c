"""False verifications: what they permitted stops at once, and data collected meanwhile is erased."""

from datetime import timedelta

import pytest

from children.guardians.models import GuardianChange, Verification
from children.guardians.services.verifications import mark_verification_false
from consent.consents.models import Consent
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Incident
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.children.guardians import decision_reason, ended, make_guardian, record_answer, verified_guardian
from tests.children.test_answers import both, say  # noqa: F401 -- two verified guardians
from tests.factories import SETTING_UP, make_system

MINUTE = timedelta(minutes=1)


def reason(cast, at, **question):
    return decision_reason(cast, "lms-danish", at, **question)


def collect(cast, at, category="usage_logs"):
    told = CollectionReport(category=category, occasion="assessment", purpose="service_delivery", collected_at=at)
    return report_collection(cast.subject("danish"), told, actor=SETTING_UP, at=at)


@pytest.fixture
def opened(cast, now):
    """Danish, whose mother was verified and consented; his use of the service is collected a minute later."""
    with in_client(cast.client_id("indus")):
        make_system(cast.client("indus"), "logs", ["usage_logs"], delivery="by_hand")
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now)
        assert collect(cast, now + MINUTE)[1] is None
        yield row


def proof_of(row):
    return Verification.objects.filter(guardianship=row).latest("id")


def test_what_it_opened_is_shut_and_what_was_collected_is_erased_everywhere_and_the_past_stays(cast, now, opened):
    at = now + 2 * MINUTE
    found = mark_verification_false(proof_of(opened), actor=cast.actor("farah"), at=at)
    assert (found.ended_at, reason(cast, at)) == (at, "quarantined")
    assert reason(cast, at - timedelta(seconds=1), now=at) == "permitted"
    entry = Entry.objects.get(kind="guardian.verification_false")
    assert (entry.subject_id, entry.actor_id) == (cast.subject_id("danish"), cast.actor("farah").id)
    assert found.history.latest().history_change_reason == "incident"
    incident = Incident.objects.get()
    assert (incident.cause, incident.categories, incident.is_open) == ("false_proof", ["usage_logs"], True)
    assert {(one.kind, one.system.code) for one in Order.objects.all()} == {("erase", "logs"), ("erase", "lms")}


def test_what_is_reported_late_is_judged_by_what_is_known_now(cast, now, opened):
    mark_verification_false(proof_of(opened), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    told = CollectionReport(
        category="content", occasion="assessment", purpose="service_delivery", collected_at=now + MINUTE
    )
    _, incident = report_collection(cast.subject("danish"), told, actor=SETTING_UP, at=now + 3 * MINUTE)
    assert incident is not None
    assert incident.categories == ["content", "usage_logs"]


def test_without_anything_collected_meanwhile_there_is_no_incident(cast, now):
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now)
        mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + MINUTE)
        assert not Incident.objects.exists()
    assert reason(cast, now + MINUTE).startswith("guardian")


def test_data_covered_by_another_guardians_consent_stays(cast, now):
    with in_client(cast.client_id("indus")):
        danish, omar = cast.subject("danish"), make_guardian(cast.client("indus"), "omar", at=now)
        verified_guardian(danish, cast.subject("esra"), at=now)
        record_answer(danish, cast.subject("esra"), "given", at=now)
        row = verified_guardian(danish, omar, at=now + MINUTE)
        record_answer(danish, omar, "given", at=now + MINUTE)
        collect(cast, now + 2 * MINUTE)
        mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 3 * MINUTE)
        assert not Incident.objects.exists()
    assert reason(cast, now + 3 * MINUTE) == "permitted"


def test_a_consent_given_on_a_false_verification_stays_ended_after_a_true_one(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "given", at=now)
        mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + MINUTE)
        verified_guardian(danish, esra, at=now + 2 * MINUTE)
    assert reason(cast, now + 2 * MINUTE) == "guardian_consent_required"
    with in_client(cast.client_id("indus")):
        record_answer(danish, esra, "given", at=now + 3 * MINUTE)
    assert reason(cast, now + 3 * MINUTE) == "permitted"


def test_a_refusal_from_before_the_false_verification_counts_again(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "refused", at=now)
        record_answer(danish, esra, "given", at=now + MINUTE)
        mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert reason(cast, now + 2 * MINUTE) == "guardian_consent_refused"


def test_a_verification_found_false_never_permits_what_was_refused(cast, now, both):  # noqa: F811
    with in_client(cast.client_id("indus")):
        danish, omar = cast.subject("danish"), both["omar"]
        record_answer(danish, omar, "refused", at=now + MINUTE)
        row = Verification.objects.get(guardianship__guardian=omar).guardianship
        mark_verification_false(proof_of(row), actor=cast.actor("farah"), at=now + 2 * MINUTE)
    assert reason(cast, now + 2 * MINUTE) == "guardian_consent_refused"
    with in_client(cast.client_id("indus")):
        assert isinstance(ended(cast, row, now + 3 * MINUTE), GuardianChange)


def test_what_they_allowed_for_a_purpose_since_is_invalid(cast, now, both):  # noqa: F811
    say(cast, both["omar"], "given", now + MINUTE)
    assert reason(cast, now + MINUTE, purpose="newsletter") == "permitted"
    with in_client(cast.client_id("indus")):
        proof = Verification.objects.get(guardianship__guardian=both["omar"])
        mark_verification_false(proof, actor=cast.actor("farah"), at=now + 2 * MINUTE)
        assert Consent.objects.get().state == "invalidated"
    assert reason(cast, now + 2 * MINUTE, purpose="newsletter") == "consent_invalidated"
    say(cast, both["esra"], "given", now + 3 * MINUTE)
    assert reason(cast, now + 3 * MINUTE, purpose="newsletter") == "permitted"


def test_it_is_found_once_by_those_who_may(cast, now, opened):
    proof = proof_of(opened)
    for name in ("bilal", "celia"):
        with pytest.raises(NotAllowed):
            mark_verification_false(proof, actor=cast.actor(name), at=now + MINUTE)
    mark_verification_false(proof, actor=cast.actor("amina"), at=now + MINUTE)
    with pytest.raises(Refused):
        mark_verification_false(proof, actor=cast.actor("farah"), at=now + MINUTE)


def test_a_refusing_guardian_who_is_erased_leaves_their_no(cast, now, both):  # noqa: F811
    amina = cast.actor("amina")
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        record_answer(danish, both["omar"], "refused", at=now + MINUTE)
        record_answer(danish, both["esra"], "given", at=now + 2 * MINUTE)
        erase_subject(both["omar"], actor=amina, reason="subject_request", at=now + 3 * MINUTE)
    assert reason(cast, now + 3 * MINUTE) == "guardian_consent_refused"
    with in_client(cast.client_id("indus")):
        record_answer(danish, both["esra"], "given", at=now + 4 * MINUTE)
    assert reason(cast, now + 4 * MINUTE) == "permitted"
    assert reason(cast, now + 3 * MINUTE, now=now + 4 * MINUTE) == "guardian_consent_refused"
