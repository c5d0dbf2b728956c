"""Consents over the API: recorded, withdrawn, listed, and the decisions that follow, also about the past."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.consents.models import Consent, ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import question
from tests.consent.making import shown

KIRAN = "/api/v1/subjects/lms-kiran/consents"


def test_the_current_notice_is_returned_in_both_languages(khyber_lms):
    english = khyber_lms.get("/api/v1/notices/current", purpose="newsletter").json()
    urdu = khyber_lms.get("/api/v1/notices/current", purpose="newsletter", language="ur").json()
    assert english["version"] == urdu["version"]
    assert english["hash"] == urdu["hash"]
    assert english["text"] != urdu["text"]
    assert english["purposes"] == ["newsletter"]


def test_purposes_are_listed_with_their_lawful_basis(khyber_lms):
    listed = {one["code"]: one for one in khyber_lms.get("/api/v1/purposes").json()["purposes"]}
    assert listed["newsletter"]["lawful_basis"]["learner"] == {"basis": "consent", "capacity": "processor"}
    assert listed["payment_billing"]["lawful_basis"]["learner"]["capacity"] == "controller"
    assert len(listed) == 10


def test_several_answers_are_recorded_together(khyber_lms, cast):
    answers = [{"purpose": "newsletter", "state": "given"}, {"purpose": "product_research", "state": "refused"}]
    body = {
        "subject": "lms-kiran",
        "answers": answers,
        "notice_version": khyber_lms.notice("newsletter"),
        "by": {"kind": "self"},
        "shown": khyber_lms.shown("newsletter", language="ur"),
        "language": "ur",
        "method": "lms",
        "claimed_at": "2026-09-05T10:00:00+05:00",
    }
    response = khyber_lms.post("/api/v1/consents", body)
    assert response.status_code == 201
    assert [event["state"] for event in response.json()["events"]] == ["given", "refused"]
    assert khyber_lms.reason("lms-kiran", "newsletter") == "permitted"
    assert khyber_lms.reason("lms-kiran", "product_research") == "consent_refused"


def test_if_one_answer_is_invalid_none_is_recorded(khyber_lms, cast):
    answers = [{"purpose": "newsletter", "state": "given"}, {"purpose": "astrology", "state": "given"}]
    body = {"subject": "lms-kiran", "answers": answers, "shown": khyber_lms.shown("newsletter")}
    response = khyber_lms.post("/api/v1/consents", body)
    assert (response.status_code, response.json()["type"]) == (404, "urn:paktaleem:problem:purpose-unknown")
    assert not cast.has(ConsentEvent, "khyber")


def test_recording_runs_five_statements(khyber_lms):
    khyber_lms.consent("lms-kiran", "newsletter")  # load the register into the cache
    answers = [{"purpose": "newsletter", "state": "given"}]
    body = {"subject": "lms-kiran", "answers": answers, "shown": khyber_lms.shown("newsletter")}
    with CaptureQueriesContext(connection) as sent:
        assert khyber_lms.post("/api/v1/consents", body).status_code == 201
    control = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
    statements = [one["sql"] for one in sent.captured_queries if "set_config('role'" not in one["sql"]]
    assert [one.split()[0] for one in statements if not one.startswith(control)] == [
        "SELECT",  # the API key
        "SELECT",  # the person
        "SELECT",  # the person, locked
        "SELECT",  # earlier answers and the version of the register
        "WITH",  # event, state and evidence
    ]
    assert sum(one.startswith("SAVEPOINT") for one in statements) == 1  # of the request, within the test's transaction


def test_the_evidence_has_the_actor_and_the_hash_of_the_notice(khyber_lms, cast):
    khyber_lms.consent("lms-kiran", "newsletter")
    event = cast.get(ConsentEvent, "khyber")
    entry = cast.get(Entry, "khyber", kind="consent.given")
    assert event.actor_id == cast.key_id("khyber")
    assert event.shown_hash == khyber_lms.get("/api/v1/notices/current", purpose="newsletter").json()["hash"]
    assert event.shown_hash in entry.body
    assert entry.subject_id == cast.subject_id("kiran")


def test_a_consent_is_given_withdrawn_and_given_again_and_the_decision_follows(khyber_lms):
    withdraw = f"{KIRAN}/newsletter/withdraw"
    refused = khyber_lms.post(withdraw)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:paktaleem:problem:nothing-to-withdraw")
    assert khyber_lms.reason("lms-kiran", "newsletter") == "consent_missing"
    assert khyber_lms.consent("lms-kiran", "newsletter").status_code == 201
    assert khyber_lms.reason("lms-kiran", "newsletter") == "permitted"
    first, again = khyber_lms.post(withdraw), khyber_lms.post(withdraw)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert khyber_lms.reason("lms-kiran", "newsletter") == "consent_withdrawn"
    shown = khyber_lms.get(KIRAN).json()
    assert [event["state"] for event in shown["history"]] == ["withdrawn", "given"]
    assert [(one["purpose"], one["state"]) for one in shown["consents"]] == [("newsletter", "withdrawn")]
    assert shown["next"] is None
    assert khyber_lms.consent("lms-kiran", "newsletter").status_code == 201
    assert khyber_lms.reason("lms-kiran", "newsletter") == "permitted"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"subject": "lms-nobody"}, 404, "subject-unknown"),
        ({"subject": "lms-danish"}, 404, "subject-unknown"),
        ({"shown": None}, 400, "shown-missing"),
        ({"shown": None, "method": "web"}, 400, "shown-missing"),
        ({"shown": None, "method": "paper"}, 400, "evidence-missing"),
        ({"shown": None, "method": "paper", "evidence": "Box 3"}, 409, "notice-stale"),
        ({"shown": "made-up"}, 400, "shown-forged"),
        ({"language": "ur"}, 409, "shown-foreign"),
        ({"notice_version": "01900000-0000-7000-8000-00000000dead"}, 409, "shown-foreign"),
        ({"notice_version": "latest"}, 400, "invalid-input"),
        ({"answers": []}, 400, "invalid-input"),
        ({"answers": [{"purpose": "newsletter", "state": "maybe"}]}, 400, "invalid-input"),
        ({"answers": [{"purpose": "newsletter", "state": "given"}] * 2}, 400, "invalid-input"),
        ({"answers": [{"purpose": "service_delivery", "state": "given"}]}, 409, "not-based-on-consent"),
        ({"answers": [{"purpose": "product_research", "state": "given"}]}, 409, "shown-foreign"),
        ({"answers": [{"purpose": "newsletter", "state": "withdrawn"}]}, 409, "nothing-to-withdraw"),
        ({"claimed_at": "2099-01-01T00:00:00Z"}, 400, "claimed-in-future"),
        ({"claimed_at": "2026-09-05T10:00:00"}, 400, "invalid-input"),
        ({"recorded_at": "2026-09-05T10:00:00Z"}, 400, "invalid-input"),
        ({"by": {"kind": "guardian"}}, 400, "invalid-input"),
        ({"by": {"kind": "guardian", "id": "lms-kiran"}}, 409, "guardian-unknown"),
        ({"by": {"kind": "neighbour"}}, 400, "invalid-input"),
        ({"method": "telepathy"}, 400, "invalid-input"),
    ],
)
def test_an_invalid_consent_is_refused_and_nothing_is_recorded(khyber_lms, cast, change, status, code):
    response = khyber_lms.consent("lms-kiran", "newsletter", **change)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:paktaleem:problem:{code}")
    assert not cast.has(Consent, "khyber")


def test_a_guardians_answer_is_recorded_with_the_guardian(indus_lms, cast):
    response = indus_lms.consent("lms-danish", "newsletter", by={"kind": "guardian", "id": "lms-esra"})
    assert response.status_code == 201
    assert cast.get(ConsentEvent).guardian_id == cast.subject_id("esra")
    assert indus_lms.reason("lms-danish", "newsletter") == "guardian_consent_required"


def test_the_standing_has_a_decision_for_every_purpose(khyber_lms):
    khyber_lms.consent("lms-kiran", "newsletter")
    shown = khyber_lms.get("/api/v1/subjects/lms-kiran/standing").json()["purposes"]
    assert len(shown) == 10
    assert shown["newsletter"]["decision"] is True
    assert shown["product_research"]["reason"] == "consent_missing"
    assert shown["legal_compliance"]["lawful_basis"] == "legal_obligation"
    assert all(shown[code]["reason"] == khyber_lms.reason("lms-kiran", code) for code in shown)


def test_a_repeated_notice_has_the_same_etag_and_a_new_token(khyber_lms):
    address, asked = "/api/v1/notices/current", {"purpose": "newsletter"}
    with time_machine.travel(datetime(2027, 1, 4, 9, 59, tzinfo=UTC), tick=False) as clock:
        first = khyber_lms.get(address, **asked)
        clock.shift(timedelta(seconds=30))
        again = khyber_lms.get(address, **asked)
        assert first["ETag"] == again["ETag"]
        assert first["ETag"].startswith('W/"')
        assert first.json()["shown"] != again.json()["shown"]
        assert khyber_lms.get(address, headers={"If-None-Match": first["ETag"]}, **asked).status_code == 304
        assert (
            khyber_lms.get(address, headers={"If-None-Match": first["ETag"]}, **asked, language="ur").status_code == 200
        )
        clock.shift(timedelta(seconds=30))  # the next hour; the cache is never much older
        assert khyber_lms.get(address, headers={"If-None-Match": first["ETag"]}, **asked).status_code == 200


def test_one_call_may_answer_two_notices_each_with_its_own_token(khyber_lms):
    answers = [
        {"purpose": purpose, "state": "given", "shown": khyber_lms.shown(purpose)}
        for purpose in ("newsletter", "product_research")
    ]
    assert khyber_lms.post("/api/v1/consents", {"subject": "lms-kiran", "answers": answers}).status_code == 201
    assert [khyber_lms.reason("lms-kiran", one["purpose"]) for one in answers] == ["permitted", "permitted"]


def test_the_time_of_recording_is_not_the_time_that_the_platform_claims(khyber_lms):
    khyber_lms.consent("lms-kiran", "newsletter", claimed_at="2026-09-02T00:00:00Z")
    [event] = khyber_lms.get(KIRAN).json()["history"]
    assert event["claimed_at"].startswith("2026-09-02")
    assert not event["recorded_at"].startswith("2026-09-02")


def test_a_token_and_not_the_word_of_the_platform_proves_what_was_shown(khyber_lms):
    refused = khyber_lms.consent("lms-kiran", "newsletter", shown="made-up").json()
    assert [one["pointer"] for one in refused["errors"]] == ["#/shown"]
    version = khyber_lms.notice("newsletter")
    problem = khyber_lms.consent("lms-kiran", "newsletter", shown=None, notice_version=version).json()
    assert problem["type"] == "urn:paktaleem:problem:shown-missing"
    assert khyber_lms.consent("lms-kiran", "newsletter", notice_version=version).status_code == 201


GIVEN_AT = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
WITHDRAWN_AT = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def asked_at(caller, person, purpose, moment):
    return caller.reason(person, purpose, context={"time": moment.isoformat()})


def give_and_withdraw(cast):
    with in_client(cast.client_id("khyber")):
        kiran, actor = cast.subject("kiran"), cast.key_actor("khyber")
        answers, token = [Answer("newsletter", ConsentState.GIVEN)], shown(kiran.client_id, GIVEN_AT)
        record_answers(kiran, answers=answers, shown=token, actor=actor, at=GIVEN_AT)
        withdraw_consent(kiran, purpose="newsletter", actor=actor, at=WITHDRAWN_AT)


def test_consent_is_in_effect_from_giving_to_withdrawal(khyber_lms, cast):
    give_and_withdraw(cast)
    before = datetime(2026, 8, 1, tzinfo=UTC)
    assert asked_at(khyber_lms, "lms-kiran", "newsletter", before) == "subject_unknown"
    assert asked_at(khyber_lms, "lms-kiran", "newsletter", GIVEN_AT - SECOND) == "consent_missing"
    assert asked_at(khyber_lms, "lms-kiran", "newsletter", GIVEN_AT) == "permitted"
    assert asked_at(khyber_lms, "lms-kiran", "newsletter", WITHDRAWN_AT - SECOND) == "permitted"
    assert asked_at(khyber_lms, "lms-kiran", "newsletter", WITHDRAWN_AT) == "consent_withdrawn"
    assert khyber_lms.reason("lms-kiran", "newsletter") == "consent_withdrawn"


def test_a_birth_date_added_later_does_not_change_past_decisions(indus_lms, cast, now):
    details, by = {"birth_date": datetime(2000, 1, 1, tzinfo=UTC).date()}, {"actor": cast.key_actor("indus"), "at": now}
    with in_client(cast.client_id("indus")):
        register_subject("lms-iqra", client=cast.client("indus"), details=details, **by)
    assert indus_lms.reason("lms-iqra", "service_delivery") == "permitted"
    assert asked_at(indus_lms, "lms-iqra", "service_delivery", now - SECOND) == "age_unknown"


def test_an_erased_person_is_erased_at_every_time(khyber_lms, cast, now):
    give_and_withdraw(cast)
    with in_client(cast.client_id("khyber")):
        erase_subject(cast.subject("kiran"), actor=cast.actor("amina"), reason="subject_request", at=now)
    assert khyber_lms.reason("lms-kiran", "newsletter") == "subject_erased"
    many = [
        {"context": {"time": at.isoformat()}}
        for at in (GIVEN_AT, WITHDRAWN_AT - SECOND, now - SECOND, now, now + SECOND)
    ]
    for context in many:
        for action in ("process", "delete"):
            assert khyber_lms.reason("lms-kiran", "newsletter", action, **context) == "subject_erased"
    body = {**question("lms-kiran", "newsletter"), "evaluations": many}
    answers = khyber_lms.post("/access/v1/evaluations", body).json()["evaluations"]
    assert {(one["decision"], one["context"]["reason"]) for one in answers} == {(False, "subject_erased")}
    for query in ("", "?time=2026-09-10T12:00:00Z"):
        assert khyber_lms.get(f"/api/v1/subjects/lms-kiran/standing{query}").status_code == 410


def test_a_future_time_and_a_time_without_an_offset_are_refused(khyber_lms):
    for moment in ("2099-01-01T00:00:00Z", "2026-09-10T12:00:00", "yesterday"):
        body = question("lms-kiran", "newsletter", context={"time": moment})
        response = khyber_lms.post("/access/v1/evaluation", body)
        assert response.status_code == 400, moment
        assert response["Content-Type"].startswith("text/plain")
