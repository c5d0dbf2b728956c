"""The banner in a browser, on a page of the mini-LMS with a strict Content-Security-Policy.

``COOKIE_SHOTS=folder`` stores screenshots.
"""

import os
from contextlib import ExitStack
from uuid import UUID

import pytest
from playwright.sync_api import expect

from consent.cookies.banner import render_tag
from consent.cookies.models import CookieChoice, Visitor
from consent.cookies.services import record_choice
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.browsing import violations
from tests.consent.cookies.making import made, make_cookie, make_site, make_usual_cookies
from tests.minilms.page import page_served
from tests.serving import served

SHOTS = os.environ.get("COOKIE_SHOTS")
PHONE = {"width": 360, "height": 740}
SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true});"
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"


class Platform:
    """A client's platform page, the portal's database, and the browsers of visitors."""

    def __init__(self, chromium, page, client_id):
        self.chromium, self.page, self.client_id, self.visits = chromium, page, client_id, []

    def visit(self, **options):
        self.visits.append(Visit(self.chromium.new_context(**options), self.page.origin))
        return self.visits[-1]

    def choices(self):
        """Return the recorded choices: source, given, refused."""
        with in_client(self.client_id):
            rows = CookieChoice.objects.order_by("recorded_at")
            return [(row.source, row.given, row.refused) for row in rows]


class Visit:
    """One visitor's browser on the platform's page, with everything that the browser complained about."""

    def __init__(self, context, origin):
        self.context, self.origin, self.page = context, origin, context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, query="child=no"):
        self.page.goto(f"{self.origin}/?{query}")
        return self

    def expect_accepted(self, *codes):
        expect(self.page.locator("#accepted")).to_have_text(" ".join(codes) or "nothing")

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True).locator("visible=true")

    def press(self, name):
        """Press a button of the banner, and wait until the portal has recorded the choice."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/choices")) as recorded:
            self.button(name).click()
        assert recorded.value.status == 201
        return recorded.value.json()["visitor"]

    def open_settings(self):
        self.button("Cookie settings").click()
        expect(self.page.locator("#cc-main .pm")).to_be_visible()

    def cookies(self):
        return {one["name"] for one in self.context.cookies()}

    def look(self, name):
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png")


@pytest.fixture
def platform_of(chromium, committed, tmp_path):
    """Return a function that serves the page of a client's platform beside a running portal."""
    platforms = []
    with ExitStack() as running:
        portal = f"http://127.0.0.1:{running.enter_context(served(tmp_path / 'web'))}"

        def make(code):
            page, client_id = running.enter_context(page_served(portal)), committed.client_id(code)
            with in_client(client_id):
                make_usual_cookies(client_id)
                site = make_site(client_id, page.origin)
            page.tag = render_tag(site.key).replace("https://testserver", portal)
            platforms.append(Platform(chromium, page, client_id))
            return platforms[-1]

        yield make
        for visit in (visit for platform in platforms for visit in platform.visits):
            visit.context.close()
            assert visit.said == [], "the browser complained"


@pytest.fixture
def khyber(platform_of):
    return platform_of("khyber")


def test_a_visitor_accepts_changes_and_withdraws(khyber):
    visit = khyber.visit().go()
    expect(visit.page.locator("#cc-main .cm")).to_be_visible()
    visit.expect_accepted()
    assert visit.cookies() == {"lms_session"}
    visit.look("banner")
    visit.press("Accept all")
    visit.expect_accepted("preferences", "analytics", "advertising")
    assert {"lms_theme", "_stats_1"} <= visit.cookies()

    visit.go()
    visit.expect_accepted("preferences", "analytics", "advertising")
    expect(visit.page.locator("#cc-main .cm")).to_be_hidden()
    visit.open_settings()
    visit.look("settings")
    visit.page.get_by_role("checkbox", name="Statistics").uncheck(force=True)
    visit.press("Save my choice")
    visit.expect_accepted("preferences", "advertising")
    assert "_stats_1" not in visit.cookies()
    assert "lms_theme" in visit.cookies()

    visit.open_settings()
    visit.press("Refuse all")
    visit.expect_accepted()
    assert not {"lms_theme", "_stats_1"} & visit.cookies()
    assert [given for _, given, _ in khyber.choices()] == [
        ["preferences", "analytics", "advertising"],
        ["preferences", "advertising"],
        [],
    ]
    with in_client(khyber.client_id):
        assert Visitor.objects.count() == 1


def test_refusing_is_as_prominent_as_accepting_and_is_remembered(khyber):
    for number, options in enumerate(({}, {"viewport": PHONE})):
        visit = khyber.visit(**options).go()
        accept, refuse = visit.button("Accept all"), visit.button("Refuse all")
        expect(accept).to_be_visible()
        boxes = [one.bounding_box() for one in (accept, refuse)]
        assert boxes[0]["width"] == boxes[1]["width"]
        assert boxes[0]["height"] == boxes[1]["height"]
        looks = [
            one.evaluate(
                "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color, s.fontSize, s.fontWeight,"
                " s.borderTopColor, s.borderTopWidth, s.opacity]; }"
            )
            for one in (accept, refuse)
        ]
        assert looks[0] == looks[1]
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visit.look(f"equal-{number}")
        visit.press("Refuse all")
        visit.expect_accepted()
        visit.go()
        visit.expect_accepted()
        expect(visit.page.locator("#cc-main .cm")).to_be_hidden()
    assert [given for _, given, _ in khyber.choices()] == [[], []]


def test_the_privacy_signal_refuses_and_the_rest_is_asked(khyber):
    visit = khyber.visit(extra_http_headers={"Sec-GPC": "1"})
    visit.context.add_init_script(SIGNAL)
    with visit.page.expect_response(lambda answer: answer.url.endswith("/choices")):
        visit.go()
    assert khyber.choices() == [("signal", [], ["advertising"])]
    expect(visit.page.locator("#cc-main .cm")).to_contain_text("these cookies are refused: Advertising")
    visit.look("signal")
    visit.press("Accept all")
    visit.expect_accepted("preferences", "analytics")
    assert khyber.choices()[1:] == [("banner", ["preferences", "analytics"], ["advertising"])]
    visit.go()
    visit.expect_accepted("preferences", "analytics")
    assert len(khyber.choices()) == 2


def test_a_child_gets_no_banner_and_no_optional_cookie(khyber, platform_of):
    indus = platform_of("indus")
    for platform, query in ((khyber, "child=yes"), (khyber, "child="), (khyber, "child=9"), (indus, "")):
        visit = platform.visit().go(query)
        visit.expect_accepted()
        expect(visit.page.locator("#cc-main")).to_have_count(0)
        visit.button("Cookie settings").click()
        expect(visit.page.locator("#cc-main .pm")).to_have_count(0)
        assert visit.cookies() == {"lms_session"}
    assert khyber.choices() == indus.choices() == []
    visit = indus.visit().go("child=no")
    visit.press("Accept all")
    visit.expect_accepted("preferences", "analytics", "advertising")
    visit.go("child=yes")  # a child signs in on the same computer
    visit.expect_accepted()
    assert not {"lms_theme", "_stats_1"} & visit.cookies()


def test_in_urdu_the_banner_runs_from_right_to_left(khyber):
    visit = khyber.visit(viewport=PHONE).go("child=no&lang=ur")
    banner = visit.page.locator("#cc-main .cm")
    expect(banner).to_be_visible()
    assert banner.evaluate("e => getComputedStyle(e).direction") == "rtl"
    expect(visit.button("سب قبول کریں")).to_be_visible()
    assert (
        visit.page.evaluate("document.fonts.load('16px \"PakTaleem Urdu\"', 'قبول').then(fonts => fonts.length)") == 1
    )
    assert "PakTaleem Urdu" in banner.evaluate("e => getComputedStyle(e).fontFamily")
    visit.look("urdu")
    visit.press("سب رد کریں")
    with in_client(khyber.client_id):
        assert CookieChoice.objects.get().language == "ur"


def test_the_keyboard_alone_suffices(khyber):
    visit = khyber.visit().go()
    expect(visit.button("Refuse all")).to_be_visible()
    visited = []
    for _ in range(12):
        visit.page.keyboard.press("Tab")
        visited.append(visit.page.evaluate("document.activeElement.textContent.trim()"))
        if visited[-1] == "Choose":
            break
    assert "Accept all" in visited
    assert "Refuse all" in visited
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#cc-main .pm")).to_be_visible()
    expect(visit.page.locator("#cc-main .pm:focus, #cc-main .pm :focus")).to_have_count(1)
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator("#cc-main .pm")).to_be_hidden()
    visit.button("Refuse all").focus()
    with visit.page.expect_response(lambda answer: answer.url.endswith("/choices")):
        visit.page.keyboard.press("Enter")
    visit.expect_accepted()


def test_a_withdrawal_on_the_portal_reaches_the_platform(khyber):
    visit = khyber.visit().go()
    number = visit.press("Accept all")
    visit.expect_accepted("preferences", "analytics", "advertising")
    visit.open_settings()
    expect(visit.page.locator("#cc-main .pm")).to_contain_text(number)
    with in_client(khyber.client_id):
        visitor = Visitor.objects.select_related("client").get()
        refusal = made(visitor.version, source="page")
        record_choice(visitor.client, refusal, token=UUID(number), at=wall_clock_now())
    visit.page.evaluate(
        "localStorage.paktaleem_cookie_state = JSON.stringify("
        "Object.assign(JSON.parse(localStorage.paktaleem_cookie_state), {checked: 0}))"
    )  # five minutes later
    visit.go()
    visit.expect_accepted()
    assert not {"lms_theme", "_stats_1"} & visit.cookies()


def test_a_changed_text_asks_again(khyber):
    visit = khyber.visit().go()
    visit.press("Accept all")
    with in_client(khyber.client_id):
        make_cookie(khyber.client_id, "_more", "analytics")
    fresh = khyber.chromium.new_context(storage_state=visit.context.storage_state())  # without the browser's cache
    again = Visit(fresh, visit.origin).go()
    khyber.visits.append(again)
    again.expect_accepted()
    expect(again.page.locator("#cc-main .cm")).to_be_visible()


def test_texts_of_the_register_are_never_markup(khyber):
    with in_client(khyber.client_id):
        make_cookie(khyber.client_id, "odd", "analytics", purpose_en=HOSTILE, provider=HOSTILE)
    visit = khyber.visit().go()
    visit.button("Choose").click()
    expect(visit.page.locator("#cc-main .pm")).to_contain_text("<img src=x")
    assert visit.page.locator("#cc-main img").count() == 0
    expect(visit.page).to_have_title("Mini-LMS")


def test_the_banner_is_accessible(khyber):
    visit = khyber.visit(bypass_csp=True).go()  # axe is injected as a script
    expect(visit.page.locator("#cc-main .cm")).to_be_visible()
    for step in ("banner", "settings"):
        assert violations(visit.page) == [], step
        if step == "banner":
            visit.button("Choose").click()
            expect(visit.page.locator("#cc-main .pm")).to_be_visible()
