"""Reports and questions of the banner's script that the portal refuses: in a browser, with answers of the test."""

import json
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.staticfiles.finders import find
from playwright.sync_api import expect

from consent.cookies.banner import SCRIPT, build_content, get_script_path
from consent.cookies.models import Cookie

ORIGIN = "http://lms.example"
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>LMS</title><link rel="icon" href="data:,">
<script>
document.addEventListener('paktaleem:cookies', function () {{
  document.getElementById('known').textContent = 'yes';
}});
</script>
<script src="{get_script_path()}" data-site="site_1" data-child="no" defer></script></head>
<body><output id="known">no</output><button type="button" data-cookie-settings>Cookie settings</button></body></html>"""
STATE = "paktaleem_cookie_state"
REFUSED = HTTPStatus.TOO_MANY_REQUESTS


def make_content():
    common = {"provider": "Khyber", "purpose_en": "Use.", "purpose_ur": "استعمال"}
    return build_content(
        [
            Cookie(name="_stats", category="analytics", set_by="site", **common),
            Cookie(name="_ads", category="advertising", set_by="third_party", **common),
        ]
    )


class Portal:
    """The portal as the script sees it: it refuses what the test says, and remembers every report and question."""

    def __init__(self):
        self.refused, self.has_signal = set(), False
        self.reports, self.questions, self.number = [], [], str(uuid4())

    def answer(self, route):
        path = urlsplit(route.request.url).path
        if path == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        elif path == get_script_path():
            route.fulfill(path=find(SCRIPT), content_type="text/javascript")
        elif path == "/cookies/site/site_1/config.json":
            known = {"version": 1, "asks_since": 1, "child_unless_said": False, "page": f"{ORIGIN}/cookies/"}
            route.fulfill(json={**known, "signal": self.has_signal, **make_content()})
        elif path == "/cookies/site/site_1/choices":
            self.reports.append(json.loads(route.request.post_data))
            self._answer_choice(route, self.reports[-1]["source"])
        else:
            assert path == "/cookies/site/site_1/choices/current"
            self.questions.append(json.loads(route.request.post_data))
            self._answer_choice(route, "question")

    def _answer_choice(self, route, kind):
        if kind in self.refused:
            route.fulfill(status=REFUSED, json={})
        else:
            route.fulfill(status=HTTPStatus.CREATED, json={"visitor": self.number, "accepted": [], "last_at": "2026"})

    def sources(self):
        return [one["source"] for one in self.reports]


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def page(chromium, portal):
    context = chromium.new_context(reduced_motion="reduce")
    context.route("**/*", portal.answer)
    yield context.new_page()
    context.close()


def visit(page):
    """Open the page, and wait until the script has published the choice: questions come before that."""
    page.goto(f"{ORIGIN}/")
    expect(page.locator("#known")).to_have_text("yes")


def visit_reporting(page):
    """Open the page, and wait until the portal has answered a report."""
    with page.expect_response(lambda answer: answer.url.endswith("/choices")):
        visit(page)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).locator("visible=true").click()


def wait_for_state(page, **values):
    """Wait until the script has stored these values."""
    page.wait_for_function(
        "([name, values]) => { const state = JSON.parse(localStorage.getItem(name) || '{}');"
        " return Object.keys(values).every(key => state[key] === values[key]); }",
        arg=[STATE, values],
    )


def test_a_refused_question_is_asked_again_after_five_minutes_only(page, portal):
    visit(page)
    press(page, "Refuse all")
    wait_for_state(page, visitor=portal.number, pending="")
    page.evaluate(f"localStorage.{STATE} = JSON.stringify({{...JSON.parse(localStorage.{STATE}), checked: 0}})")
    portal.refused = {"question"}
    for _ in range(3):
        visit(page)
    assert portal.questions == [{"visitor": portal.number}]


def test_a_refused_choice_is_reported_again_as_it_was_made(page, portal):
    visit(page)
    press(page, "Refuse all")
    wait_for_state(page, visitor=portal.number, pending="")
    portal.refused = {"settings"}
    press(page, "Cookie settings")
    press(page, "Accept all")
    wait_for_state(page, pending="settings")
    visit_reporting(page)
    portal.refused = set()
    visit(page)
    wait_for_state(page, pending="")
    assert portal.sources() == ["banner", "settings", "settings", "settings"]
    assert portal.reports[-1]["accepted"] == ["analytics", "advertising"]
    assert {one["visitor"] for one in portal.reports[1:]} == {portal.number}


def test_the_signal_takes_nothing_from_a_refused_choice(page, portal):
    portal.has_signal, portal.refused = True, {"signal", "banner"}
    visit_reporting(page)
    press(page, "Refuse all")
    wait_for_state(page, pending="banner")
    portal.refused = {"banner"}
    visit(page)
    wait_for_state(page, signal=1, visitor=portal.number, pending="banner")
    portal.refused = set()
    visit(page)
    wait_for_state(page, pending="")
    assert portal.sources() == ["signal", "banner", "banner", "signal", "banner"]


def test_a_refused_choice_and_the_signal_are_of_one_visitor(page, portal):
    portal.has_signal, portal.refused = True, {"signal", "banner"}
    visit_reporting(page)
    press(page, "Refuse all")
    wait_for_state(page, pending="banner")
    portal.refused = set()
    visit(page)
    wait_for_state(page, signal=1, pending="")
    assert [(one["source"], one["visitor"]) for one in portal.reports[2:]] == [
        ("banner", None),
        ("signal", portal.number),
    ]
