"""The portal in Chromium: no policy violations, all headers on every response, accessible pages.

``SHOTS=folder`` saves a screenshot of every page.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import WIDE, fits, violations
from tests.demo.running import Demonstration
from tests.public.test_public_pages import HEADERS

SHOTS = os.environ.get("SHOTS", "")
PHONE: Any = {"width": 390, "height": 780}
LINES = "one => Math.round(one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight))"
PAGES = {
    "home": "/admin/",
    "list": "/admin/people/subject/",
    "form": "/admin/consent/purpose/add/",
    "ledger": "/admin/audit/entry/",
    "export": "/admin/people/subject/export/",
}


class Visit:
    """A browser page with the errors it reported."""

    def __init__(self, chromium: Browser, served: Demonstration) -> None:
        self.base = served.values["base_url"].rstrip("/")
        self.sign_ins = served.values["sign_ins"]
        self.page: Page = chromium.new_context(viewport=WIDE).new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, url: str) -> Any:
        return self.page.goto(self.base + url)

    def sign_in(self) -> None:
        self.go("/admin/login/")
        self.sign_in_as("privacy_officer")
        self.page.wait_for_url("**/admin/")

    def sign_in_as(self, role: str) -> None:
        who = next(one for one in self.sign_ins if one["role"] == role)
        self.page.fill("input[name=username]", who["email"])
        self.page.fill("input[name=password]", who["password"])
        self.page.click("#login-form input[type=submit]")

    def complaints(self) -> list[str]:
        """Return the browser's errors, except the report of an error status."""
        return [one for one in self.said if not one.startswith("Failed to load resource: the server responded with")]

    def keep(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png")


@pytest.fixture
def visit(chromium: Browser, shared_demonstration: Demonstration) -> Iterator[Visit]:
    one = Visit(chromium, shared_demonstration)
    yield one
    one.page.context.close()


def test_what_is_unreadable_would_be_found(visit: Visit) -> None:
    visit.page.set_content('<html><body><img src="data:,x"><p style="color:#ccc">pale</p></body></html>')
    assert {rule for rule, _ in violations(visit.page)} >= {"image-alt", "color-contrast"}


def test_what_still_appears_is_judged_once_it_is_there(visit: Visit) -> None:
    appearing = "<style>@keyframes appear { from { opacity: 0.1 } } p { animation: appear 2s }</style><p>black</p>"
    visit.page.set_content(f"<html><body>{appearing}</body></html>")
    assert "color-contrast" not in {rule for rule, _ in violations(visit.page)}


@pytest.mark.parametrize("language", ["en", "ur"])
def test_pages_of_the_console_are_clean_and_readable(visit: Visit, language: str) -> None:
    visit.sign_in()
    visit.go(f"/admin/?lang={language}")
    assert visit.page.get_attribute("html", "dir") == ("rtl" if language == "ur" else "ltr")
    for turn, (name, url) in enumerate(PAGES.items()):
        for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
            visit.page.set_viewport_size(size)
            visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
            visit.go(url)
            visit.keep(f"{name}-{language}-{scheme}")
            assert fits(visit.page), (name, size)
            if (scheme == "dark") == (language == "ur") or turn == 0:
                assert violations(visit.page) == [], (name, scheme)
    assert visit.complaints() == []


def test_the_header_says_who_one_is_in_one_line(visit: Visit) -> None:
    visit.sign_in()
    assert visit.page.locator(".whoami").evaluate(LINES) == 1
    visit.page.set_viewport_size({"width": 900, "height": 800})
    assert visit.page.locator("#search-box").bounding_box()["height"] < 60  # type: ignore[index]  # it is shown
    assert visit.page.locator(".workplace").evaluate(LINES) == 1, "the role and its client are not torn apart"
    assert fits(visit.page)


def test_what_one_chooses_in_a_form_is_not_smaller_or_paler_than_its_help(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/admin/desk/requesttask/take-in/")
    shown = [visit.page.locator(one).first for one in (".field .help", ".field > label", ".field fieldset label")]
    size = [float(one.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) for one in shown]
    assert min(size[1:]) >= size[0], size
    colour = [one.evaluate("one => getComputedStyle(one).color") for one in shown]
    assert colour[0] not in colour[1:]


@pytest.mark.parametrize("language", ["en", "ur"])
def test_pages_of_errors_and_signing_in_are_clean_and_readable(visit: Visit, language: str) -> None:
    visit.page.set_viewport_size(PHONE)
    for name, url, status in (("error", "/nowhere", 404), ("sign-in", "/admin/login/", 200)):
        assert visit.go(f"{url}?lang={language}").status == status
        visit.keep(f"{name}-{language}")
        assert visit.page.get_attribute("html", "lang") == language
        assert fits(visit.page)
        assert violations(visit.page) == []
        assert visit.page.evaluate("getComputedStyle(document.body).fontFamily") != '"Times New Roman"'
    assert visit.complaints() == []


ANSWERS = [
    ("/healthz", "get", 200),
    ("/readyz", "get", 200),
    ("/healthz", "delete", 403),
    ("/admin/", "get", 302),
    ("/admin/logout/", "get", 405),
    ("/admin/login/?lang=ur", "get", 302),
    ("/nowhere", "get", 404),
    ("/static/public/public.css", "get", 200),
    ("/static/nowhere.css", "get", 404),
    ("/admin/login/", "post", 403),
    ("/api/docs/", "get", 200),
    ("/api/v1/purposes", "get", 401),
    ("/access/v1/evaluation", "post", 401),
]


def test_every_answer_carries_every_header(visit: Visit) -> None:
    wrong = {}
    for url, method, status in ANSWERS:
        answer = getattr(visit.page.request, method)(visit.base + url, max_redirects=0)
        sent = answer.headers
        lacking = [name for name, value in HEADERS.items() if not sent.get(name.lower(), "").startswith(value)]
        if answer.status != status or lacking or "unsafe" in answer.headers.get("content-security-policy", "unsafe"):
            wrong[url, method] = (answer.status, lacking)
    assert wrong == {}


def test_what_is_too_large_is_refused_with_every_header(visit: Visit) -> None:
    visit.go("/admin/login/")
    token = visit.page.get_attribute("input[name=csrfmiddlewaretoken]", "value") or ""
    form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "username": "x" * 1_100_000}
    answer = visit.page.request.post(f"{visit.base}/admin/login/", form=form)
    assert answer.status == 413
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_who_tries_too_often_sees_a_page(visit: Visit) -> None:
    for _ in range(7):
        visit.go("/admin/login/")
        visit.page.fill("input[name=username]", "nobody@paktaleem.example")
        visit.page.fill("input[name=password]", "not the password")
        with visit.page.expect_navigation() as told:
            visit.page.click("#login-form input[type=submit]")
        response = told.value
        if response is not None and response.status == 429:
            break
    assert response is not None
    assert response.status == 429
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert violations(visit.page) == []
    assert visit.complaints() == []
