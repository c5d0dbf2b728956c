"""The screens of forms, sheets and the queue: made, printed, uploaded and settled."""

import csv
import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, ConsentEvidence
from consent.paper.models import AnswerSheet, FormPage, FormRun, SheetEntry
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.pages import list_url, refused_by_policy, row_url
from tests.factories import SETTING_UP, SubjectFactory, make_consent_purpose
from tests.paper.sheets import HEADER, code_of, line, sheet_of
from tests.schools.making import enrolled, given, record
from tests.signing_in import browser_of

FORMS, SHEETS, QUEUE = "paper/formrun", "paper/answersheet", "paper/sheetentry"
IDS = "lms-hamza\n lms-junaid \n\nlms-danish"


@pytest.fixture
def farah(cast: Cast) -> Client:
    return browser_of(cast.user("farah"))


def made(cast: Cast, browser: Client, query: str = "", **changed: Any) -> FormRun:
    asked = {"addressee": "person", "purposes": ["newsletter", "product_research"]}
    values = {"name": "Grade 7 B", "ids": IDS, **asked, **changed}
    answer = browser.post(f"{list_url(FORMS)}add/{query}", values)
    assert answer.status_code == 302, answer.content.decode()
    with in_client(cast.client_id("indus")):
        return FormRun.objects.get()


def lines_for(cast: Cast, run: FormRun, *answers: tuple[str, str]) -> list[dict[str, str]]:
    """Return rows of people by name, answered today in Karachi."""
    with in_client(cast.client_id("indus")):
        today = str(timezone.localdate(timezone=ZoneInfo("Asia/Karachi")))
        return [line(code_of(run, cast.subject(name)), said, answered_on=today) for name, said in answers]


def brought(cast: Cast, browser: Client, *rows: dict[str, str]) -> AnswerSheet:
    answer = browser.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("answers.csv", sheet_of(*rows))})
    assert answer.status_code == 302, answer.content.decode()
    with in_client(cast.client_id("indus")):
        return AnswerSheet.objects.get()


def entry(cast: Cast, sheet: AnswerSheet, number: int = 2) -> SheetEntry:
    with in_client(cast.client_id("indus")):
        return SheetEntry.objects.get(sheet=sheet, number=number)


def test_empty_lists_show_an_explanation(farah: Client) -> None:
    for model, words in ((FORMS, "No consent form"), (SHEETS, "No answer sheet"), (QUEUE, "The queue is empty")):
        assert words in farah.get(list_url(model)).content.decode()


def test_a_form_is_made_for_people_by_id(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    assert (run.name, run.people) == ("Grade 7 B", 3)
    page = farah.get(row_url(FORMS, run.pk)).content.decode()
    for words in ("Newsletter", "About newsletter, version 1", "Print the form", "Answer sheet (Excel)"):
        assert words in page


def test_a_form_is_made_for_everyone_in_a_role(cast: Cast, farah: Client) -> None:
    assert made(cast, farah, ids="", role="instructor").people == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ids": "lms-nobody"}, "lms-nobody"),
        ({"ids": "", "role": "administrator"}, "0 people would be asked"),
        ({"purposes": []}, "This field is required"),
        ({"purposes": ["support"]}, "not one of the available choices"),
        ({"name": ""}, "This field is required"),
        ({"addressee": "nobody"}, "not one of the available choices"),
        ({"unreachable": "on"}, "This needs a form for guardians"),
        ({"addressee": "guardian", "ids": "lms-junaid"}, "0 people would be asked"),
    ],
)
def test_invalid_input_is_reported_on_the_form(cast: Cast, farah: Client, changed: Any, words: str) -> None:
    values = {"name": "A", "addressee": "person", "purposes": ["newsletter"], "ids": IDS, **changed}
    answer = farah.post(f"{list_url(FORMS)}add/", values)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_an_officer_chooses_the_client_first(cast: Cast) -> None:
    amina = browser_of(cast.user("amina"))
    add = f"{list_url(FORMS)}add/"
    assert "Choose a client" in amina.get(add).content.decode()
    query = f"?client={cast.client_id('indus')}"
    assert "About" not in amina.get(add).content.decode()
    assert "Newsletter" in amina.get(add + query).content.decode()
    assert made(cast, amina, query).client_id == cast.client_id("indus")


@pytest.mark.parametrize("query", ["?client=nonsense", "?client=0190b9f4-0000-7000-8000-000000000000"])
def test_an_officer_must_choose_again_after_an_unknown_client(cast: Cast, query: str) -> None:
    assert browser_of(cast.user("amina")).get(f"{list_url(FORMS)}add/{query}").status_code in {200, 400}


def test_an_administrator_cannot_choose_another_client(cast: Cast, farah: Client) -> None:
    run = made(cast, farah, f"?client={cast.client_id('khyber')}")
    assert run.client_id == cast.client_id("indus")


def test_printing_requires_a_reason_and_returns_a_pdf_that_is_not_cached(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    url = row_url(FORMS, run.pk, "print")
    assert "names of 3 people" in farah.get(url).content.decode()
    assert "This field is required" in farah.post(url, {}).content.decode()
    with in_client(cast.client_id("indus")):
        assert not AccessRecord.objects.exists()
    answer = farah.post(url, {"reason": "client_instruction"})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.filter(reason="client_instruction").count() == 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_answer_sheet_has_codes_and_no_names(cast: Cast, farah: Client, kind: str) -> None:
    run = made(cast, farah)
    answer = farah.get(row_url(FORMS, run.pk, f"sheet-{kind}"))
    assert f'.{kind}"' in answer["Content-Disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert tuple(rows[0]) == HEADER
        assert len(rows) == 5
        assert "Hamza" not in answer.content.decode()


def test_a_sheet_with_problems_is_refused_with_rows_and_columns(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    [row] = lines_for(cast, run, ("hamza", "perhaps"))
    answer = farah.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("a.csv", sheet_of(row))})
    assert answer.status_code == 200
    assert "Row 2, newsletter: must be yes, no or empty." in answer.content.decode()
    with in_client(cast.client_id("indus")):
        assert not AnswerSheet.objects.exists()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"PK\x03\x04", b"=1+1"])
def test_an_unreadable_file_is_refused_on_the_form(farah: Client, content: bytes | None) -> None:
    given = {} if content is None else {"file": SimpleUploadedFile("a.csv", content)}
    answer = farah.post(f"{list_url(SHEETS)}add/", given)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()


def test_a_sheet_cannot_be_uploaded_twice(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    rows = lines_for(cast, run, ("hamza", "yes"))
    brought(cast, farah, *rows)
    answer = farah.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("a.csv", sheet_of(*rows))})
    assert "This file has already been uploaded" in answer.content.decode()


def test_matched_rows_are_confirmed_together(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    sheet = brought(cast, farah, *lines_for(cast, run, ("hamza", "yes"), ("junaid", "no"), ("danish", "yes")))
    page = farah.get(row_url(SHEETS, sheet.pk)).content.decode()
    assert "3 rows wait" in page
    assert "Waiting for a guardian" in page
    answer = farah.post(row_url(SHEETS, sheet.pk, "confirm"), {}, follow=True)
    assert "2 rows are confirmed." in answer.content.decode()
    with in_client(cast.client_id("indus")):
        states = dict(Consent.objects.values_list("subject__external_id", "state"))
    assert states == {"lms-hamza": "given", "lms-junaid": "refused"}
    assert "Confirm all matched" not in farah.get(row_url(SHEETS, sheet.pk)).content.decode()


def test_one_row_is_confirmed_with_its_scan(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    row = entry(cast, brought(cast, farah, *lines_for(cast, run, ("hamza", "yes"))))
    confirm = row_url(QUEUE, row.pk, "confirm")
    assert "newsletter: yes" in farah.get(confirm).content.decode()
    wrong = farah.post(confirm, {"scan": SimpleUploadedFile("scan.txt", b"plain")})
    assert "Choose a PDF, JPEG or PNG." in wrong.content.decode()
    scan = SimpleUploadedFile("scan.pdf", b"%PDF-1.7 signed")
    assert farah.post(confirm, {"scan": scan}).status_code == 302
    with in_client(cast.client_id("indus")):
        assert ConsentEvidence.objects.filter(file__isnull=False).count() == 1
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    assert "Confirmed" in page
    assert "On paper" in page


def test_an_unmatched_row_is_matched_by_hand_and_then_confirmed(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    [right] = lines_for(cast, run, ("hamza", "yes"))
    typed = right["code"][:-1] + ("2" if right["code"][-1] != "2" else "3")
    row = entry(cast, brought(cast, farah, {**right, "code": typed}))
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    assert "The code has a typing error." in page
    assert right["code"] in page
    match = row_url(QUEUE, row.pk, "match")
    assert f'value="{right["code"]}"' in farah.get(f"{match}?code={right['code']}").content.decode()
    wrong = farah.post(match, {"code": "0000-0000", "reason": "correction"})
    assert "No form of this client has this code." in wrong.content.decode()
    answer = farah.post(match, {"code": right["code"].lower(), "reason": "correction"}, follow=True)
    assert "Nothing is recorded yet: confirm it." in answer.content.decode()
    farah.post(row_url(QUEUE, row.pk, "confirm"), {})
    history = farah.get(row_url(QUEUE, row.pk, "history")).content.decode()
    assert "Matched by hand" in history
    assert "Correction of a mistake" in history
    with in_client(cast.client_id("indus")):
        assert ConsentEvent.objects.get().subject_id == cast.subject_id("hamza")


def test_one_of_two_different_rows_is_chosen(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    sheet = brought(cast, farah, *lines_for(cast, run, ("hamza", "yes"), ("hamza", "no")))
    row = entry(cast, sheet)
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    assert "Other rows for this code" in page
    assert "Another row for the same code has a different answer." in page
    farah.post(row_url(QUEUE, row.pk, "choose"), {"reason": "correction"})
    assert (entry(cast, sheet).state, entry(cast, sheet, 3).state) == ("confirmed", "dismissed")


def test_a_row_that_cannot_be_recorded_is_explained_and_dismissed(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    row = entry(cast, brought(cast, farah, *lines_for(cast, run, ("danish", "yes"))))
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    assert "a guardian must answer" in page
    assert "Record this row" not in page
    assert farah.post(row_url(QUEUE, row.pk, "dismiss"), {"reason": "review"}).status_code == 302
    assert entry(cast, AnswerSheet(pk=row.sheet_id)).state == "dismissed"


def test_the_start_page_shows_that_answers_wait(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    assert "Answers to confirm" not in farah.get("/admin/").content.decode()
    brought(cast, farah, *lines_for(cast, run, ("hamza", "yes")))
    assert "Answers to confirm" in farah.get("/admin/").content.decode()


def test_the_queue_is_filtered_by_sheet_and_state(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    sheet = brought(cast, farah, *lines_for(cast, run, ("hamza", "yes"), ("danish", "yes")))
    narrowed = farah.get(f"{list_url(QUEUE)}?sheet={sheet.pk}&state__exact=guardian").content.decode()
    assert "lms-danish" in narrowed
    assert ">lms-hamza<" not in narrowed
    assert farah.get(f"{list_url(QUEUE)}?sheet=nonsense").status_code == 400


@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_page_follows_the_content_security_policy_in_both_languages(
    cast: Cast, farah: Client, language: str
) -> None:
    run = made(cast, farah)
    sheet = brought(cast, farah, *lines_for(cast, run, ("hamza", "yes"), ("hamza", "no")), line("1111-1111"))
    row, unmatched = entry(cast, sheet), entry(cast, sheet, 4)
    farah.get(f"/admin/?lang={language}")
    addresses = [
        *(list_url(model) for model in (FORMS, SHEETS, QUEUE)),
        *(f"{list_url(model)}add/" for model in (FORMS, SHEETS)),
        row_url(FORMS, run.pk),
        row_url(FORMS, run.pk, "print"),
        row_url(SHEETS, sheet.pk),
        row_url(QUEUE, row.pk),
        row_url(QUEUE, row.pk, "choose"),
        row_url(QUEUE, unmatched.pk),
        row_url(QUEUE, unmatched.pk, "match"),
    ]
    for address in addresses:
        answer = farah.get(address)
        page = answer.content.decode()
        assert (answer.status_code, refused_by_policy(page)) == (200, []), address
        assert f'lang="{language}"' in page


def queries_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert browser.get(address).status_code == 200
    return len(found)


def test_lists_run_the_same_number_of_queries_for_any_number_of_rows(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    brought(cast, farah, *lines_for(cast, run, ("hamza", "yes")))
    farah.get(list_url(QUEUE))
    before = queries_of(farah, list_url(QUEUE))
    more = sheet_of(*lines_for(cast, run, ("junaid", "no"), ("danish", "no"), ("danish", "yes")))
    farah.post(f"{list_url(SHEETS)}add/", {"file": SimpleUploadedFile("more.csv", more)})
    farah.get(list_url(QUEUE))
    assert queries_of(farah, list_url(QUEUE)) == before


def test_the_people_without_a_page_are_named_with_the_reason(cast: Cast, farah: Client) -> None:
    with in_client(cast.client_id("indus")):
        for number in range(11):
            SubjectFactory(client=cast.client("indus"), external_id=f"lms-tutor-{number:02}", role="instructor")
    ids = "\n".join(["lms-danish", *(f"lms-tutor-{number:02}" for number in range(11))])
    values = {"name": "A", "addressee": "guardian", "purposes": [], "ids": ids}
    page = farah.post(f"{list_url(FORMS)}add/", values, follow=True).content.decode()
    assert "11 of the chosen people have no page, because they decide for themselves: lms-tutor-00, " in page
    assert "lms-tutor-09, …" in page
    assert "lms-tutor-10" not in page
    with in_client(cast.client_id("indus")):
        make_consent_purpose(cast.client("indus"), "choir", ["contact_details"], roles=("student",))
    values = {"name": "B", "addressee": "person", "purposes": ["choir"], "ids": IDS}
    page = farah.post(f"{list_url(FORMS)}add/", values, follow=True).content.decode()
    assert "1 of the chosen people has no page, because no chosen purpose is based on consent for their role: " in page
    assert "for their role: lms-junaid." in page


def test_those_who_have_left_have_a_page_if_they_are_named_only(cast: Cast, farah: Client) -> None:
    values: dict[str, Any] = {"name": "A", "addressee": "person", "purposes": ["newsletter"]}
    with in_client(cast.client_id("indus")):
        values["role"] = cast.subject("hamza").role
        by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
        register_subject("lms-hamza", details={"is_enabled": False}, **by)
    for ids in ("", "lms-hamza"):
        farah.post(f"{list_url(FORMS)}add/", {**values, "ids": ids})
    with in_client(cast.client_id("indus")):
        named, all_of_the_role = FormRun.objects.all()
        people = [
            set(FormPage.objects.filter(run=run).values_list("subject__external_id", flat=True))
            for run in (named, all_of_the_role)
        ]
    assert people[0] == {"lms-hamza"}
    assert "lms-hamza" not in people[1]


def test_unknown_lms_ids_are_named_up_to_ten(cast: Cast, farah: Client) -> None:
    values = {"name": "A", "addressee": "person", "purposes": ["newsletter"]}
    ids = [f"lms-none-{number:02}" for number in range(11)]
    page = farah.post(f"{list_url(FORMS)}add/", {**values, "ids": "\n".join(ids)}).content.decode()
    assert f"This client has no people with these LMS ids: {', '.join(ids[:10])}, …." in page


def test_a_form_for_a_class_by_its_name_has_a_page_for_each_of_its_people(cast: Cast, farah: Client) -> None:
    with in_client(cast.client_id("indus")):
        record(cast.client("indus"), given(enrolled("lms-hamza", "4b")), timezone.now())
    assert made(cast, farah, ids="", place="4-B").people == 1
