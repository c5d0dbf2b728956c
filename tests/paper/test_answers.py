"""Typed answers: they count only once confirmed, and never undo a later answer."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from children.guardians.authority import CardNumberFound
from consent.consents.models import Consent, ConsentEvent, ConsentEvidence, ConsentState
from consent.consents.services.consent_basis import open_evidence
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import Notice
from consent.notices.selectors.registers import get_current_notice
from consent.notices.services.publishing import publish_notice_version
from consent.paper.models import FormPage, FormPurpose, FormRun, PaperAnswer
from consent.paper.pdf import Form, Page, PrintedUse, Question, ServiceQuestion, render_pdf
from consent.paper.selectors import purposes_to_ask, select_people
from consent.paper.services.answers import AnswersRefused, confirm_answer, confirm_waiting, dismiss_answer
from consent.paper.services.forms import make_form, print_form
from consent.register.compiled import PurposeText
from consent.register.models.purposes import LawfulBasis
from consent.register.services import end_period
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress, erase_subject, start_erasure
from paktaleem.directory.schools.selectors import Selection
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.text.typesetting import find_unprintable
from tests.cast import refused_to
from tests.consent.making import shown
from tests.paper.typing_in import BOTH, enter, form_for, page_of, said

MADE = datetime(2026, 9, 20, 9, tzinfo=UTC)
SIGNED = datetime(2026, 9, 29, 19, tzinfo=UTC)
"""The start of 30 September in Karachi."""
ENDED = SIGNED + timedelta(days=1)
LATER = ENDED + timedelta(hours=1)
CORRECTION: dict[str, Any] = {"reason": Reason.CORRECTION}


@pytest.fixture
def farah(cast):
    return cast.actor("farah")


@pytest.fixture
def run(cast, indus):
    people = [cast.subject(name) for name in ("danish", "hamza", "iqra", "junaid")]
    return form_for(cast, people, MADE)


@pytest.fixture
def page(cast, run):
    return lambda name: page_of(run, cast.subject(name))


def answer(cast, name, state, at, purpose="newsletter"):
    subject = cast.subject(name)
    token = shown(subject.client_id, at - timedelta(minutes=1), purpose)
    record_answers(
        subject, answers=[Answer(purpose, ConsentState(state))], shown=token, actor=cast.key_actor("indus"), at=at
    )


def states() -> list[str]:
    return list(PaperAnswer.objects.order_by("page__position").values_list("state", flat=True))


def test_a_typed_answer_alone_changes_nothing(cast, now, run, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), "yes", "no"))
    assert entered.state == "waiting"
    assert not ConsentEvent.objects.exists()
    facts = json.loads(Entry.objects.get(kind="answer.entered").body)["facts"]
    assert facts == {"form": str(run.pk), "answers": [str(entered.pk)]}


def test_confirming_records_each_purpose_with_evidence(cast, now, page, farah):
    later = now + timedelta(hours=1)
    [entered] = enter(cast, now, said(page("hamza"), "yes", "no"), method="phone", note="Call at nine")
    assert b"Call" not in entered.note.ciphertext
    assert confirm_answer(entered, actor=farah, at=later) == {}
    events = {event.purpose.code: event for event in ConsentEvent.objects.all()}
    states = {code: event.state for code, event in events.items()}
    assert states == {"newsletter": "given", "product_research": "refused"}
    given = events["newsletter"]
    assert (given.method, given.given_by, given.claimed_at, given.recorded_at) == ("phone", "self", SIGNED, later)
    assert given.actor_id == farah.id
    words = open_evidence(ConsentEvidence.objects.get(event=given), actor=farah, **CORRECTION, at=later)
    assert words == f"Form “Grade 7 B”, page {page('hamza').reference}: Call at nine"
    confirmed = PaperAnswer.objects.get()
    assert (confirmed.state, confirmed.note) == ("confirmed", None)
    assert sorted(confirmed.recorded) == sorted(event.pk for event in events.values())
    facts = json.loads(Entry.objects.get(kind="answer.confirmed").body)["facts"]
    assert sorted(facts["events"]) == sorted(str(event.pk) for event in events.values())


def test_a_scan_becomes_evidence_of_every_answer_and_confirming_twice_records_once(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), "yes", "yes"))
    for _ in range(2):
        confirm_answer(entered, scan=io.BytesIO(b"%PDF-1.7 signed"), actor=farah, at=now)
    assert ConsentEvidence.objects.filter(file__isnull=False).count() == 2
    assert (ConsentEvent.objects.count(), Entry.objects.filter(kind="answer.confirmed").count()) == (2, 1)


def test_confirming_all_holds_what_cannot_be_recorded(cast, now, run, page, farah):
    enter(cast, now, said(page("hamza")), said(page("danish")), said(page("junaid"), "no"))
    outcome = confirm_waiting(run, actor=farah, at=now)
    assert (outcome.number, outcome.left) == (2, 0)
    [(held, error)] = outcome.held
    assert (held.subject_id, type(error)) == (cast.subject_id("danish"), AnswersRefused)
    assert states() == ["held", "confirmed", "confirmed"]


def test_many_answers_are_confirmed_in_parts(cast, now, settings, *, run, page, farah):
    settings.ANSWERS_AT_ONCE = 1
    enter(cast, now, said(page("hamza")), said(page("danish")), said(page("junaid"), "no"))
    outcomes = [confirm_waiting(run, actor=farah, at=now) for _ in range(3)]
    assert [one.left for one in outcomes] == [2, 1, 0]
    assert sum(one.number for one in outcomes) == 2


@pytest.mark.parametrize("day", [date(2026, 9, 19), date(2026, 10, 2)])
def test_an_answer_before_the_form_or_in_the_future_is_refused(cast, now, page, day):
    with pytest.raises(ValidationError) as told:
        enter(cast, now, said(page("hamza")), replace(said(page("iqra")), answered_on=day))
    assert list(told.value.message_dict) == [f"{page('iqra').position}-answered_on"]
    assert not PaperAnswer.objects.exists()


def test_a_form_may_be_signed_on_the_day_it_was_made(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("hamza"), day=date(2026, 9, 20)))
    confirm_answer(entered, actor=farah, at=now)
    assert ConsentEvent.objects.get().claimed_at == MADE


def test_a_person_has_one_open_answer(cast, now, page, farah):
    [first] = enter(cast, now, said(page("hamza"), "yes"))
    with pytest.raises(ValidationError, match="waits already"):
        enter(cast, now, said(page("hamza"), "no"))
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperAnswer(
            client_id=first.client_id, page=first.page, subject=first.subject, answered_on=date.min, entered_at=now
        ).save()
    dismiss_answer(first, actor=farah, **CORRECTION, at=now)
    enter(cast, now, said(page("hamza"), "no"))


def test_the_number_of_an_identity_card_is_refused(cast, now, page):
    with pytest.raises(CardNumberFound):
        enter(cast, now, said(page("hamza")), note="CNIC 42101-1234567-1")


@pytest.mark.parametrize(
    ("state", "at", "word", "is_recorded"),
    [
        ("refused", LATER, "yes", False),
        ("given", LATER, "no", False),
        ("refused", SIGNED + timedelta(hours=2), "yes", False),
        ("given", SIGNED + timedelta(hours=2), "no", True),
        ("given", SIGNED - timedelta(days=2), "no", True),
    ],
    ids=str,
)
def test_a_later_answer_stays_and_on_the_day_a_refusal_takes_precedence(
    cast, now, *, page, farah, state, at, word, is_recorded
):
    answer(cast, "hamza", state, at)
    [entered] = enter(cast, now, said(page("hamza"), word))
    if is_recorded:
        confirm_answer(entered, actor=farah, at=now)
    else:
        with pytest.raises(AnswersRefused, match="newsletter"):
            confirm_answer(entered, actor=farah, at=now)
    assert Consent.objects.get().state == ("refused" if is_recorded else state)


def test_the_same_later_answer_is_not_recorded_again(cast, now, page, farah):
    answer(cast, "hamza", "given", LATER)
    [entered] = enter(cast, now, said(page("hamza"), "yes", "yes"))
    assert list(confirm_answer(entered, actor=farah, at=now)) == ["newsletter"]
    assert ConsentEvent.objects.count() == 2


@pytest.mark.parametrize("ended", [SIGNED + timedelta(hours=1), LATER])
def test_a_withdrawal_after_the_paper_is_not_undone(cast, now, page, farah, ended):
    answer(cast, "hamza", "given", SIGNED - timedelta(days=2))
    [entered] = enter(cast, now, said(page("hamza"), "yes"))
    withdraw_consent(cast.subject("hamza"), purpose="newsletter", actor=farah, at=ended)
    with pytest.raises(AnswersRefused):
        confirm_answer(entered, actor=farah, at=now)
    assert Consent.objects.get().state == "withdrawn"
    assert states() == ["waiting"]


def change_notice(cast, at):
    notice = Notice.objects.get(code="about_newsletter", client_id=cast.client_id("indus"))
    publish_notice_version(
        notice,
        text_en="New words.",
        text_ur="نئے الفاظ",
        is_material=False,
        effective_at=at,
        actor=cast.actor("farah"),
        reason=Reason.REVIEW,
        at=at,
    )


def test_under_a_changed_notice_only_refusals_are_recorded(cast, now, *, run, page, farah):
    change_notice(cast, now - timedelta(hours=1))
    hamza, _ = enter(cast, now, said(page("hamza"), "yes", "yes"), said(page("junaid"), "no"))
    assert confirm_waiting(run, actor=farah, at=now).number == 1
    assert list(confirm_answer(hamza, actor=farah, at=now)) == ["newsletter"]
    found = {(one.subject_id, one.purpose.code): one.state for one in Consent.objects.all()}
    assert found == {
        (cast.subject_id("junaid"), "newsletter"): "refused",
        (cast.subject_id("hamza"), "product_research"): "given",
    }
    facts = json.loads(Entry.objects.filter(kind="answer.confirmed").latest("id").body)["facts"]
    assert facts["left_out"] == ["newsletter"]


def test_a_child_may_refuse_and_not_consent(cast, now, page, farah):
    [entered] = enter(cast, now, said(page("danish"), "yes", "no"))
    assert list(confirm_answer(entered, actor=farah, at=now)) == ["newsletter"]
    assert ConsentEvent.objects.get().state == "refused"


@pytest.mark.parametrize(("erase", "error"), [(erase_subject, AlreadyErased), (start_erasure, ErasureInProgress)])
def test_nothing_is_recorded_about_an_erased_person(cast, now, *, page, farah, erase, error):
    [entered] = enter(cast, now, said(page("hamza")))
    erase(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    with pytest.raises(error):
        confirm_answer(entered, actor=farah, at=now)
    with pytest.raises(ValidationError, match="erased"):
        enter(cast, now, said(page("hamza")))
    dismiss_answer(entered, actor=farah, **CORRECTION, at=now)
    assert states() == ["dismissed"]
    assert not ConsentEvent.objects.exists()


def test_a_settled_answer_cannot_be_settled_again(cast, now, page, farah):
    confirmed, dismissed = enter(cast, now, said(page("hamza")), said(page("junaid")))
    confirm_answer(confirmed, actor=farah, at=now)
    dismiss_answer(dismissed, actor=farah, **CORRECTION, at=now)
    for settled in (confirmed, dismissed):
        with pytest.raises(Refused, match="already been settled"):
            dismiss_answer(settled, actor=farah, **CORRECTION, at=now)
    with pytest.raises(Refused, match="already been settled"):
        confirm_answer(dismissed, actor=farah, at=now)
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_enter_or_settle(cast, now, run, page, who):
    [entered] = enter(cast, now, said(page("hamza")))
    actor = cast.actor(who)
    acts = [
        lambda: enter(cast, now, said(page("junaid")), actor=actor),
        lambda: confirm_answer(entered, actor=actor, at=now),
        lambda: confirm_waiting(run, actor=actor, at=now),
        lambda: dismiss_answer(entered, actor=actor, **CORRECTION, at=now),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert not ConsentEvent.objects.exists()


def test_the_database_refuses_an_unconfirmed_answer_with_events_and_changed_pages(cast, now, run, page):
    [entered] = enter(cast, now, said(page("hamza")))
    entered.recorded = ["00000000-0000-7000-8000-000000000001"]
    with pytest.raises(IntegrityError), transaction.atomic():
        entered.save()
    with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
        FormPage._default_manager.update(client_id=run.client_id)


def test_entering_runs_the_same_number_of_queries_for_any_number_of_answers(cast, now, page):
    alone, class_of_three = [said(page("hamza"))], [said(page(name)) for name in ("danish", "iqra", "junaid")]
    counts = []
    for typed in (alone, class_of_three):
        with CaptureQueriesContext(connection) as found:
            enter(cast, now, *typed)
        counts.append(len(found))
    assert counts[0] == counts[1]


# Creating and printing forms: who is asked what, under which notice; printing is a logged access.


ADDRESS = "portal.example/choices/indus/"


@pytest.fixture
def hamza(cast, indus):
    return cast.subject("hamza")


def test_each_person_has_a_page_and_the_notices_and_the_maker_are_recorded(cast, indus, now, hamza):
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    pages = list(FormPage.objects.filter(run=run))
    assert [page.subject.external_id for page in pages] == ["lms-hamza", "lms-junaid"]
    assert [page.reference for page in pages] == [f"{run.reference}-1", f"{run.reference}-2"]
    assert run.people == 2
    kept = {one.purpose.code: one.notice_version_id for one in FormPurpose.objects.filter(run=run)}
    assert kept == {code: get_current_notice(code, client_id=indus.id, at=now).pk for code in BOTH}
    entry = Entry.objects.get(kind="form.made")
    assert (entry.actor_id, entry.recorded_at) == (cast.user_id("farah"), now)
    facts = json.loads(entry.body)["facts"]
    assert (facts["form"], facts["people"], set(facts["purposes"])) == (str(run.pk), 2, set(BOTH))
    assert "Grade" not in entry.body
    new: Any = {"name": "A", "purposes": BOTH, "people": [hamza], "at": now}
    refused_to("bilal sana celia", lambda name: make_form(indus, **new, actor=cast.actor(name)))
    told: Any = {"address": ADDRESS, "reason": Reason.REVIEW, "at": now}
    refused_to("bilal sana celia", lambda name: print_form(run, **told, actor=cast.actor(name)))


def test_people_are_asked_only_about_purposes_based_on_their_consent(cast, indus, now, hamza):
    assert [purpose.code for purpose in purposes_to_ask(indus.id, at=now)] == list(BOTH)
    basis = LawfulBasis.objects.get(client_id=indus.id, purpose__code="newsletter", role="student")
    end_period(basis, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now - timedelta(hours=1))
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    pages = {page.subject.external_id: page.purposes for page in FormPage.objects.filter(run=run)}
    assert pages == {"lms-hamza": ["product_research"], "lms-junaid": ["newsletter", "product_research"]}
    alone = form_for(cast, [hamza, cast.subject("junaid")], now, ["newsletter"])
    assert [page.subject.external_id for page in FormPage.objects.filter(run=alone)] == ["lms-junaid"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purposes": []}, "purposes"),
        ({"purposes": ["nothing"]}, "purposes"),
        ({"purposes": ["support"]}, "purposes"),
        ({"people": []}, "people"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Grade 한"}, "name"),
    ],
)
def test_invalid_input_names_its_field(cast, indus, now, changed, field):
    values = {"name": "Grade 7 B", "purposes": BOTH, "people": [cast.subject("hamza")], **changed}
    with pytest.raises(ValidationError) as told:
        make_form(indus, **values, actor=cast.actor("farah"), at=now)
    assert list(told.value.message_dict) == [field]
    assert not FormRun.objects.exists()


def test_a_form_has_a_maximum_number_of_people(cast, indus, now, hamza, settings):
    settings.FORM_MOST_PEOPLE = 1
    with pytest.raises(ValidationError, match="2 people would be asked: a form is for 1 to 1"):
        form_for(cast, [hamza, cast.subject("junaid")], now)


def test_people_are_selected_by_id_by_role_and_by_the_start_of_their_id(cast, indus, now):
    farah = cast.actor("farah")

    def found(**wanted):
        return [one.external_id for one in select_people(indus, Selection(**wanted), actor=farah, at=now)]

    assert found(ids=("lms-junaid", "lms-hamza")) == ["lms-hamza", "lms-junaid"]
    assert found(role="student") == ["lms-danish", "lms-hamza", "lms-iqra"]
    assert found(role="student", beginning="lms-h") == ["lms-hamza"]
    with pytest.raises(ValidationError, match="lms-kiran, lms-nobody"):
        found(ids=("lms-hamza", "lms-nobody", "lms-kiran"))


def test_printing_records_access_to_each_person_with_its_reason(cast, indus, now, hamza):
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    pdf = print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert pdf.startswith(b"%PDF-")
    looks = AccessRecord.objects.order_by("subject__external_id")
    assert [(one.subject.external_id, one.fields, one.reason) for one in looks] == [
        ("lms-hamza", "full_name", "review"),
        ("lms-junaid", "full_name", "review"),
    ]
    assert {one.actor_id for one in looks} == {cast.user_id("farah")}
    facts = json.loads(Entry.objects.get(kind="form.printed").body)["facts"]
    assert (facts["form"], facts["pages"], facts["reason"]) == (str(run.pk), 2, "review")
    assert len(facts["sha256"]) == 64


def test_people_erased_since_are_not_printed(cast, indus, now, hamza):
    run = form_for(cast, [hamza, cast.subject("junaid")], now)
    erase_subject(hamza, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
    assert [one.subject_id for one in AccessRecord.objects.all()] == [cast.subject_id("junaid")]


def test_making_and_printing_a_form_runs_few_queries(cast, indus, now, django_assert_max_num_queries):
    people = [cast.subject(name) for name in ("hamza", "junaid", "iqra", "danish")]
    with django_assert_max_num_queries(25):
        run = form_for(cast, people, now)
    with django_assert_max_num_queries(12):
        print_form(run, address=ADDRESS, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)


TEXT_EN = "# What we ask\n\nOur **letter**, once a month.\n\n- You can stop it"
TEXT_UR = "# ہم کیا پوچھتے ہیں\n\nمہینے میں ایک بار **خط**۔\n\n- آپ اسے روک سکتے ہیں"  # noqa: RUF001 -- Urdu
QUESTION = Question(
    code="newsletter",
    purpose=(PurposeText("Newsletter", "Monthly news"), PurposeText("خبرنامہ", "ماہانہ خبریں")),
    notice="about",
    title=("About the newsletter", "خبرنامے کے بارے میں"),
    text=(TEXT_EN, TEXT_UR),
    version=1,
)
PEOPLE = {"7A2D9E-1": "Hamza Lodhi", "7A2D9E-2": "اقرا خان"}


def rendered(*pages: Page, **values: Any) -> PdfReader:
    given = {"client": "Indus Schools", "group": "Grade 7 B", "address": "portal.example/choices/indus/", **values}
    form = Form(**{"contact": "support@PakTaleem.com", "questions": [QUESTION], "pages": pages, **given})
    return PdfReader(io.BytesIO(render_pdf(form)))


@pytest.fixture(scope="module")
def read():
    return rendered(*(Page(reference, name, "lms-1", ("newsletter",)) for reference, name in PEOPLE.items()))


def catalog(read) -> Any:
    return read.trailer["/Root"]


def tags(node: Any, language: str) -> Iterator[tuple[str, str, Any]]:
    node = node.get_object()
    for one in node if isinstance(node, list) else [node]:
        found = one.get_object()
        if isinstance(found, dict) and "/S" in found:
            spoken = str(found.get("/Lang", language))
            yield str(found["/S"]), spoken, found
            if "/K" in found:
                yield from tags(found["/K"], spoken)


def all_tags(read) -> list[tuple[str, str, Any]]:
    return list(tags(catalog(read)["/StructTreeRoot"]["/K"], str(catalog(read)["/Lang"])))


def test_the_pdf_declares_pdf_ua_1_with_title_and_language_and_no_personal_names(read):
    assert catalog(read)["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog(read)["/Metadata"].get_data()
    assert read.metadata["/Title"] == "Consent form: Grade 7 B"
    assert catalog(read)["/ViewerPreferences"]["/DisplayDocTitle"]
    assert catalog(read)["/Lang"] == "en"


def test_each_page_and_question_has_headings_and_lists_in_both_languages(read):
    assert sorted(language for tag, language, _ in all_tags(read) if tag == "/L") == ["en", "en", "ur", "ur"]
    headings = [(tag, language) for tag, language, _ in all_tags(read) if tag.startswith("/H")]
    about, asks, who = [("/H2", "en"), ("/H2", "ur")], [("/H3", "en"), ("/H3", "ur")], ("/H2", "en")
    assert headings == [("/H1", "en"), *about, *asks, who] * len(PEOPLE)


def test_each_person_has_a_page_with_its_reference(read):
    assert len(read.pages) == len(PEOPLE)
    for page, reference in zip(read.pages, PEOPLE, strict=True):
        assert reference in page.extract_text()


@pytest.fixture(scope="module")
def read_for_guardians():
    use = PrintedUse(
        purpose=(
            PurposeText("Delivering the service", "To run courses."),
            PurposeText("سروس کی فراہمی", "کورس چلانے کے لیے۔"),
        ),
        data=("Content", "مواد"),
        recipients="CloudHost (Hosting)",
    )
    return rendered(
        Page("7A2D9E-1", "Danish Qureshi", "lms-danish", ("newsletter",), "with"),
        Page("7A2D9E-2", "Iqra Shah", "lms-iqra", (), "without"),
        group="Grade 3 A",
        address="portal.example/guardian/indus/",
        for_guardians=True,
        policy="portal.example/privacy/indus/",
        services={"with": ServiceQuestion([use], asks_sharing=True), "without": ServiceQuestion([use], False)},
    )


def test_a_form_for_guardians_names_the_platform_its_data_and_recipients(read_for_guardians):
    text = " ".join(" ".join(page.extract_text() for page in read_for_guardians.pages).split())
    for words in (
        *("Form for parents and guardians", "To the parent or guardian of", "Danish Qureshi"),
        *("May the child use the platform?", "Delivering the service", "Content", "CloudHost (Hosting)"),
        *("Name in full", "Signature", "Relative"),
        *("portal.example/guardian/indus/", "portal.example/privacy/indus/"),
    ):
        assert words in text, words
    assert "By telephone" not in text
    assert text.count("May the outside recipients") == 1


def test_a_form_for_guardians_is_accessible_and_names_no_child_in_its_title(read_for_guardians):
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog(read_for_guardians)["/Metadata"].get_data()
    assert read_for_guardians.metadata["/Title"] == "Form for parents and guardians: Grade 3 A"
    headings = {(tag, language) for tag, language, _ in all_tags(read_for_guardians) if tag.startswith("/H")}
    assert {("/H1", "en"), ("/H2", "en"), ("/H2", "ur")} <= headings


@pytest.mark.parametrize("name", ["王小明", "陳大文", "Ali 🎒", "한", "𒀀", "1\ufe0f\u20e3", "\x07"])
def test_a_character_that_no_font_has_does_not_stop_the_form(name):
    question = replace(QUESTION, text=(f"For {name}.", TEXT_UR))
    pages = [Page("7A2D9E-1", name, "lms-1", ("newsletter",)), Page("7A2D9E-2", "Hamza Lodhi", "lms-2", ())]
    read = rendered(*pages, client=name, questions=[question])
    assert "Hamza Lodhi" in read.pages[1].extract_text()
    assert catalog(read)["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("name", ["王小明", "陳大文", "Ali 🎒"])
def test_chinese_names_and_emoji_are_printed(name):
    assert not find_unprintable(name)
    read = rendered(Page("7A2D9E-1", name, "lms-1", ("newsletter",)))
    assert name in read.pages[0].extract_text()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog(read)["/Metadata"].get_data()


def test_the_characters_that_no_font_has_are_named():
    assert find_unprintable("Dear 한 and 1\ufe0f\u20e3 and 𒀀, and 한 again: é, ہاں, 王, 🎒") == [
        "한",
        "1\ufe0f\u20e3",
        "𒀀",
    ]
    assert find_unprintable("") == []
