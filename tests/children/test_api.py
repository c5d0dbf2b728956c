"""The API operations on guardians."""

import pytest

from children.guardians.models import GuardianChange, ServiceAuthorisation, Verification
from paktaleem.directory.people.models import AgeChange
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import record_answer, verified_guardian

URL = "/api/v1/subjects/lms-danish/guardians"
ANSWERS = "/api/v1/subjects/lms-danish/guardian-authorisations"
NAMED = {"guardian": "lms-esra", "relationship": "parent", "may_consent": True, "may_receive_data": True}
GIVEN = {
    "guardian": "lms-esra",
    "decision": "given",
    "shares": True,
    "verification": "signed_form",
    "evidence": "Form 33 in folder 12",
}


def kind(response):
    return response.status_code, response.json()["type"].rsplit(":", 1)[-1]


def test_who_decides_is_shown_by_pseudonym_and_a_claim_is_a_candidate(indus_lms):
    shown = indus_lms.get(URL).json()
    assert shown["service"] == {
        "state": "unanswered",
        "shares": False,
        "in_conflict": False,
        "until": None,
        "held_back": False,
        "school_authorised": False,
    }
    assert (shown["guardians"], shown["candidates"]) == ([], ["lms-esra"])


def test_the_schools_evidence_of_a_guardians_consent_opens_the_gate(cast, indus_lms):
    assert indus_lms.reason("lms-danish", "service_delivery") == "guardian_consent_required"
    assert indus_lms.post(URL, NAMED).status_code == 201
    response = indus_lms.post(ANSWERS, GIVEN)
    assert response.status_code == 201, response.content
    assert response.json()["service"]["state"] == "given"
    assert indus_lms.reason("lms-danish", "service_delivery") == "permitted"
    [guardian] = indus_lms.get(URL).json()["guardians"]
    assert (guardian["guardian"], guardian["has_authority"]) == ("lms-esra", True)
    assert (guardian["verified_by"], guardian["answer"]["decision"]) == (["signed_form"], "given")
    with in_client(cast.client_id("indus")):
        assert Verification.objects.get().strength == 3
        assert all("Form 33" not in body for body in Entry.objects.values_list("body", flat=True))
    assert indus_lms.post(ANSWERS, {"guardian": "lms-esra", "decision": "withdrawn"}).status_code == 201
    assert indus_lms.reason("lms-danish", "service_delivery") == "guardian_consent_withdrawn"


def test_the_schools_attestation_waits_for_a_second_person_before_it_permits_sharing(cast, indus_lms):
    indus_lms.post(URL, NAMED)
    attested = {**GIVEN, "verification": "school_attested"}
    assert kind(indus_lms.post(ANSWERS, attested)) == (409, "verification-too-weak")
    assert kind(indus_lms.post(ANSWERS, {**attested, "shares": None, "evidence": "x"})) == (400, "evidence-missing")
    assert indus_lms.post(ANSWERS, {**attested, "shares": None}).status_code == 201
    assert indus_lms.reason("lms-danish", "service_delivery") == "permitted"
    assert kind(indus_lms.post(ANSWERS, {**GIVEN, "verification": "school_attested"})) == (409, "change-waits")
    assert cast.get(GuardianChange).state == "waiting"


def test_all_of_it_or_nothing(cast, indus_lms):
    indus_lms.post(URL, NAMED)
    refused = indus_lms.post(ANSWERS, {**GIVEN, "claimed_at": "2999-01-01T00:00:00Z"})
    assert kind(refused) == (400, "claimed-in-future")
    older = indus_lms.post(ANSWERS, {**GIVEN, "claimed_at": "1990-01-01T00:00:00Z"})
    assert kind(older) == (409, "claimed-before-notice")
    assert older.json()["errors"][0]["pointer"] == "#/claimed_at"
    assert kind(indus_lms.post(ANSWERS, {**GIVEN, "evidence": "x"})) == (400, "evidence-missing")
    assert not cast.has(Verification)


def test_the_same_call_again_is_answered_as_before_and_records_once(cast, indus_lms):
    indus_lms.post(URL, NAMED)
    key = {"Idempotency-Key": "one-answer"}
    answers = [indus_lms._client.post(ANSWERS, GIVEN, content_type="application/json", headers=key) for _ in range(2)]
    assert answers[0].content == answers[1].content
    with in_client(cast.client_id("indus")):
        assert ServiceAuthorisation.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"decision": "given"}, (409, "child-may-not-give")),
        ({"guardian": "lms-danish", "decision": "given"}, (409, "child-may-not-give")),
        ({"guardian": "lms-junaid", "decision": "given", "evidence": "x"}, (409, "guardian-unknown")),
        ({"guardian": "lms-esra", "decision": "given", "evidence": "x"}, (409, "guardian-not-verified")),
        ({"guardian": "lms-esra", "decision": "withdrawn"}, (409, "nothing-to-withdraw")),
        ({key: value for key, value in GIVEN.items() if key != "evidence"}, (400, "evidence-missing")),
        ({**GIVEN, "verification": "email_plus"}, (400, "invalid-input")),
        ({**GIVEN, "verified": True}, (400, "invalid-input")),
        ({**GIVEN, "shares": "yes"}, (400, "invalid-input")),
        ({"guardian": "lms-kiran", "decision": "refused"}, (404, "subject-unknown")),
    ],
)
def test_what_is_not_a_guardians_answer_is_refused(indus_lms, body, expected):
    indus_lms.post(URL, NAMED)
    assert kind(indus_lms.post(ANSWERS, body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**NAMED, "guardian": "lms-danish"}, (409, "not-a-guardian")),
        ({**NAMED, "guardian": "lms-iqra"}, (409, "not-a-guardian")),
        ({**NAMED, "may_receive_data": False}, (409, "guardian-named")),
        ({**NAMED, "relationship": "friend"}, (400, "invalid-input")),
        ({**NAMED, "may_consent": "yes"}, (400, "invalid-input")),
        ({**NAMED, "may_receive_data": 1}, (400, "invalid-input")),
    ],
)
def test_who_is_no_guardian_is_not_named(indus_lms, body, expected):
    indus_lms.post(URL, NAMED)
    assert kind(indus_lms.post(URL, body)) == expected


def test_a_child_says_no_through_the_platform(cast, indus_lms, now):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=now)
    assert indus_lms.post(ANSWERS, {"decision": "withdrawn"}).json()["service"]["state"] == "withdrawn"
    assert indus_lms.reason("lms-danish", "service_delivery") == "guardian_consent_withdrawn"


def test_the_platform_is_notified_that_an_age_change_waits(cast, indus_lms):
    before = indus_lms.get("/api/v1/subjects/lms-danish").json()["age_gate"]
    answer = indus_lms.put("/api/v1/subjects/lms-danish", {"role": "student", "birth_date": "1990-01-01"})
    assert (answer.status_code, answer.json()["age_gate"]) == (200, {**before, "change_waits": True})
    assert cast.get(AgeChange).requested_by == cast.key_id("indus")
