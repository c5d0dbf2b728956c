"""The screens of forms for guardians: made, printed, entered and recorded, and reached from the invitations."""

import csv
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from children.guardians.models.guardians import Guardianship, ServiceAuthorisation
from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import Consent
from consent.paper.models import AnswerSheet, FormPage, FormRun, SheetEntry
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import Cast
from tests.children.guardians import make_guardian
from tests.console.pages import list_url, refused_by_policy, row_url
from tests.factories import CAST_AT, SETTING_UP
from tests.paper.sheets import GUARDIAN_HEADER, code_of, sheet_of, signed
from tests.paper.test_screens import FORMS, QUEUE, SHEETS, entry, made
from tests.signing_in import browser_of

INVITATIONS = "invitations/invitation"
NEW = {"guardian-id": "", "guardian-name": "Gulnaz Bibi", "guardian-relationship": "relative"}


@pytest.fixture
def farah(cast: Cast) -> Client:
    return browser_of(cast.user("farah"))


@pytest.fixture
def run(cast: Cast, farah: Client) -> FormRun:
    return made(cast, farah, addressee="guardian", name="Grade 3 A", ids="lms-danish\nlms-iqra")


def row_for(cast: Cast, run: FormRun, *answers: str, **changed: str) -> dict[str, str]:
    """Return a row about Danish that was signed on the day the form was made."""
    with in_client(cast.client_id("indus")):
        day = f"{run.made_at.astimezone(ZoneInfo(run.client.time_zone)):%Y-%m-%d}"
        return signed(code_of(run, cast.subject("danish")), *answers, **{"answered_on": day, **changed})


def brought(cast: Cast, browser: Client, *rows: dict[str, str]) -> AnswerSheet:
    answer = browser.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("answers.csv", sheet_of(*rows))})
    assert answer.status_code == 302, answer.content.decode()
    with in_client(cast.client_id("indus")):
        return AnswerSheet.objects.latest("uploaded_at")


def test_a_form_for_guardians_is_made_printed_entered_and_confirmed(cast: Cast, farah: Client, run: FormRun) -> None:
    assert (run.people, run.addressee) == (2, "guardian")
    page = farah.get(row_url(FORMS, run.pk)).content.decode()
    assert "Use of the platform" in page
    printing = row_url(FORMS, run.pk, "print")
    assert "addressed to the parent or guardian" in farah.get(printing).content.decode()
    assert farah.post(printing, {"reason": "client_instruction"}).content.startswith(b"%PDF-")
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.filter(fields="full_name").count() == 2
    blank = farah.get(row_url(FORMS, run.pk, "sheet-csv")).content.decode("utf-8-sig")
    header = next(csv.reader(io.StringIO(blank)))
    assert tuple(header) == tuple(name for name in GUARDIAN_HEADER if name != "outside-recipients")
    lms = Caller(cast.key("indus"))
    assert not lms.ask("lms-danish", "newsletter")["decision"]
    sheet = brought(cast, farah, row_for(cast, run, "yes", "yes", "no"))
    shown = farah.post(row_url(SHEETS, sheet.pk, "confirm"), {}, follow=True)
    assert "1 row is confirmed." in shown.content.decode()
    assert lms.ask("lms-danish", "newsletter")["decision"]
    assert not lms.ask("lms-danish", "product_research")["decision"]
    row = entry(cast, sheet)
    with in_client(cast.client_id("indus")):
        answer = ServiceAuthorisation.objects.get()
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    for words in ("lms-esra", str(answer.pk), "Recorded", "platform-use: yes"):
        assert words in page


def test_the_guardian_who_signed_is_chosen_in_the_console(cast: Cast, farah: Client, run: FormRun) -> None:
    row = entry(cast, brought(cast, farah, row_for(cast, run, "yes", **{"guardian-id": ""})))
    assert "It is not entered which guardian signed the form." in farah.get(row_url(QUEUE, row.pk)).content.decode()
    act = row_url(QUEUE, row.pk, "signer")
    assert "lms-esra (Parent)" in farah.get(act).content.decode()
    empty = farah.post(act, {"reason": "correction"})
    assert "Choose a guardian, or enter the name on the form." in empty.content.decode()
    esra = str(cast.subject_id("esra"))
    answer = farah.post(act, {"guardian": esra, "reason": "correction"}, follow=True)
    assert "Nothing is recorded yet: confirm it." in answer.content.decode()
    assert farah.post(row_url(QUEUE, row.pk, "confirm"), {}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert ServiceAuthorisation.objects.get().guardian_id == cast.subject_id("esra")
    history = farah.get(row_url(QUEUE, row.pk, "history")).content.decode()
    assert "Guardian entered" in history


def test_a_guardian_not_on_file_is_recorded_by_a_second_person_who_reads_the_name(
    cast: Cast, farah: Client, run: FormRun
) -> None:
    row = entry(cast, brought(cast, farah, row_for(cast, run, "yes", "yes", **NEW)))
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    assert "Gulnaz" not in page
    assert "A name that is not on file" in page
    choose = row_url(QUEUE, row.pk, "choose")
    given = {"name": "Gulnaz Bibi", "reason": "correction"}
    assert "another person must look at the form" in farah.post(choose, given).content.decode()
    amina = browser_of(cast.user("amina"))
    wrong = amina.post(choose, {**given, "name": "Gul"})
    assert "not the one that was entered before" in wrong.content.decode()
    assert "Gulnaz" not in wrong.content.decode()
    assert amina.post(choose, given).status_code == 302
    with in_client(cast.client_id("indus")):
        assert Guardianship.objects.get().source == "self"
        assert Consent.objects.get().state == "given"


def test_an_identity_card_number_is_refused_with_row_and_column(cast: Cast, farah: Client, run: FormRun) -> None:
    row = row_for(cast, run, "yes", note="CNIC 42101-1234567-1")
    answer = farah.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("a.csv", sheet_of(row))})
    assert "Row 2, note: must not contain the number of an identity card" in answer.content.decode()
    with in_client(cast.client_id("indus")):
        assert not SheetEntry.objects.exists()


def test_unreachable_guardians_are_linked_to_the_paper_form(cast: Cast, farah: Client) -> None:
    with in_client(cast.client_id("indus")):
        alone = make_guardian(cast.client("indus"), "no-phone", at=CAST_AT)
        iqra = cast.subject("iqra")
        claim_guardian(iqra, guardian=alone, relationship="parent", actor=SETTING_UP, at=CAST_AT)
        invite_guardians_of([iqra], portal="https://portal.example", actor=cast.actor("farah"), at=CAST_AT)
    shown = farah.get(f"{list_url(INVITATIONS)}?problem__exact=missing").content.decode()
    assert "ask on paper or in person" in shown
    address = f"{list_url(FORMS)}add/?addressee=guardian&amp;unreachable=1"
    assert address in shown
    form = farah.get(address.replace("&amp;", "&")).content.decode()
    assert 'value="guardian" id="id_addressee_1" checked' in form or "checked" in form
    values: dict[str, Any] = {"name": "On paper", "addressee": "guardian", "unreachable": "on"}
    assert farah.post(f"{list_url(FORMS)}add/", values).status_code == 302
    with in_client(cast.client_id("indus")):
        assert [page.subject_id for page in FormPage.objects.all()] == [cast.subject_id("iqra")]


def test_choosing_the_client_keeps_the_choice_of_guardians(cast: Cast) -> None:
    page = browser_of(cast.user("amina")).get(f"{list_url(FORMS)}add/?addressee=guardian&unreachable=1")
    assert '<input type="hidden" name="addressee" value="guardian">' in page.content.decode()


@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_page_follows_the_content_security_policy_in_both_languages(
    cast: Cast, farah: Client, run: FormRun, language: str
) -> None:
    sheet = brought(cast, farah, row_for(cast, run, "yes", **{"guardian-id": ""}), row_for(cast, run, "no", **NEW))
    row, named = entry(cast, sheet), entry(cast, sheet, 3)
    farah.get(f"/admin/?lang={language}")
    addresses = [
        *(list_url(model) for model in (FORMS, QUEUE, INVITATIONS)),
        f"{list_url(FORMS)}add/?addressee=guardian&unreachable=1",
        row_url(FORMS, run.pk),
        row_url(FORMS, run.pk, "print"),
        row_url(QUEUE, row.pk),
        row_url(QUEUE, row.pk, "signer"),
        row_url(QUEUE, named.pk, "choose"),
    ]
    for address in addresses:
        answer = farah.get(address)
        page = answer.content.decode()
        assert (answer.status_code, refused_by_policy(page)) == (200, []), address
        assert f'lang="{language}"' in page
