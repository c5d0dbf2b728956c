"""Checks that statements in docs/ are true."""

import re
from pathlib import Path

from consent.decisions.reasons import Reason, remedy_for
from tests.project.offenders import refuse_any
from tools import docs

ROOT = Path(__file__).resolve().parents[2]
REASONS = (ROOT / "docs" / "decisions-api.md").read_text(encoding="utf-8")
GENERATED = sorted(docs.PAGES)
REMEDIES = [remedy for remedy in map(remedy_for, Reason) if remedy]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_reason_has_its_heading_and_no_other():
    assert re.findall(r"^## (\w+)$", REASONS, re.MULTILINE) == [reason.value for reason in Reason]


def test_the_docs_state_every_remedy_as_the_answer_does():
    refuse_any((remedy.reason, "" if remedy.sentence in REASONS else remedy.sentence) for remedy in REMEDIES)


def dead_links(page):
    targets = re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8"))
    return [target for target in targets if not (page.parent / target).exists()]


def test_links_between_pages_lead_somewhere():
    refuse_any((page.name, dead_links(page)) for page in PAGES)


def machine_paths(page):
    return re.findall(r"/(?:work|root|home)/\w+", page.read_text(encoding="utf-8"))


def test_no_page_names_a_path_of_some_machine():
    refuse_any((page.name, machine_paths(page)) for page in PAGES)


def test_the_rules_see_what_breaks_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [there](nowhere.md) /home/somebody /api/home")
    assert dead_links(page) == ["nowhere.md"]
    assert machine_paths(page) == ["/home/somebody"]


def test_generated_parts_are_current():
    refuse_any(
        (page.name, ["run `make docs`"] if page.read_text(encoding="utf-8") != docs.current(page) else [])
        for page in GENERATED
    )


def test_an_event_or_a_sentence_that_is_not_current_is_found():
    events, reasons = (
        (docs.DOCS / name).read_text(encoding="utf-8") for name in ("lms-developer.md", "decisions-api.md")
    )
    assert docs.with_events(events.replace(" took_effect`", "`").replace("`cause`", "`why`")) == events
    assert docs.with_remedies(reasons.replace("personal data is never sold", "it is sold")) == reasons
