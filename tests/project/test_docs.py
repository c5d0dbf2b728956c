"""Checks that statements in docs/ are true."""

import re
from pathlib import Path

import pytest

from consent.decisions.facts import Reason
from consent.decisions.remedies import remedy_for

ROOT = Path(__file__).resolve().parents[2]
REASONS = (ROOT / "docs" / "decisions-api.md").read_text(encoding="utf-8")
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
