"""Problem types: each error says its own, and the developer guide names only types that exist."""

import re
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

from paktaleem.foundation.console.row_actions import to_form_error
from paktaleem.foundation.errors import PortalError, Problem, list_portal_errors
from paktaleem.foundation.web.api.problems import to_problem_response
from tools.problem_types import list_problem_types

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
    problem = Problem("x", HTTPStatus.BAD_REQUEST, "Wrong", "Send another.", field="by")
    assert problem.body()["errors"] == [{"detail": "Send another.", "pointer": "#/by"}]
