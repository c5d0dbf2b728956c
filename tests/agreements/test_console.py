"""Agreements in the console: documents, duties, contacts, what is missing, and the end."""

import zipfile
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from consent.agreements.models import AgreementDocument, ClientContact, DutyAttestation
from consent.register.models import AgreementSuspension, Instruction, ServiceAgreement
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from retention.exits.models import AgreementExit, ExitPart
from retention.exits.services import CONTINUE, export_chunk
from tests.cast import Cast
from tests.console.conftest import SignIn
from tests.console.pages import row_url

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
    assert amina.post(agreement_url(cast, "resume"), WHY).status_code == 302
    with in_client(cast.client_id("indus")):
        assert AgreementSuspension.objects.get().ends_at is not None


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
    assert "The export is being written" in page
    assert farah.get("/admin/").status_code in {302, 403}


def test_an_officer_downloads_a_part_and_starts_the_deletion(sign_in: SignIn, cast: Cast) -> None:
    farah, amina = sign_in("farah"), sign_in("amina")
    farah.post(agreement_url(cast, "exit"), {"choice": "return", "return_days": "30", "delete_days": "60"})
    with in_client(cast.client_id("indus")):
        row = AgreementExit.objects.get()
    amina.post(row_url("exits/agreementexit", row.pk, "approve"), WHY)
    with in_client(cast.client_id("indus")):
        while export_chunk(row, actor=system_actor(CONTINUE), at=client_now()):
            pass
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
