"""Decisions about a time in the past."""

from datetime import UTC, datetime, timedelta

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.register.models.agreements import ServiceAgreement
from consent.register.services.register import end_period
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import question
from tests.showing import shown

GIVEN_AT = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
WITHDRAWN_AT = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def asked_at(caller, person, purpose, moment):
    return caller.reason(person, purpose, context={"time": moment.isoformat()})


def give_and_withdraw(cast):
    with in_client(cast.client_id("khyber")):
        kiran, actor = cast.subject("kiran"), cast.key_actor("khyber")
        record_answers(
            kiran,
            answers=[Answer("newsletter", ConsentState.GIVEN)],
            shown=shown(kiran.client_id, GIVEN_AT),
            actor=actor,
            at=GIVEN_AT,
        )
        withdraw_consent(kiran, purpose="newsletter", actor=actor, at=WITHDRAWN_AT)


def test_consent_is_in_effect_from_giving_to_withdrawal(khyber, cast):
    give_and_withdraw(cast)
    assert asked_at(khyber, "lms-kiran", "newsletter", GIVEN_AT - SECOND) == "consent_missing"
    assert asked_at(khyber, "lms-kiran", "newsletter", GIVEN_AT) == "permitted"
    assert asked_at(khyber, "lms-kiran", "newsletter", WITHDRAWN_AT - SECOND) == "permitted"
    assert asked_at(khyber, "lms-kiran", "newsletter", WITHDRAWN_AT) == "consent_withdrawn"
    assert khyber.reason("lms-kiran", "newsletter") == "consent_withdrawn"


def test_before_their_registration_people_are_unknown(khyber):
    moment = datetime(2026, 8, 1, tzinfo=UTC)
    assert asked_at(khyber, "lms-kiran", "service_delivery", moment) == "subject_unknown"


def test_an_ended_agreement_was_in_effect_before_its_end(khyber, cast):
    ended_at = datetime(2026, 9, 15, tzinfo=UTC)
    with in_client(cast.client_id("khyber")):
        end_period(
            ServiceAgreement.objects.get(client_id=cast.client_id("khyber")),
            actor=cast.actor("amina"),
            reason="agreement_change",
            at=ended_at,
        )
    assert khyber.reason("lms-kiran", "service_delivery") == "agreement_ended"
    assert asked_at(khyber, "lms-kiran", "service_delivery", ended_at - SECOND) == "permitted"


def test_a_birth_date_added_later_does_not_change_past_decisions(indus, cast, now):
    with in_client(cast.client_id("indus")):
        register_subject(
            "lms-iqra",
            client=cast.client("indus"),
            details={"birth_date": datetime(2000, 1, 1, tzinfo=UTC).date()},
            actor=cast.key_actor("indus"),
            at=now,
        )
    assert indus.reason("lms-iqra", "service_delivery") == "permitted"
    assert asked_at(indus, "lms-iqra", "service_delivery", now - SECOND) == "age_unknown"


def test_an_erased_person_is_erased_at_every_time(khyber, cast, now):
    give_and_withdraw(cast)
    with in_client(cast.client_id("khyber")):
        erase_subject(cast.subject("kiran"), actor=cast.actor("amina"), reason="subject_request", at=now)
    assert khyber.reason("lms-kiran", "newsletter") == "subject_erased"
    moments = (GIVEN_AT, WITHDRAWN_AT - SECOND, now - SECOND, now, now + SECOND)
    for at in moments:
        assert asked_at(khyber, "lms-kiran", "newsletter", at) == "subject_erased"
        assert khyber.reason("lms-kiran", "newsletter", "delete", context={"time": at.isoformat()}) == "subject_erased"
    many = [{"context": {"time": at.isoformat()}} for at in moments]
    body = {**question("lms-kiran", "newsletter"), "evaluations": many}
    answers = khyber.post("/access/v1/evaluations", body).json()["evaluations"]
    assert {(one["decision"], one["context"]["reason"]) for one in answers} == {(False, "subject_erased")}
    for query in ("", "?time=2026-09-10T12:00:00Z"):
        assert khyber.get(f"/api/v1/subjects/lms-kiran/standing{query}").status_code == 410


def test_a_future_time_and_a_time_without_an_offset_are_refused(khyber):
    for moment in ("2099-01-01T00:00:00Z", "2026-09-10T12:00:00", "yesterday"):
        response = khyber.post(
            "/access/v1/evaluation",
            {
                "subject": {"type": "end_user", "id": "lms-kiran"},
                "action": {"name": "process"},
                "resource": {"type": "purpose", "id": "newsletter"},
                "context": {"time": moment},
            },
        )
        assert response.status_code == 400, moment
        assert response["Content-Type"].startswith("text/plain")
