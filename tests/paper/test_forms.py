"""Creating and printing forms: who is asked what, under which notice; printing is a logged access."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pypdf import PdfReader

from consent.notices.selectors.registers import get_current_notice
from consent.paper.models import FormPage, FormPurpose, FormRun
from consent.paper.pdf import Form, Page, PrintedUse, Question, ServiceQuestion, render_pdf
from consent.paper.selectors import purposes_to_ask, select_people
from consent.paper.services.forms import make_form, print_form
from consent.register.compiled import PurposeText
from consent.register.models.purposes import LawfulBasis
from consent.register.services import end_period
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.schools.selectors import Selection
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.text.typesetting import find_unprintable
from tests.paper.typing_in import BOTH, form_for

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


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_make_or_print_forms(cast, indus, now, hamza, who):
    with pytest.raises(NotAllowed):
        make_form(indus, name="A", purposes=BOTH, people=[hamza], actor=cast.actor(who), at=now)
    run = form_for(cast, [hamza], now)
    with pytest.raises(NotAllowed):
        print_form(run, address=ADDRESS, actor=cast.actor(who), reason=Reason.REVIEW, at=now)


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
