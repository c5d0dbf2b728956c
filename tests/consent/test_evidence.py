"""Evidence of consents and acknowledgements: sealed, restricted, in the timeline, each opening logged."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError
from django.test import Client
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, ConsentEvidence, ConsentState, Method, PolicyAcknowledgement
from consent.consents.selectors.consents import ACKNOWLEDGED, list_timeline, select_acknowledgements
from consent.consents.services.consent_basis import EvidenceMissing, NoticeNotInEffect, add_evidence_file, open_evidence
from consent.consents.services.recording import Answer, ClaimInFuture, record_answers, withdraw_consent
from consent.consents.services.revocation import acknowledge_policy
from consent.notices.notice_tokens import (
    ShownNotice,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenMissing,
    read_notice_token,
    sign_notice_token,
)
from consent.notices.selectors.notices import get_version_in_effect, policy_timeline
from consent.receipts.evidence_bundles import LEDGER, check_bundle
from consent.receipts.services import export_evidence
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.api.callers import Caller
from tests.cast import refused_to
from tests.consent.making import DAY, announce, execute, give, on_paper, shown, shown_version
from tests.console.pages import list_url, row_url
from tests.signing_in import browser_of

SCAN = b"%PDF-1.7 signed by Lodhi senior"
WORDS = "Form in box 3, signed by Lodhi senior"


def give_on_paper(cast, at, **changed):
    paper = on_paper(cast.client_id("indus"), at, claimed_at=None, evidence=WORDS, actor=cast.actor("farah"))
    return give(cast.subject("hamza"), at, **{**paper, **changed})


@pytest.mark.parametrize("method", [Method.PAPER, Method.PHONE, Method.IMPORT])
def test_without_a_token_a_consent_needs_evidence(cast, indus, now, method):
    with pytest.raises(EvidenceMissing):
        give_on_paper(cast, now, method=method, evidence="")
    assert not ConsentEvent.objects.exists()
    assert give_on_paper(cast, now, method=method).state == "given"
    assert give_on_paper(cast, now, method=method, evidence="", shown=shown(indus.id, now)).shown_at == now
    assert give_on_paper(cast, now, method=method, state="refused", evidence="").state == "refused"


def test_evidence_is_sealed_and_opening_it_is_for_few_and_recorded(cast, indus, now):
    event = give_on_paper(cast, now)
    evidence = ConsentEvidence.objects.get(event=event)
    for actor in (cast.actor("bilal"), cast.actor("sana"), cast.actor("celia"), cast.key_actor("indus")):
        with pytest.raises(NotAllowed):
            open_evidence(evidence, actor=actor, reason="review", at=now)
    assert not AccessRecord.objects.exists()
    assert b"Lodhi" not in evidence.reference.ciphertext
    entry = Entry.objects.get(kind="consent.evidence_added")
    assert "Lodhi" not in entry.body
    opened = open_evidence(evidence, actor=cast.actor("farah"), reason="review", at=now + timedelta(hours=1))
    assert opened == WORDS
    look = AccessRecord.objects.get()
    assert (look.subject_id, look.actor_id, look.reason) == (event.subject_id, cast.user_id("farah"), "review")
    assert str(evidence.pk) in look.fields


def test_evidence_goes_with_the_person(cast, indus, now):
    event = give_on_paper(cast, now)
    add_evidence_file(event, io.BytesIO(SCAN), actor=cast.actor("farah"), at=now)
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)
    for evidence in ConsentEvidence.objects.all():
        with pytest.raises(AlreadyErased):
            open_evidence(evidence, actor=cast.actor("farah"), reason="review", at=now)
    with pytest.raises(AlreadyErased):
        add_evidence_file(event, io.BytesIO(SCAN), actor=cast.actor("farah"), at=now)


def test_a_scan_is_sent_over_the_api_and_opened_in_the_console(cast, now):
    with in_client(cast.client_id("indus")):
        event = give_on_paper(cast, now)
    system = Client(headers={"Authorization": f"Bearer {cast.key('indus')}", "Idempotency-Key": "scan-1"})
    address = f"/api/v1/consents/{event.pk}/evidence"
    sent = [system.post(address, SCAN, content_type="application/pdf") for _ in range(2)]
    assert [(one.status_code, one.json()["kind"], one.json()["size"]) for one in sent] == [(201, "pdf", len(SCAN))] * 2
    assert sent[0].content == sent[1].content
    assert system.post(address, SCAN + b"x", content_type="application/pdf").status_code == 422
    farah = browser_of(cast.user("farah"))
    page = row_url("consent/consentevidence", sent[0].json()["id"], "open")
    assert b"This field is required" in farah.post(page, {}).content
    got = farah.post(page, {"reason": "review"})
    assert (got.content, got["Content-Type"]) == (SCAN, "application/pdf")
    assert got["Content-Disposition"].startswith("attachment")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in got["Cache-Control"]
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.count() == 1


@pytest.mark.parametrize("content", [b"<html>", b""])
def test_what_is_no_scan_is_refused(cast, now, content):
    with in_client(cast.client_id("indus")):
        event = give_on_paper(cast, now)
    system = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"}, raise_request_exception=False)
    answer = system.post(f"/api/v1/consents/{event.pk}/evidence", content, content_type="application/pdf")
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:paktaleem:problem:file-kind-refused")


def test_a_scan_is_added_and_a_reference_read_in_the_console(cast, now):
    with in_client(cast.client_id("indus")):
        event = give_on_paper(cast, now)
        reference = ConsentEvidence.objects.get()
    farah = browser_of(cast.user("farah"))
    add = row_url("consent/consentevent", event.pk, "add-evidence")
    assert b'enctype="multipart/form-data"' in farah.get(add).content
    scan = SimpleUploadedFile("hamza lodhi.pdf", SCAN)
    assert farah.post(add, {"file": scan}).status_code == 302
    assert b"Choose a PDF" in farah.post(add, {"file": SimpleUploadedFile("a.pdf", b"<html>")}).content
    shown_page = farah.post(row_url("consent/consentevidence", reference.pk, "open"), {"reason": "review"})
    assert WORDS in shown_page.content.decode()
    assert WORDS not in farah.get(list_url("consent/consentevidence")).content.decode()
    with in_client(cast.client_id("indus")):
        assert ConsentEvidence.objects.count() == 2


CHILDREN = {"child_text_en": "We keep your name.", "child_text_ur": "ہم آپ کا نام رکھتے ہیں۔"}
PAGE = "/api/v1/acknowledgements"


def policy(cast, at, code="indus"):
    return get_version_in_effect(policy_timeline(cast.client(code)), at=at)


def token(cast, at, language="ur"):
    return shown_version(policy(cast, at), cast.client_id("indus"), at, language)


def acknowledge(cast, at, **more):
    """Record that Hamza has seen the policy of Indus, with a fresh token unless given."""
    with in_client(cast.client_id("indus")):
        values = {"actor": cast.key_actor("indus"), "at": at, **more}
        if "shown" not in values:
            values["shown"] = token(cast, at)
        return acknowledge_policy(cast.subject("hamza"), **values)


def test_it_says_which_text_was_seen_in_which_language_and_how_and_stays(cast, now):
    seen = acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        version = policy(cast, now)
        entry = json.loads(Entry.objects.get(kind="policy.acknowledged").body)
    assert (seen.version_id, seen.shown_hash, seen.language) == (version.pk, version.content_hash, "ur")
    assert (seen.method, seen.recorded_at, seen.actor_id) == (Method.LMS, now, cast.key_id("indus"))
    assert (entry["subject"], entry["facts"]["notice_version"]) == (str(seen.subject_id), str(version.pk))
    assert entry["facts"]["shown_at"] == now.isoformat()
    for change in ("UPDATE {} SET language = 'en'", "DELETE FROM {}"):
        with in_client(cast.client_id("indus")), pytest.raises(ProgrammingError):
            execute(change.format("consent_policyacknowledgement"))
    refused_to("bilal sana celia", lambda name: acknowledge(cast, now, actor=cast.actor(name)))


def test_it_is_no_consent_and_permits_nothing(cast):
    lms = Caller(cast.key("indus"))

    def answers():
        found = lms.get("/api/v1/subjects/lms-hamza/standing").json()["purposes"]
        return {code: (one["decision"], one.get("reason")) for code, one in found.items()}

    before = answers()
    acknowledge(cast, timezone.now())
    assert answers() == before
    assert before["newsletter"] == (False, "consent_missing")
    with in_client(cast.client_id("indus")):
        assert PolicyAcknowledgement.objects.count() == 1
        assert not ConsentEvent.objects.exists()
        assert not Consent.objects.exists()


def test_the_same_text_again_is_the_same_event_and_a_new_text_another(cast, now):
    first = acknowledge(cast, now)
    assert acknowledge(cast, now + DAY) == first
    at = now + 2 * DAY
    announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **CHILDREN)
    later = acknowledge(cast, at)
    assert later != first
    with in_client(cast.client_id("indus")):
        assert list(PolicyAcknowledgement.objects.values_list("version__number", flat=True)) == [2, 1]


def test_a_text_that_is_not_in_effect_here_is_not_acknowledged(cast, now):
    version = announce(cast, now, code="privacy_notice", **CHILDREN)
    with in_client(cast.client_id("indus")):
        coming = shown_version(version, cast.client_id("indus"), now)
    with pytest.raises(NoticeNotInEffect):
        acknowledge(cast, now, shown=coming)
    with pytest.raises(NoticeNotInEffect):
        acknowledge(cast, now, shown=None, method=Method.PAPER, notice_version=version.pk)


def test_the_token_must_be_there_ours_of_the_policy_and_of_today(cast, now):
    with in_client(cast.client_id("indus")):
        of_purpose = shown(cast.client_id("indus"), now)
        fresh = token(cast, now)
    with in_client(cast.client_id("khyber")):
        foreign = shown_version(policy(cast, now, "khyber"), cast.client_id("khyber"), now)
    refused = {
        TokenMissing: {"shown": None},
        TokenForged: {"shown": fresh + "x"},
        TokenForeign: {"shown": of_purpose},
        TokenExpired: {"shown": fresh, "at": now + timedelta(hours=24, microseconds=1)},
        ClaimInFuture: {"claimed_at": now + DAY},
    }
    for why, values in refused.items():
        with pytest.raises(why):
            acknowledge(cast, **{"at": now, **values})
    for values in ({"shown": foreign}, {"shown": fresh, "language": "en"}):
        with pytest.raises(TokenForeign):
            acknowledge(cast, now, **values)
    assert not cast.has(PolicyAcknowledgement)
    assert acknowledge(cast, now, shown=fresh).recorded_at == now


def test_on_paper_the_version_is_named(cast, now):
    with in_client(cast.client_id("indus")):
        version = policy(cast, now)
    seen = acknowledge(cast, now, shown=None, notice_version=version.pk, method=Method.PAPER, claimed_at=now - DAY)
    assert (seen.method, seen.language, seen.claimed_at) == (Method.PAPER, "en", now - DAY)


# Where it is shown


def test_the_timeline_shows_it_up_to_the_time_in_question(cast, now):
    acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        told = {}
        for until in (now - timedelta(seconds=1), now):
            seen = select_acknowledgements(cast.subject("hamza"), actor=cast.actor("farah"), until=until)
            lines = list_timeline(cast.subject("hamza"), events=[], acknowledged=seen, until=until)
            told[until] = [(line.what, line.at, line.state) for line in lines]
    assert list(told.values()) == [[], [(ACKNOWLEDGED, now, "")]]


def test_the_page_distinguishes_it_from_consent(cast):
    acknowledge(cast, timezone.now())
    url = f"/admin/people/subject/{cast.subject_id('hamza')}/timeline/"
    page = browser_of(cast.user("farah")).get(url).content.decode()
    assert ACKNOWLEDGED in page
    assert "it is not consent" in page
    assert "in Urdu, in the learning platform; recorded by API key" in page
    assert "Current state" not in page


def test_it_is_packed_with_its_words_and_its_entry(cast, now):
    acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        packed = export_evidence(
            cast.subject("hamza"), base="https://x.example", actor=cast.actor("farah"), reason=Reason.REVIEW, at=now
        )
        text = policy(cast, now).text_ur
    check_bundle(packed)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert b"policy.acknowledged" in files[LEDGER]
    assert files["notices/privacy_notice-1.ur.txt"].decode() == text


# Over the API


def test_the_platform_shows_the_policy_and_brings_its_token_back(cast):
    lms = Caller(cast.key("indus"))
    notice = lms.get("/api/v1/notices/current", language="ur").json()
    assert (notice["purposes"], notice["language"]) == ([], "ur")
    body = {"subject": "lms-hamza", "shown": notice["shown"]}
    answers = [lms.post(PAGE, body) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["version"], answers[0].json()["language"]) == (notice["version"], "ur")
    assert lms.get("/api/v1/subjects/lms-hamza/consents").json()["history"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"subject": "lms-hamza"}, 400, "shown-missing"),
        ({"subject": "lms-hamza", "shown": "x"}, 400, "shown-forged"),
        ({"subject": "lms-nobody", "shown": "x"}, 404, "subject-unknown"),
        ({"subject": "lms-hamza", "method": "paper"}, 409, "notice-stale"),
        ({"subject": "lms-hamza", "method": "console"}, 400, "invalid-input"),
        ({"subject": "lms-hamza", "state": "given"}, 400, "invalid-input"),
    ],
)
def test_bad_input_gets_a_clear_answer(cast, body, status, code):
    answer = Caller(cast.key("indus")).post(PAGE, body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:paktaleem:problem:{code}")


def give_shown(cast, at, token, **more):
    return give(cast.subject("hamza"), at, shown=token, actor=cast.actor("farah"), **more)


def test_a_token_states_what_was_signed(now):
    signed = ShownNotice(new_id(), ("newsletter", "survey"), "ur", new_id(), now + timedelta(microseconds=7))
    assert read_notice_token(sign_notice_token(signed), client_id=signed.client_id) == signed


def test_a_token_holds_for_a_day_and_says_in_which_language_it_was_shown_and_when(cast, indus, now):
    token = shown(indus.id, now, language="ur")
    with pytest.raises(TokenExpired):
        give_shown(cast, now + DAY + timedelta(microseconds=1), token)
    event = give_shown(cast, now + DAY, token)
    assert (event.state, event.language, event.shown_at) == ("given", "ur", now)


@pytest.mark.parametrize("method", [Method.LMS, Method.WEB, Method.EMAIL, Method.IN_PERSON])
def test_where_a_screen_of_ours_was_there_its_token_is_needed(cast, indus, now, method):
    for token in (None, ""):
        with pytest.raises(TokenMissing):
            give_shown(cast, now, token, method=method)
    assert give_shown(cast, now, shown(indus.id, now), method=method).state == "given"


def test_a_token_is_of_this_client_and_purpose_and_agrees_with_what_is_said_beside_it(cast, now):
    indus = cast.client_id("indus")
    with in_client(cast.client_id("khyber")):
        foreign = shown(cast.client_id("khyber"), now)
    with in_client(indus):
        urdu = shown(indus, now, language="ur")
        of_research = shown(indus, now, "product_research")
        for token, version, language in (
            (foreign, None, None),
            (of_research, None, None),
            (urdu, new_id(), None),
            (urdu, None, "en"),
        ):
            with pytest.raises(TokenForeign):
                give_shown(cast, now, token, notice_version=version, language=language)


def test_a_changed_token_is_forged(cast, indus, now):
    token = shown(indus.id, now)
    body, seal = token.rsplit(":", 1)
    other = sign_notice_token(ShownNotice(new_id(), ("newsletter",), "", indus.id, now))
    with_another_body = f"{other.rsplit(':', 1)[0]}:{seal}"
    other_salt = signing.Signer(salt="elsewhere").sign_object({"v": "0"})
    for forged in (body, f"{body}:", f"{token}x", token[1:], with_another_body, other_salt, "مہر"):
        with pytest.raises(TokenForged):
            give_shown(cast, now, forged)
    with pytest.raises(TokenForged):
        give_shown(cast, now, "forged", state="refused")
    assert not Consent.objects.exists()


def test_tokens_live_on_while_the_key_is_rotated(cast, indus, now, settings):
    token = shown(indus.id, now)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert give_shown(cast, now, token).state == "given"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(TokenForged):
        give_shown(cast, now, token)


def test_no_consent_undoes_a_withdrawal_made_since_it_was_shown(cast, indus, now):
    give_shown(cast, now, shown(indus.id, now))
    before = shown(indus.id, now + timedelta(minutes=1))
    farah, withdrawn_at = cast.actor("farah"), now + timedelta(minutes=2)
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=withdrawn_at)
    for token in (before, shown(indus.id, withdrawn_at)):
        with pytest.raises(TokenExpired):
            give_shown(cast, now + timedelta(minutes=3), token)
        give_shown(cast, now + timedelta(minutes=3), token, state="refused")  # nor is another answer a way round
    assert Consent.objects.get().state == "refused"
    later = now + timedelta(minutes=4)
    assert give_shown(cast, later, shown(indus.id, later)).state == "given"


@pytest.mark.parametrize("hours", [None, 1, 2])
def test_a_paper_signed_before_the_withdrawal_does_not_undo_it(cast, indus, now, hours):
    first = give_shown(cast, now, shown(indus.id, now))
    farah, withdrawn_at = cast.actor("farah"), now + timedelta(hours=2)
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=withdrawn_at)
    paper = {"method": Method.PAPER, "notice_version": first.notice_version_id, "evidence": "Box 3"}
    claimed_at = None if hours is None else now + timedelta(hours=hours)
    with pytest.raises(TokenExpired):
        give_shown(cast, now + timedelta(hours=9), None, claimed_at=claimed_at, **paper)
    again = give_shown(cast, now + timedelta(hours=9), None, claimed_at=now + timedelta(hours=3), **paper)
    assert again.state == "given"


def test_each_answer_may_refer_to_a_notice_of_its_own(cast, indus, now):
    answers = [
        Answer("newsletter", ConsentState.GIVEN),
        Answer("product_research", ConsentState.GIVEN, shown(indus.id, now, "product_research", "ur")),
    ]
    token = shown(indus.id, now, language="en")
    events = record_answers(cast.subject("hamza"), answers=answers, shown=token, actor=cast.actor("farah"), at=now)
    assert [event.purpose.code for event in events] == ["newsletter", "product_research"]
    assert [event.language for event in events] == ["en", "ur"]
    assert events[0].shown_hash != events[1].shown_hash


def test_hosts_whose_clocks_differ_show_nothing_after_the_answer(cast, indus, now):
    event = give_shown(cast, now, shown(indus.id, now + timedelta(milliseconds=300)))
    assert event.shown_at == now
