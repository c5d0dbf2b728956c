"""Forms are accessible PDFs: tagged, titled, with a language for every text (PDF/UA-1)."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from consent.paper.pdf import Form, Page, PrintedUse, Question, ServiceQuestion, render_pdf
from consent.register.compiled import PurposeText
from paktaleem.foundation.text.typesetting import find_unprintable

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


@pytest.fixture(scope="module")
def read():
    form = Form(
        client="Indus Schools",
        group="Grade 7 B",
        address="portal.example/choices/indus/",
        contact="support@PakTaleem.com",
        questions=[QUESTION],
        pages=[Page(reference, name, "lms-1", ("newsletter",)) for reference, name in PEOPLE.items()],
    )
    return PdfReader(io.BytesIO(render_pdf(form)))


def catalog(read) -> Any:
    return read.trailer["/Root"]


def tags(node: Any, language: str) -> Iterator[tuple[str, str, Any]]:
    """Return every tag with its language."""
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


def test_the_pdf_declares_pdf_ua_1(read):
    assert catalog(read)["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog(read)["/Metadata"].get_data()


def test_its_title_and_language_are_set_without_personal_names(read):
    assert read.metadata["/Title"] == "Consent form: Grade 7 B"
    assert catalog(read)["/ViewerPreferences"]["/DisplayDocTitle"]
    assert catalog(read)["/Lang"] == "en"


def test_each_page_and_question_has_headings_in_both_languages(read):
    headings = [(tag, language) for tag, language, _ in all_tags(read) if tag.startswith("/H")]
    about, asks, who = [("/H2", "en"), ("/H2", "ur")], [("/H3", "en"), ("/H3", "ur")], ("/H2", "en")
    assert headings == [("/H1", "en"), *about, *asks, who] * len(PEOPLE)


def test_lists_are_tagged(read):
    assert sorted(language for tag, language, _ in all_tags(read) if tag == "/L") == ["en", "en", "ur", "ur"]


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
    form = Form(
        client="Indus Schools",
        group="Grade 3 A",
        address="portal.example/guardian/indus/",
        contact="support@PakTaleem.com",
        questions=[QUESTION],
        pages=[
            Page("7A2D9E-1", "Danish Qureshi", "lms-danish", ("newsletter",), "with"),
            Page("7A2D9E-2", "Iqra Shah", "lms-iqra", (), "without"),
        ],
        for_guardians=True,
        policy="portal.example/privacy/indus/",
        services={"with": ServiceQuestion([use], asks_sharing=True), "without": ServiceQuestion([use], False)},
    )
    return PdfReader(io.BytesIO(render_pdf(form)))


def test_a_form_for_guardians_names_the_platform_its_data_and_recipients(read_for_guardians):
    text = " ".join(" ".join(page.extract_text() for page in read_for_guardians.pages).split())
    for words in (
        "Form for parents and guardians",
        "To the parent or guardian of",
        "Danish Qureshi",
        "May the child use the platform?",
        "Delivering the service",
        "Content",
        "CloudHost (Hosting)",
        "Name in full",
        "Signature",
        "Relative",
        "portal.example/guardian/indus/",
        "portal.example/privacy/indus/",
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
    form = Form(client=name, group="Grade 7 B", address="a/", contact="c", questions=[question], pages=pages)
    read = PdfReader(io.BytesIO(render_pdf(form)))
    assert "Hamza Lodhi" in read.pages[1].extract_text()
    assert catalog(read)["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("name", ["王小明", "陳大文", "Ali 🎒"])
def test_chinese_names_and_emoji_are_printed(name):
    form = Form(
        client="Indus Schools",
        group="Grade 7 B",
        address="a/",
        contact="c",
        questions=[QUESTION],
        pages=[Page("7A2D9E-1", name, "lms-1", ("newsletter",))],
    )
    assert not find_unprintable(name)
    read = PdfReader(io.BytesIO(render_pdf(form)))
    assert name in read.pages[0].extract_text()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalog(read)["/Metadata"].get_data()


def test_the_characters_that_no_font_has_are_named():
    assert find_unprintable("Dear 한 and 1\ufe0f\u20e3 and 𒀀, and 한 again: é, ہاں, 王, 🎒") == [
        "한",
        "1\ufe0f\u20e3",
        "𒀀",
    ]
    assert find_unprintable("") == []
