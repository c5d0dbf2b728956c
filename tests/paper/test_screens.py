"""The screens of forms and their answers: made, printed, typed in and settled."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from children.guardians.models import ServiceAuthorisation
from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import Consent, ConsentEvidence
from consent.paper import admin as screens
from consent.paper.models import FormPage, FormRun, PaperAnswer
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import Cast
from tests.children.guardians import make_guardian
from tests.console.pages import list_url, row_url
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory, make_consent_purpose
from tests.schools.making import enrolled, given, record
from tests.signing_in import browser_of

FORMS, QUEUE = "paper/formrun", "paper/paperanswer"
IDS = "lms-hamza\n lms-junaid \n\nlms-danish"


@pytest.fixture
def farah(cast: Cast) -> Client:
    return browser_of(cast.user("farah"))


def made(cast: Cast, browser: Client, query: str = "", **changed: Any) -> FormRun:
    asked = {"addressee": "person", "purposes": ["newsletter", "product_research"]}
    values = {"name": "Grade 7 B", "ids": IDS, **asked, **changed}
    answer = browser.post(f"{list_url(FORMS)}add/{query}", values)
    assert answer.status_code == 302, answer.content.decode()
    return cast.get(FormRun)


def fields_for(cast: Cast, run: FormRun, name: str, **answers: str) -> dict[str, str]:
    """Return the fields of a page in the list to type in; answered today in Karachi, unless they say otherwise."""
    with in_client(cast.client_id("indus")):
        today = str(timezone.localdate(timezone=ZoneInfo("Asia/Karachi")))
        number = FormPage.objects.get(run=run, subject=cast.subject(name)).position
    return {f"{number}-{field}": value for field, value in {"answered_on": today, **answers}.items()}


def typed(cast: Cast, browser: Client, run: FormRun, *pages: dict[str, str], **changed: str) -> list[PaperAnswer]:
    """Type in answers; returns all answers of the form in the order of the print."""
    values = {"method": "paper", "note": "Box 3", **changed}
    for page in pages:
        values |= page
    answer = browser.post(row_url(FORMS, run.pk, "enter"), values)
    assert answer.status_code == 302, answer.content.decode()
    with in_client(cast.client_id("indus")):
        return list(PaperAnswer.objects.filter(page__run=run).order_by("page__position"))


def test_a_form_is_made_for_people_by_id(cast: Cast, farah: Client) -> None:
    run = made(cast, farah, f"?client={cast.client_id('khyber')}")  # which she cannot choose
    assert (run.client_id, run.name, run.people) == (cast.client_id("indus"), "Grade 7 B", 3)
    page = farah.get(row_url(FORMS, run.pk)).content.decode()
    for words in ("Newsletter", "About newsletter, version 1", "Print the form", "Enter the answers"):
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
    page = amina.get(add).content.decode()
    assert "Choose a client" in page
    assert f'<option value="{cast.client_id("indus")}">' in page
    query = f"?client={cast.client_id('indus')}"
    assert "About" not in page
    assert "Newsletter" in amina.get(add + query).content.decode()
    assert made(cast, amina, query).client_id == cast.client_id("indus")
    for unknown in ("nonsense", "0190b9f4-0000-7000-8000-000000000000"):
        assert amina.get(f"{add}?client={unknown}").status_code in {200, 400}
    kept = amina.get(f"{add}?addressee=guardian&unreachable=1").content.decode()
    assert '<input type="hidden" name="addressee" value="guardian">' in kept


def test_printing_requires_a_reason_and_returns_a_pdf_that_is_not_cached(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    url = row_url(FORMS, run.pk, "print")
    assert "names of 3 people" in farah.get(url).content.decode()
    assert "This field is required" in farah.post(url, {}).content.decode()
    assert not cast.has(AccessRecord)
    answer = farah.post(url, {"reason": "client_instruction"})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.filter(reason="client_instruction").count() == 3


def test_the_list_to_type_in_has_pages_and_no_names(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    page = farah.get(row_url(FORMS, run.pk, "enter")).content.decode()
    for words in (f"{run.reference}-1", f"{run.reference}-3", "lms-hamza", "newsletter", "product_research"):
        assert words in page
    assert "Hamza" not in page


def test_a_long_list_has_parts(cast: Cast, farah: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "PAGES_AT_ONCE", 2)
    run = made(cast, farah)
    first, second = (farah.get(f"{row_url(FORMS, run.pk, 'enter')}?page={number}") for number in (1, 2))
    assert 'href="?page=2"' in first.content.decode()
    assert f"{run.reference}-3" not in first.content.decode()
    assert 'name="3-newsletter"' in second.content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"answered_on": ""}, "This field is required."),
        ({"answered_on": "2020-01-01"}, "The day is not between the making of the form and today."),
        ({"answered_on": "yesterday"}, "Enter a valid date."),
        ({"newsletter": "perhaps"}, "not one of the available choices"),
        ({"newsletter": ""}, "No answer is entered."),
        ({"note": "42101-1234567-1"}, "Do not enter numbers of identity cards"),
    ],
)
def test_invalid_answers_are_reported_in_the_list(cast: Cast, farah: Client, changed: Any, words: str) -> None:
    run, note = made(cast, farah), changed.get("note", "")
    values = fields_for(cast, run, "hamza", **{"newsletter": "yes", **changed})
    answer = farah.post(row_url(FORMS, run.pk, "enter"), {"method": "paper", "note": note, **values})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not cast.has(PaperAnswer)


def test_waiting_answers_are_confirmed_together(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    said = {"hamza": "yes", "junaid": "no", "danish": "yes"}
    typed(cast, farah, run, *(fields_for(cast, run, name, newsletter=word) for name, word in said.items()))
    assert "Waiting to be confirmed" in farah.get(row_url(FORMS, run.pk, "enter")).content.decode()
    page = farah.post(row_url(FORMS, run.pk, "confirm"), {}, follow=True).content.decode()
    assert "2 answers are confirmed." in page
    assert "lms-danish: Not everything can be recorded. newsletter: The person is a child" in page
    with in_client(cast.client_id("indus")):
        states = dict(Consent.objects.values_list("subject__external_id", "state"))
    assert states == {"lms-hamza": "given", "lms-junaid": "refused"}
    assert "Confirm all that wait" not in farah.get(row_url(FORMS, run.pk)).content.decode()


def test_one_answer_is_confirmed_with_its_scan(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    [row] = typed(cast, farah, run, fields_for(cast, run, "hamza", newsletter="yes"))
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
    history = farah.get(row_url(QUEUE, row.pk, "history")).content.decode()
    assert "Answers on paper entered" in history
    assert "Answer on paper confirmed" in history


def test_an_answer_that_cannot_be_recorded_is_explained_and_dismissed_or_left_out(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    [row] = typed(cast, farah, run, fields_for(cast, run, "danish", newsletter="yes"))
    page = farah.post(row_url(QUEUE, row.pk, "confirm"), {}).content.decode()
    assert "newsletter: The person is a child" in page
    assert farah.post(row_url(QUEUE, row.pk, "dismiss"), {"reason": "review"}).status_code == 302
    assert cast.get(PaperAnswer).state == "dismissed"
    both = fields_for(cast, run, "danish", newsletter="yes", product_research="no")
    row = next(one for one in typed(cast, farah, run, both) if one.state == "waiting")
    page = farah.post(row_url(QUEUE, row.pk, "confirm"), {}, follow=True).content.decode()
    assert "Not recorded: newsletter: The person is a child" in page


def test_the_start_page_shows_that_answers_wait_and_the_queue_is_filtered(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    assert "Answers to confirm" not in farah.get("/admin/").content.decode()
    typed(cast, farah, run, fields_for(cast, run, "hamza", newsletter="yes"))
    assert "Answers to confirm" in farah.get("/admin/").content.decode()
    narrowed = farah.get(f"{list_url(QUEUE)}?form={run.pk}&state__exact=waiting").content.decode()
    assert ">lms-hamza<" in narrowed
    assert ">lms-hamza<" not in farah.get(f"{list_url(QUEUE)}?state__exact=held").content.decode()
    assert farah.get(f"{list_url(QUEUE)}?form=nonsense").status_code == 400


def queries_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert browser.get(address).status_code == 200
    return len(found)


def test_lists_run_the_same_number_of_queries_for_any_number_of_rows(cast: Cast, farah: Client) -> None:
    run = made(cast, farah)
    typed(cast, farah, run, fields_for(cast, run, "hamza", newsletter="yes"))
    addresses = [list_url(QUEUE), row_url(FORMS, run.pk, "enter")]
    before = [queries_of(farah, address) for address in (*addresses, *addresses)][2:]
    typed(cast, farah, run, *(fields_for(cast, run, name, newsletter="no") for name in ("junaid", "danish")))
    assert [queries_of(farah, address) for address in (*addresses, *addresses)][2:] == before


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


INVITATIONS = "invitations/invitation"


@pytest.fixture
def run(cast: Cast, farah: Client) -> FormRun:
    return made(cast, farah, addressee="guardian", name="Grade 3 A", ids="lms-danish\nlms-iqra")


def test_a_form_for_guardians_is_made_printed_entered_and_confirmed(cast: Cast, farah: Client, run: FormRun) -> None:
    assert (run.people, run.addressee) == (2, "guardian")
    page = farah.get(row_url(FORMS, run.pk)).content.decode()
    assert "Use of the platform" in page
    printing = row_url(FORMS, run.pk, "print")
    assert "addressed to the parent or guardian" in farah.get(printing).content.decode()
    assert farah.post(printing, {"reason": "client_instruction"}).content.startswith(b"%PDF-")
    with in_client(cast.client_id("indus")):
        assert AccessRecord.objects.filter(fields="full_name").count() == 2
    listed = farah.get(row_url(FORMS, run.pk, "enter")).content.decode()
    for words in ("platform-use", "lms-esra (Parent)", "The child", "name them on the child’s page first"):
        assert words in listed
    assert "outside-recipients" not in listed
    lms = Caller(cast.key("indus"))
    assert not lms.ask("lms-danish", "newsletter")["decision"]
    esra = str(cast.subject_id("esra"))
    answers = {"guardian": esra, "platform-use": "yes", "newsletter": "yes", "product_research": "no"}
    [row] = typed(cast, farah, run, fields_for(cast, run, "danish", **answers))
    shown = farah.post(row_url(FORMS, run.pk, "confirm"), {}, follow=True)
    assert "1 answer is confirmed." in shown.content.decode()
    assert lms.ask("lms-danish", "newsletter")["decision"]
    assert not lms.ask("lms-danish", "product_research")["decision"]
    answer = cast.get(ServiceAuthorisation)
    page = farah.get(row_url(QUEUE, row.pk)).content.decode()
    for words in ("lms-esra", str(answer.pk), "Recorded", "platform-use: yes"):
        assert words in page


@pytest.mark.parametrize(
    ("guardian", "method", "words"),
    [
        ("", "paper", "This field is required."),
        ("hamza", "paper", "not one of the available choices"),
        ("esra", "phone", "A guardian’s consent by telephone is not signed: only a refusal can be entered."),
    ],
)
def test_who_signed_is_chosen_among_the_guardians_on_file(
    cast: Cast, farah: Client, *, run: FormRun, guardian: str, method: str, words: str
) -> None:
    chosen = str(cast.subject_id(guardian)) if guardian else ""
    values = fields_for(cast, run, "danish", **{"guardian": chosen, "platform-use": "yes"})
    answer = farah.post(row_url(FORMS, run.pk, "enter"), {"method": method, **values})
    assert answer.status_code == 200
    assert words in answer.content.decode()


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
