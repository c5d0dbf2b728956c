"""What the docs say is so."""

import re
from pathlib import Path

import pytest

from consent.facts import Reason
from consent.remedies import remedy_for
from tests import docs

ROOT = Path(__file__).resolve().parents[2]
REASONS = (ROOT / "docs" / "decisions-api.md").read_text(encoding="utf-8")
GENERATED = sorted(docs.PAGES)
REMEDIES = [remedy for remedy in map(remedy_for, Reason) if remedy]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_reason_has_its_heading_and_no_other():
    assert re.findall(r"^## (\w+)$", REASONS, re.MULTILINE) == [reason.value for reason in Reason]


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.reason)
def test_every_remedy_is_told_in_the_docs_as_in_the_answer(remedy):
    assert remedy.sentence in REASONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_path_of_some_machine(page):
    assert not re.search(r"/(?:work|root|home)/\w", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_what_follows_from_the_code_is_current(page):
    assert page.read_text(encoding="utf-8") == docs.current(page), "run `make docs`"


def test_an_event_or_a_sentence_that_is_not_current_is_found():
    events, reasons = (path.read_text(encoding="utf-8") for path in sorted(docs.PAGES, reverse=True))
    assert docs.with_events(events.replace(" took_effect`", "`").replace("`cause`", "`why`")) == events
    assert docs.with_remedies(reasons.replace("personal data is never sold", "it is sold")) == reasons
