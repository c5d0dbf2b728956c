"""Evidence of consents: required without a token, sealed, restricted, and each opening logged."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from consent.consents.models import ConsentEvent, ConsentEvidence, ConsentState, Method
from consent.consents.services.consent_basis import EvidenceMissing
from consent.consents.services.evidence import add_evidence_file, open_evidence
from consent.consents.services.recording import Answer, record_answers
from consent.notices.selectors.public import get_current_notice
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import list_url, row_url
from tests.showing import shown
from tests.signing_in import browser_of

SCAN = b"%PDF-1.7 signed by Lodhi senior"
WORDS = "Form in box 3, signed by Lodhi senior"


def on_paper(cast, at, **changed):
    hamza = cast.subject("hamza")
    values = {
        "answers": [Answer("newsletter", ConsentState.GIVEN)],
        "notice_version": get_current_notice("newsletter", client_id=hamza.client_id, at=at).pk,
        "method": Method.PAPER,
        "evidence": WORDS,
        "actor": cast.actor("farah"),
        "at": at,
        **changed,
    }
    [event] = record_answers(hamza, **values)
    return event


@pytest.mark.parametrize("method", [Method.PAPER, Method.PHONE, Method.IMPORT])
def test_without_a_token_a_consent_needs_evidence(cast, indus, now, method):
    with pytest.raises(EvidenceMissing):
        on_paper(cast, now, method=method, evidence="")
    assert not ConsentEvent.objects.exists()
    assert on_paper(cast, now, method=method).state == "given"
    assert on_paper(cast, now, method=method, evidence="", shown=shown(indus.id, now)).shown_at == now


def test_a_refusal_on_paper_needs_none(cast, indus, now):
    refusal = [Answer("newsletter", ConsentState.REFUSED)]
    assert on_paper(cast, now, answers=refusal, evidence="").state == "refused"


def test_evidence_is_sealed_and_opening_it_is_recorded(cast, indus, now):
    event = on_paper(cast, now)
    evidence = ConsentEvidence.objects.get(event=event)
    assert b"Lodhi" not in evidence.reference.ciphertext
    entry = Entry.objects.get(kind="consent.evidence_added")
    assert "Lodhi" not in entry.body
    opened = open_evidence(evidence, actor=cast.actor("farah"), reason="review", at=now + timedelta(hours=1))
    assert opened.text == WORDS
    look = AccessRecord.objects.get()
    assert (look.subject_id, look.actor_id, look.reason) == (event.subject_id, cast.user_id("farah"), "review")
    assert str(evidence.pk) in look.fields


def test_access_to_an_answer_does_not_include_its_evidence(cast, indus, now):
    evidence = ConsentEvidence.objects.get(event=on_paper(cast, now))
    for actor in (cast.actor("bilal"), cast.actor("sana"), cast.actor("celia"), cast.key_actor("indus")):
        with pytest.raises(NotAllowed):
            open_evidence(evidence, actor=actor, reason="review", at=now)
    assert not AccessRecord.objects.exists()


def test_evidence_goes_with_the_person(cast, indus, now):
    event = on_paper(cast, now)
    add_evidence_file(event, io.BytesIO(SCAN), actor=cast.actor("farah"), at=now)
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)
    for evidence in ConsentEvidence.objects.all():
        with pytest.raises(AlreadyErased):
            open_evidence(evidence, actor=cast.actor("farah"), reason="review", at=now)
    with pytest.raises(AlreadyErased):
        add_evidence_file(event, io.BytesIO(SCAN), actor=cast.actor("farah"), at=now)


def test_a_scan_is_sent_over_the_api_and_opened_in_the_console(cast, now):
    with in_client(cast.client_id("indus")):
        event = on_paper(cast, now)
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


@pytest.mark.parametrize(
    ("content", "status", "code"), [(b"<html>", 415, "file-kind-refused"), (b"", 415, "file-kind-refused")]
)
def test_what_is_no_scan_is_refused(cast, now, content, status, code):
    with in_client(cast.client_id("indus")):
        event = on_paper(cast, now)
    system = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"}, raise_request_exception=False)
    answer = system.post(f"/api/v1/consents/{event.pk}/evidence", content, content_type="application/pdf")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:paktaleem:problem:{code}")


def test_another_clients_answer_takes_no_evidence(cast, now):
    with in_client(cast.client_id("indus")):
        event = on_paper(cast, now)
    system = Client(headers={"Authorization": f"Bearer {cast.key('khyber')}"})
    assert system.post(f"/api/v1/consents/{event.pk}/evidence", SCAN, content_type="image/png").status_code == 404


def test_a_scan_is_added_and_a_reference_read_in_the_console(cast, now):
    with in_client(cast.client_id("indus")):
        event = on_paper(cast, now)
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
