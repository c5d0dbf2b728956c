"""Agreements in the console: documents, duties, contacts, what is missing, and the end."""

import zipfile
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.agreements.duties import (
    DUTIES,
    TEXT_VERSION,
    compute_due_day,
    compute_valid_until,
    find_breach_day,
    hash_text,
    is_reminder_day,
)
from consent.agreements.models import AgreementDocument, ClientContact, DutyAttestation
from consent.agreements.selectors import list_contacts, list_duties, list_notice_recipients, list_parts, list_to_do
from consent.agreements.services import (
    add_contact,
    add_document,
    attest_duties,
    extend_duties,
    remind_of_duties,
    sign_agreement,
)
from consent.notices.services.announcements import process_client
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import Purpose, PurposeCapacity
from consent.register.services import change_register, end_period
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.exits.models import AgreementExit, ExitPart
from paktaleem.office.exits.services.ending import CONTINUE
from paktaleem.office.exits.services.exporting import export_chunk
from tests.accounts.officers import second_officer
from tests.agreements.test_life import PDF, agreement_of, draft_of
from tests.cast import Cast, refused_to
from tests.consent.making import announce
from tests.console.pages import row_url
from tests.factories import CAST_AT, SETTING_UP
from tests.retention.exits.steps import collected
from tests.signing_in import SignIn

AGREEMENT = "consent/serviceagreement"
WHY = {"reason": "agreement_change"}
EXIT = {"choice": "return", "return_days": "30", "delete_days": "60", "ground": "The client leaves."}


def agreement_url(cast: Cast, page: str = "change") -> str:
    return row_url(AGREEMENT, cast.get(ServiceAgreement).pk, page)


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
    assert cast.get(DutyAttestation).attested_by == cast.user_id("farah")


def test_a_contact_is_added_with_a_name_that_no_page_shows(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    values = {"kind": "dpo", "full_name": "Rabia Anwar", "email": "rabia@indus.example", "reason": "onboarding"}
    refused = farah.post("/admin/agreements/clientcontact/add/", {**values, "email": ""})
    assert "This field is required." in refused.content.decode()
    added = farah.post("/admin/agreements/clientcontact/add/", values)
    assert added.status_code == 302
    assert cast.get(ClientContact).kind == "dpo"
    assert "Rabia" not in farah.get(added["Location"]).content.decode()
    assert "Rabia" not in farah.get("/admin/agreements/clientcontact/").content.decode()


def test_a_document_is_downloaded_as_it_was_uploaded(sign_in: SignIn, cast: Cast) -> None:
    farah = sign_in("farah")
    file = SimpleUploadedFile("Contract Anwar.pdf", b"%PDF-1.7 signed", content_type="application/pdf")
    added = farah.post(agreement_url(cast, "add-document"), {"kind": "agreement", "file": file})
    assert added.status_code == 302
    document = cast.get(AgreementDocument)
    given: dict[str, Any] = {"document": str(document.pk), "reason": "review"}
    response = farah.post(agreement_url(cast, "open-document"), given)
    assert response.content == b"%PDF-1.7 signed"
    assert "Anwar" not in response["Content-Disposition"]


def test_an_officer_extends_a_breached_agreement_and_the_client_reads_why(sign_in: SignIn, cast: Cast) -> None:
    farah, amina = sign_in("farah"), sign_in("amina")
    for who in (farah, amina):
        assert "Breached: a duty is overdue" in who.get(f"/admin/{AGREEMENT}/").content.decode()
        assert "an agreement is breached" in who.get("/admin/").content.decode()
    assert "The agreement is breached since" in farah.get("/admin/agreements/clientcontact/to-do/").content.decode()
    until = str(timezone.localdate() + 20 * DAY)
    given = {**WHY, "until": until, "ground": "The school reopens in January."}
    assert farah.post(agreement_url(cast, "extend-duties"), given).status_code == 403
    assert amina.post(agreement_url(cast, "extend-duties"), given).status_code == 302
    page = farah.get(agreement_url(cast)).content.decode()
    assert "The school reopens in January." in page
    assert "Breached: a duty is overdue" not in page


def test_the_end_is_proposed_by_the_client_and_approved_by_an_officer(sign_in: SignIn, cast: Cast) -> None:
    farah, amina = sign_in("farah"), sign_in("amina")
    assert farah.post(agreement_url(cast, "exit"), EXIT).status_code == 302
    row = cast.get(AgreementExit)
    assert "Exits to approve" in amina.get("/admin/").content.decode()
    assert farah.post(row_url("exits/agreementexit", row.pk, "approve"), WHY).status_code == 403
    assert amina.post(row_url("exits/agreementexit", row.pk, "approve"), WHY).status_code == 302
    page = amina.get(row_url("exits/agreementexit", row.pk)).content.decode()
    assert "The systems are giving their data" in page
    assert farah.get("/admin/").status_code in {302, 403}


def exported(cast: Cast, farah: Any, amina: Any) -> AgreementExit:
    farah.post(agreement_url(cast, "exit"), EXIT)
    row: AgreementExit = cast.get(AgreementExit)
    amina.post(row_url("exits/agreementexit", row.pk, "approve"), WHY)
    with in_client(cast.client_id("indus")):
        collected(cast, row, client_now())
        while export_chunk(row, actor=system_actor(CONTINUE), at=client_now()):
            pass
    return row


def test_an_officer_downloads_a_part_and_starts_the_deletion(sign_in: SignIn, cast: Cast) -> None:
    amina = sign_in("amina")
    row = exported(cast, sign_in("farah"), amina)
    part = cast.get(ExitPart)
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
    page = sign_in(first).post(url, {**WHY, "ground": "A new contract."}, follow=True).content.decode()
    assert f"You have signed. The agreement still waits for {waits_for}." in page
    assert words.format(day=day) in sign_in(second).post(url, WHY, follow=True).content.decode()


def test_a_signature_on_paper_that_is_the_second_says_that_the_agreement_is_in_effect(
    sign_in: SignIn, cast: Cast, now: Any
) -> None:
    gul = second_officer()
    with in_client(cast.client_id("indus")):
        row = draft_of(cast, now)
        paper = add_document(row, file=BytesIO(PDF), kind="agreement", actor=cast.actor("amina"), at=now)
        sign_agreement(row, ground="A new contract.", actor=gul, at=now)
    given = {"document": str(paper.pk), **WHY}
    page = sign_in("amina").post(row_url(AGREEMENT, row.pk, "sign-paper"), given, follow=True).content.decode()
    assert "Both sides have signed. The agreement is in effect." in page
    assert "Another officer must sign" not in page


DAY = timedelta(days=1)
ALL = [duty.code for duty in DUTIES]
LINK = "https://indus.example/privacy"
WORKER = system_actor("test")


def attest(cast: Cast, client: Any, at: Any, duties: Any = ALL, **more: Any) -> list[DutyAttestation]:
    return attest_duties(client, duties, **{"notice_url": LINK, "actor": cast.actor("farah"), "at": at, **more})


def contact(cast: Cast, client: Any, at: Any, kind: str = "notices", name: str = "farah") -> Any:
    person: Any = {"full_name": "Rabia Anwar", "email": "rabia@indus.example"}
    return add_contact(client, kind=kind, **person, actor=cast.actor(name), reason=Reason.ONBOARDING, at=at)


def test_a_duty_is_due_thirty_days_after_the_start_and_then_each_year_with_reminders_around_it() -> None:
    left = [left for left in range(31, -22, -1) if is_reminder_day(date(2026, 6, 30), date(2026, 6, 30) - left * DAY)]
    assert left == [30, 7, 1, 0, -7, -14, -21]
    assert compute_due_day(date(2026, 1, 10), None) == date(2026, 2, 9)
    assert compute_due_day(date(2026, 1, 10), date(2027, 2, 1)) == date(2027, 2, 1)
    assert compute_valid_until(date(2026, 2, 1)) == date(2027, 2, 1)
    assert compute_valid_until(date(2028, 2, 29)) == date(2029, 2, 28)


def test_an_administrator_attests_for_a_year_with_the_version_of_the_text(cast: Cast, indus: Any, now: Any) -> None:
    rows = attest(cast, indus, now)
    titles = ("Lawful collection", "Users informed", "Law complied with")
    assert {str(row) for row in rows} == {f"{title}, until {rows[0].valid_until}" for title in titles}
    assert [row.duty for row in rows] == ALL
    assert {row.text_version for row in rows} == {TEXT_VERSION}
    assert [row.text_hash for row in rows] == [hash_text(duty) for duty in DUTIES]
    assert [row.notice_url for row in rows] == ["", LINK, ""]
    assert {one.attested_until for one in list_duties(indus, at=now)} == {rows[0].valid_until}
    entry = Entry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.kind, entry.actor_id) == ("duty.attested", cast.user_id("farah"))
    refused_to("amina bilal sana celia", lambda name: attest(cast, indus, now, actor=cast.actor(name)))


def test_what_is_not_attested_stays_open_and_an_attestation_runs_out(cast: Cast, indus: Any, now: Any) -> None:
    attest(cast, indus, now, ["law_complied"])
    [found] = list_to_do(at=now, client_id=indus.pk)
    assert [one.duty.code for one in found.duties] == ["lawful_collection", "users_informed"]
    attest(cast, indus, now, ["lawful_collection", "users_informed"])
    [soon] = list_to_do(at=now + 340 * DAY, client_id=indus.pk)
    [fresh] = list_to_do(at=now + 300 * DAY, client_id=indus.pk)
    assert (len(soon.duties), len(fresh.duties)) == (3, 0)


@pytest.mark.parametrize(
    ("duties", "field"), [([], "duties"), (["unheard_of"], "duties"), (["users_informed"], "notice_url")]
)
def test_an_attestation_names_known_duties_and_the_link(
    duties: list[str], field: str, cast: Cast, indus: Any, now: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        attest(cast, indus, now, duties, notice_url="")
    assert field in caught.value.message_dict


def test_a_duty_is_attested_once_a_day(cast: Cast, indus: Any, now: Any) -> None:
    attest(cast, indus, now)
    with pytest.raises(ValidationError, match="today"):
        attest(cast, indus, now, ["law_complied"])


def test_an_agreement_is_breached_after_the_first_due_day_or_the_end_of_an_extension() -> None:
    days = [date(2026, 10, 1), date(2026, 11, 1)]
    assert find_breach_day([], None) is None
    assert find_breach_day(days, None) == date(2026, 10, 2)
    assert find_breach_day(days, date(2026, 10, 20)) == date(2026, 10, 21)
    assert find_breach_day(days, date(2026, 9, 20)) == date(2026, 10, 2), "an extension of before"


def breached_on(client: Any, at: Any) -> date | None:
    [to_do] = list_to_do(at=at, client_id=client.pk)
    return to_do.breached_on


def extend(cast: Cast, at: Any, until: date, who: str = "amina") -> ServiceAgreement:
    given: dict[str, Any] = {"actor": cast.actor(who), "reason": Reason.AGREEMENT_CHANGE, "at": at}
    return extend_duties(agreement_of(cast, "indus"), until=until, ground="The school is closed.", **given)


def test_an_overdue_duty_breaches_the_agreement_until_it_is_extended_or_attested(
    cast: Cast, indus: Any, now: Any
) -> None:
    late = now + DAY
    assert (breached_on(indus, now), breached_on(indus, late)) == (None, late.date())
    row = extend(cast, late, (late + 10 * DAY).date())
    entry = Entry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.kind, entry.actor_id) == ("register.changed", cast.user_id("amina"))
    assert row.history.first().extension_ground == "The school is closed."
    after = late + 11 * DAY
    assert (breached_on(indus, late + 10 * DAY), breached_on(indus, after)) == (None, after.date())
    attest(cast, indus, after)
    assert breached_on(indus, after) is None


def test_only_an_officer_extends_an_overdue_duty_and_by_90_days_at_most(cast: Cast, indus: Any, now: Any) -> None:
    late = now + DAY
    with pytest.raises(Refused, match="No duty"):
        extend(cast, now, late.date())
    refused_to("farah celia bilal sana", lambda name: extend(cast, late, (late + DAY).date(), name))
    for days in (0, 91):
        with pytest.raises(ValidationError, match="at most 90 days") as caught:
            extend(cast, late, (late + days * DAY).date())
        assert list(caught.value.message_dict) == ["until"]
    row = agreement_of(cast, "indus")
    row.extended_until = late.date()
    with pytest.raises(IntegrityError, match="extended_on_a_ground"), transaction.atomic():
        save_tracked(row, actor=cast.actor("amina"), reason=Reason.REVIEW, at=late)


def test_the_database_refuses_informed_users_without_a_link(cast: Cast, indus: Any, now: Any) -> None:
    row = DutyAttestation(client_id=indus.pk, duty="users_informed", text_version=1, text_hash="0", attested_at=now)
    row.valid_until, row.attested_by = now.date(), cast.user_id("farah")
    with pytest.raises(IntegrityError, match="informed_by_a_link"), transaction.atomic():
        row.save(force_insert=True)


def test_a_contact_receives_notices_and_is_a_person_with_sealed_data(cast: Cast, indus: Any, now: Any) -> None:
    row = contact(cast, indus, now)
    people = list_notice_recipients(indus.pk, at=now)
    assert row.subject in people
    assert cast.user("farah") in people
    assert row.subject.external_id.startswith("contact-")
    assert "Rabia" not in str(vars(row.subject))
    assert row.history.get().actor_id == cast.user_id("farah")
    refused_to("bilal sana celia", lambda name: contact(cast, indus, now, name=name))


def test_a_contact_gets_the_emails_about_changed_notices(cast: Cast, now: Any) -> None:
    announce(cast, now, code="privacy_notice")
    with in_client(cast.client_id("indus")):
        row = contact(cast, cast.client("indus"), now)
        process_client(cast.client_id("indus"), actor=SETTING_UP, at=now)
        letters = Letter.objects.filter(kind="notice_announced")
        people = {(one.user_id, one.subject_id) for one in letters}
        assert people == {(cast.user_id("farah"), None), (None, row.subject_id)}
        process_client(cast.client_id("indus"), actor=SETTING_UP, at=now + timedelta(minutes=1))
        assert letters.count() == 2


def test_an_ended_or_erased_contact_receives_nothing(cast: Cast, indus: Any, now: Any) -> None:
    ended, gone = contact(cast, indus, now), contact(cast, indus, now)
    end_period(ended, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now + DAY)
    erase_subject(gone.subject, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now + DAY)
    assert not list_contacts(indus.pk, at=now + 2 * DAY).exists()


def test_officers_see_what_is_missing_at_every_client(cast: Cast, now: Any, django_assert_num_queries: Any) -> None:
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        attest(cast, client, now)
        contact(cast, client, now, "dpo")
        contact(cast, client, now)
    with as_officer(), django_assert_num_queries(5):
        found = {one.client.code: one for one in list_to_do(at=now)}
    assert set(found) == {"indus", "khyber"}
    indus, khyber = found["indus"], found["khyber"]
    assert (indus.duties, indus.needs_privacy_contact, indus.needs_notice_contact) == ((), False, False)
    assert indus.needs_address
    assert (len(khyber.duties), khyber.needs_privacy_contact, khyber.needs_notice_contact) == (3, True, True)


def test_a_reminder_is_sent_once_a_day_until_the_duties_are_attested(cast: Cast, indus: Any) -> None:
    at = CAST_AT + 23 * DAY
    assert remind_of_duties(indus.pk, actor=WORKER, at=at)
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at + timedelta(minutes=1))
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at + DAY)
    assert not mail.outbox
    assert Entry.objects.filter(kind="duty.reminded").count() == 1
    assert remind_of_duties(indus.pk, actor=WORKER, at=at + 6 * DAY)
    attest(cast, indus, at + 6 * DAY)
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at + 7 * DAY)


def test_the_table_of_parts_names_each_purpose_with_its_next_change(cast: Cast, indus: Any, now: Any) -> None:
    purpose = Purpose.objects.get(code="security_integrity", client_id=PAKTALEEM)
    row = PurposeCapacity(client_id=indus.pk, purpose=purpose, capacity="joint_controller", starts_at=now + DAY)
    change_register(row, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    parts = {one.purpose.code: one for one in list_parts(indus.pk, at=now)}
    later = {one.purpose.code: one for one in list_parts(indus.pk, at=now + 2 * DAY)}
    assert "newsletter" in parts
    assert (parts["newsletter"].part, parts["newsletter"].since) == ("processor", None)
    before, after = parts["security_integrity"], later["security_integrity"]
    assert (before.part, before.is_own) == ("controller", False)
    assert (before.next_part, before.next_at) == ("joint_controller", now + DAY)
    assert (after.part, after.is_own, after.next_part) == ("joint_controller", True, None)
