"""Defects of other consent products, each tested to be absent here."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction

from consent.consents.models import Consent, ConsentEvent, ConsentState
from consent.consents.selectors.consents import consent_states
from consent.consents.services.recording import Answer, PurposeUnknown, record_answers, withdraw_consent
from consent.notices.models import NoticeVersion
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.showing import shown

MINUTE = timedelta(minutes=1)


def answer(cast, at, state="given", purpose="newsletter"):
    token = shown(cast.client_id("khyber"), at, purpose)
    answers = [Answer(purpose, ConsentState(state))]
    [event] = record_answers(cast.subject("kiran"), answers=answers, shown=token, actor=cast.actor("celia"), at=at)
    return event


def refused_by_the_database(sql):
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_answer_is_never_overwritten_by_the_next(cast, khyber, now):
    answer(cast, now)
    answer(cast, now + MINUTE, "refused")
    assert [one.state for one in ConsentEvent.objects.order_by("recorded_at")] == ["given", "refused"]
    refused_by_the_database("UPDATE consent_consentevent SET state = 'given'")
    refused_by_the_database("DELETE FROM consent_consentevent")


def test_a_text_that_was_accepted_cannot_be_changed_even_by_a_minor_change(cast, khyber, now):
    event = answer(cast, now)
    refused_by_the_database("UPDATE consent_noticeversion SET text_en = 'Other words.', is_material = false")
    assert NoticeVersion.objects.get(pk=event.notice_version_id).content_hash == event.shown_hash


def test_every_consent_can_be_withdrawn(cast, khyber, now):
    for purpose in ("newsletter", "product_research"):
        answer(cast, now, purpose=purpose)
        event = withdraw_consent(cast.subject("kiran"), purpose=purpose, actor=cast.actor("celia"), at=now + MINUTE)
        assert event.state == "withdrawn"
    assert not Consent.objects.filter(state="given").exists()


def test_a_missing_notice_is_reported_and_records_no_refusal_of_the_person(cast):
    lms = Caller(cast.key("khyber"))
    body = {"subject": "lms-kiran", "answers": [{"purpose": "newsletter", "state": "given"}], "shown": None}
    assert lms.post("/api/v1/consents", body).status_code == 400
    assert lms.get("/api/v1/subjects/lms-kiran/consents").json()["consents"] == []


def test_an_expiry_of_nothing_is_refused_and_does_not_mean_expired_now(cast, khyber):
    purpose = Purpose.objects.get(client_id=khyber.id, code="newsletter")
    purpose.consent_months = 0
    with pytest.raises(ValidationError, match="A consent lasts a month at least"):
        purpose.full_clean()


def test_without_an_expiry_a_consent_does_not_expire(cast, khyber, now):
    assert answer(cast, now).expires_at is None
    [state] = consent_states(cast.subject("kiran"), actor=cast.actor("celia"), at=now + timedelta(days=3650))
    assert state["state"] == "given"


def test_no_record_means_no_and_never_that_consent_is_not_required(cast):
    asked = Caller(cast.key("khyber")).ask("lms-kiran", "newsletter")
    assert (asked["decision"], asked["context"]["reason"]) == (False, "consent_missing")


def test_the_proof_of_consent_survives_the_person(cast, khyber, now):
    event = answer(cast, now)
    erase_subject(cast.subject("kiran"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now + MINUTE)
    assert ConsentEvent.objects.get(pk=event.pk).shown_hash == event.shown_hash


def test_an_unregistered_purpose_is_refused(cast, khyber, now):
    token = shown(khyber.id, now)
    with pytest.raises(PurposeUnknown):
        record_answers(
            cast.subject("kiran"),
            answers=[Answer("anything_at_all", ConsentState.GIVEN)],
            shown=token,
            actor=cast.actor("celia"),
            at=now,
        )
    assert not ConsentEvent.objects.exists()


def test_several_purposes_are_recorded_together_or_not_at_all(cast):
    lms = Caller(cast.key("khyber"))
    answers = [
        {"purpose": "newsletter", "state": "given", "shown": lms.shown("newsletter")},
        {"purpose": "product_research", "state": "given", "shown": lms.shown("product_research")},
        {"purpose": "anything_at_all", "state": "given", "shown": lms.shown("newsletter")},
    ]
    assert lms.post("/api/v1/consents", {"subject": "lms-kiran", "answers": answers}).status_code == 404
    assert lms.get("/api/v1/subjects/lms-kiran/consents").json()["history"] == []
    assert lms.post("/api/v1/consents", {"subject": "lms-kiran", "answers": answers[:2]}).status_code == 201


@pytest.mark.parametrize("state", ["refused", "deferred", "requested"])
def test_an_unclear_answer_is_not_recorded_as_consent(cast, state):
    lms = Caller(cast.key("khyber"))
    assert lms.consent("lms-kiran", "newsletter", state).status_code == 201
    assert lms.ask("lms-kiran", "newsletter")["decision"] is False


def test_an_expired_consent_permits_nothing(cast):
    lms = Caller(cast.key("khyber"))
    lms.consent("lms-kiran", "newsletter")
    assert lms.ask("lms-kiran", "newsletter")["decision"] is True
    with in_client(cast.client_id("khyber")), connection.cursor() as cursor:
        cursor.execute("UPDATE consent_consent SET expires_at = recorded_at")
    asked = lms.ask("lms-kiran", "newsletter")
    assert (asked["decision"], asked["context"]["reason"]) == (False, "consent_expired")


def test_the_client_does_not_set_the_time_of_recording(cast):
    lms = Caller(cast.key("khyber"))
    refused = lms.consent("lms-kiran", "newsletter", recorded_at="2020-01-01T00:00:00Z")
    assert refused.status_code == 400
    lms.consent("lms-kiran", "newsletter", claimed_at="2026-09-02T00:00:00Z")
    [event] = lms.get("/api/v1/subjects/lms-kiran/consents").json()["history"]
    assert event["claimed_at"].startswith("2026-09-02")
    assert not event["recorded_at"].startswith("2026-09-02")


def test_after_withdrawing_one_may_give_again_under_a_notice_shown_anew(cast):
    lms = Caller(cast.key("khyber"))
    for _ in range(2):
        assert lms.consent("lms-kiran", "newsletter").status_code == 201
        assert lms.ask("lms-kiran", "newsletter")["decision"] is True
        assert lms.post("/api/v1/subjects/lms-kiran/consents/newsletter/withdraw").status_code == 200
        assert lms.ask("lms-kiran", "newsletter")["decision"] is False


def test_what_was_shown_is_proved_by_us_and_not_by_the_callers_word(cast):
    lms = Caller(cast.key("khyber"))
    body = {
        "subject": "lms-kiran",
        "answers": [{"purpose": "newsletter", "state": "given"}],
        "notice_version": lms.notice("newsletter"),
    }
    assert lms.post("/api/v1/consents", body).json()["type"] == "urn:paktaleem:problem:shown-missing"
    assert lms.post("/api/v1/consents", {**body, "shown": lms.shown("newsletter")}).status_code == 201
