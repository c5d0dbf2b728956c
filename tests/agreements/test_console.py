"""Agreements in the console: documents, duties, contacts, what is missing, and the end."""

import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from consent.agreements.models import AgreementDocument, ClientContact, DutyAttestation
from consent.agreements.services import add_document, sign_agreement
from consent.register.models.agreements import AgreementSuspension, Instruction, ServiceAgreement
from consent.register.models.purposes import SafeguardChange
from consent.register.services import change_register
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.exits.models import AgreementExit, ExitPart
from paktaleem.office.exits.services.deleting import CONTINUE
from paktaleem.office.exits.services.exporting import export_chunk
from tests.accounts.officers import second_officer
from tests.agreements.test_life import PDF, draft_of
from tests.cast import Cast
from tests.console.pages import row_url
from tests.retention.exits.steps import collected
from tests.signing_in import SignIn

AGREEMENT = "consent/serviceagreement"
WHY = {"reason": "agreement_change"}


def agreement_url(cast: Cast, page: str = "change") -> str:
    with in_client(cast.client_id("indus")):
        return row_url(AGREEMENT, ServiceAgreement.objects.get().pk, page)


def test_an_administrator_confirms_duties_and_the_list_gets_shorter(sign_in: SignIn, cast: Cast) -> None:
    farah, amina = sign_in("farah"), sign_in("amina")
    to_do = "/admin/agreements/clientcontact/to-do/"
    assert "We comply with the data protection law" in farah.get(to_do).content.decode()
    assert "Clients with something missing" in amina.get("/admin/").content.decode()
    wrong = farah.post(agreement_url(cast, "attest"), {"duties": ["users_informed"]})
    assert "Give the address of the page" in wrong.content.decode()
    assert farah.post(agreement_url(cast, "attest"), {"duties": ["law_complied"]}).status_code == 302
    assert "We comply with the data protection law" not in farah.get(to_do).content.decode()
    assert "We comply with the data protection law" in amina.get(agreement_url(cast)).content.decode()
    with in_client(cast.client_id("indus")):
        assert DutyAttestation.objects.get().attested_by == cast.user_id("farah")


def test_a_contact_is_added_with_a_name_that_no_page_shows(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    values = {"kind": "dpo", "full_name": "Rabia Anwar", "email": "rabia@indus.example", "reason": "onboarding"}
    refused = farah.post("/admin/agreements/clientcontact/add/", {**values, "email": ""})
    assert "This field is required." in refused.content.decode()
    added = farah.post("/admin/agreements/clientcontact/add/", values)
    assert added.status_code == 302
    with in_client(cast.client_id("indus")):
        assert ClientContact.objects.get().kind == "dpo"
    assert "Rabia" not in farah.get(added["Location"]).content.decode()
    assert "Rabia" not in farah.get("/admin/agreements/clientcontact/").content.decode()


def test_a_document_is_downloaded_as_it_was_uploaded(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    file = SimpleUploadedFile("Contract Anwar.pdf", b"%PDF-1.7 signed", content_type="application/pdf")
    added = farah.post(agreement_url(cast, "add-document"), {"kind": "agreement", "file": file})
    assert added.status_code == 302
    with in_client(cast.client_id("indus")):
        document = AgreementDocument.objects.get()
    given: dict[str, Any] = {"document": str(document.pk), "reason": "review"}
    response = farah.post(agreement_url(cast, "open-document"), given)
    assert response.content == b"%PDF-1.7 signed"
    assert "Anwar" not in response["Content-Disposition"]


def test_an_officer_suspends_and_resumes(sign_in: SignIn, cast: Cast) -> None:
    amina = sign_in("amina")
    assert amina.post(agreement_url(cast, "suspend"), WHY).status_code == 302
    assert "Suspended" in amina.get(f"/admin/{AGREEMENT}/").content.decode()
    assert amina.post(agreement_url(cast, "resume"), {"ground": "Paid."}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert AgreementSuspension.objects.get().ends_at is None
        assert SafeguardChange.objects.get().state == "waiting", "a second officer resumes it"


def test_a_future_instruction_is_cancelled_and_shown_so(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    with in_client(cast.client_id("indus")):
        agreement = ServiceAgreement.objects.get()
    values = {"agreement": str(agreement.pk), "document": "Letter 8", "purposes": ["support"], **WHY}
    later = {"starts_at_0": "2090-01-01", "starts_at_1": "00:00:00"}
    assert farah.post("/admin/consent/instruction/add/", {**values, **later}).status_code == 302
    with in_client(cast.client_id("indus")):
        made = Instruction.objects.get(document="Letter 8")
    assert farah.post(row_url("consent/instruction", made.pk, "cancel"), WHY).status_code == 302
    page = farah.get(row_url("consent/instruction", made.pk)).content.decode()
    assert "Cancelled" in page


def test_the_end_is_proposed_by_the_client_and_approved_by_an_officer(sign_in: SignIn, cast: Cast) -> None:
    farah, amina = sign_in("farah"), sign_in("amina")
    given = {"choice": "return", "return_days": "30", "delete_days": "60"}
    proposed = farah.post(agreement_url(cast, "exit"), given)
    assert proposed.status_code == 302
    with in_client(cast.client_id("indus")):
        row = AgreementExit.objects.get()
    assert "Exits to approve" in amina.get("/admin/").content.decode()
    assert farah.post(row_url("exits/agreementexit", row.pk, "approve"), WHY).status_code == 403
    assert amina.post(row_url("exits/agreementexit", row.pk, "approve"), WHY).status_code == 302
    page = amina.get(row_url("exits/agreementexit", row.pk)).content.decode()
    assert "The systems are giving their data" in page
    assert farah.get("/admin/").status_code in {302, 403}


def exported(cast: Cast, farah: Any, amina: Any) -> AgreementExit:
    """Propose, approve and export an exit."""
    farah.post(agreement_url(cast, "exit"), {"choice": "return", "return_days": "30", "delete_days": "60"})
    with in_client(cast.client_id("indus")):
        row: AgreementExit = AgreementExit.objects.get()
    amina.post(row_url("exits/agreementexit", row.pk, "approve"), WHY)
    with in_client(cast.client_id("indus")):
        collected(cast, row, client_now())
        while export_chunk(row, actor=system_actor(CONTINUE), at=client_now()):
            pass
    return row


def test_an_officer_downloads_a_part_and_starts_the_deletion(sign_in: SignIn, cast: Cast) -> None:
    amina = sign_in("amina")
    row = exported(cast, sign_in("farah"), amina)
    with in_client(cast.client_id("indus")):
        part = ExitPart.objects.get()
    page = amina.get(row_url("exits/agreementexit", row.pk)).content.decode()
    assert "The deletion does not begin by itself" in page
    response: Any = amina.post(
        row_url("exits/agreementexit", row.pk, "part"), {"part": str(part.pk), "reason": "review"}
    )
    assert response["Content-Disposition"] == f'attachment; filename="{row}-part-00001.zip"'
    with zipfile.ZipFile(BytesIO(response.getvalue())) as archive:
        assert archive.testzip() is None
    assert amina.post(row_url("exits/agreementexit", row.pk, "returned"), WHY).status_code == 302
    assert amina.post(row_url("exits/agreementexit", row.pk, "delete-data"), WHY).status_code == 302
    page = amina.get(row_url("exits/agreementexit", row.pk)).content.decode()
    assert "Waiting for the systems" in page
    assert "The deletion does not begin by itself" not in page


def test_the_officer_who_records_a_refusal_does_not_start_the_deletion(sign_in: SignIn, cast: Cast) -> None:
    amina = sign_in("amina")
    row = exported(cast, sign_in("farah"), amina)
    page = row_url("exits/agreementexit", row.pk, "decline-return")
    assert "This field is required." in amina.post(page, WHY).content.decode()
    assert amina.post(page, {**WHY, "document": "Email of 3 October"}).status_code == 302
    assert "Email of 3 October" in amina.get(row_url("exits/agreementexit", row.pk)).content.decode()
    refused = amina.post(row_url("exits/agreementexit", row.pk, "delete-data"), WHY, follow=True).content.decode()
    assert "A second person must approve it." in refused


@pytest.mark.parametrize(
    ("starts_in", "words"),
    [
        (timedelta(0), "Both sides have signed. The agreement is in effect."),
        (timedelta(days=40), "Both sides have signed. The agreement takes effect on {day}."),
    ],
)
@pytest.mark.parametrize(
    ("first", "waits_for"), [("amina", "the client’s signature"), ("farah", "PakTaleem’s signature")]
)
def test_the_message_says_whose_signature_is_missing_or_when_the_agreement_takes_effect(
    sign_in: SignIn, cast: Cast, *, first: str, waits_for: str, starts_in: timedelta, words: str
) -> None:
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        draft = ServiceAgreement(client_id=cast.client_id("indus"), reference="NEW-1", starts_at=at + starts_in)
        row = change_register(draft, actor=cast.actor("amina"), reason="agreement_change", at=at)
        day = timezone.localtime(row.starts_at, ZoneInfo("Asia/Karachi")).date()
    url, second = row_url(AGREEMENT, row.pk, "sign"), {"amina": "farah", "farah": "amina"}[first]
    page = sign_in(first).post(url, WHY, follow=True).content.decode()
    assert f"You have signed. The agreement still waits for {waits_for}." in page
    assert words.format(day=day) in sign_in(second).post(url, WHY, follow=True).content.decode()


def test_a_signature_on_paper_that_is_the_second_says_that_the_agreement_is_in_effect(
    sign_in: SignIn, cast: Cast, now: Any
) -> None:
    """It said that another officer must sign."""
    gul = second_officer()
    with in_client(cast.client_id("indus")):
        row = draft_of(cast, now)
        paper = add_document(row, file=BytesIO(PDF), kind="agreement", actor=cast.actor("amina"), at=now)
        sign_agreement(row, actor=gul, at=now)
    given = {"document": str(paper.pk), **WHY}
    page = sign_in("amina").post(row_url(AGREEMENT, row.pk, "sign-paper"), given, follow=True).content.decode()
    assert "Both sides have signed. The agreement is in effect." in page
    assert "Another officer must sign" not in page
