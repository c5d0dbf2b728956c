"""Checks that statements in docs/ are true."""

import re
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

from consent.decisions.reasons import Reason, remedy_for
from paktaleem.foundation.console.row_actions import to_form_error
from paktaleem.foundation.errors import PortalError, Problem, list_portal_errors
from paktaleem.foundation.web.api.problems import to_problem_response
from tests.project.offenders import refuse_any
from tools import docs
from tools.problem_types import list_problem_types

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


GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "lms-developer.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([0-9, ]+) \| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", re.MULTILINE)


def statuses_in_guide():
    for statuses, names in ROW.findall(GUIDE):
        for name in re.findall(r"[a-z-]+", names):
            yield name, {int(status) for status in statuses.split(",")}


def test_the_guide_names_only_types_that_exist_with_their_statuses():
    known: dict[str, set[int]] = {}
    for one in list_problem_types():
        known.setdefault(one.code, set()).add(int(one.status))
    wrong = {name: statuses for name, statuses in statuses_in_guide() if not statuses & known.get(name, set())}
    assert wrong == {}


def test_the_guide_has_a_table_of_types():
    assert len(list(statuses_in_guide())) > 30


def answered(error):
    raised = error.__new__(error)
    raised.details = {}  # of errors that point to fields
    response = to_problem_response(raised, {})
    return {} if response is None else {name: response.data[name] for name in ("type", "title", "status")}


def declared(problem):
    return {"type": f"urn:paktaleem:problem:{problem.code}", "title": problem.title, "status": problem.status}


def test_the_api_answers_each_error_with_its_own_problem():
    errors = [error for error in list_portal_errors() if error.problem]
    assert len(errors) > 50
    assert [error.__name__ for error in errors if answered(error) != declared(error.problem)] == []


def test_an_error_without_a_problem_is_unexpected_for_the_api():
    assert to_problem_response(PortalError(), {}) is None


def shown(error, refusals=MappingProxyType({})):
    found = to_form_error(error, refusals)
    return found and found.messages


def test_a_page_may_say_more_than_the_error_does():
    error = next(one for one in list_portal_errors() if one.console_message)
    raised = error.__new__(error)
    assert shown(raised) == [error.console_message]
    assert shown(raised, {error: "Only here."}) == ["Only here."]


def test_an_error_without_a_sentence_is_unexpected_for_the_console():
    assert shown(PortalError()) is None


def test_a_problem_about_a_field_points_to_it():
    problem = Problem("x", "Wrong", "Send another.", field="by", status=HTTPStatus.BAD_REQUEST)
    assert problem.body()["errors"] == [{"detail": "Send another.", "pointer": "#/by"}]
