"""The desk of one member of staff in Chromium, worked from the keyboard, with every page judged."""

import os
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Locator, expect

from tests.browsing import WIDE, fits, violations
from tests.cast import Cast
from tests.serving import HOST, aside
from tests.signing_in import browser_of

SHOTS = os.environ.get("SHOTS", "")
LABELS_OUT_OF_LINE = """() => {
    const side = document.documentElement.dir === "rtl" ? "right" : "left";
    const edge = (one) => Math.round(one.getBoundingClientRect()[side]);
    const labels = [...document.querySelectorAll(".form-row > .flex-container > label")];
    return labels.filter((label) => edge(label) !== edge(label.parentElement)).map((label) => label.textContent);
}"""

MOST_TABS = 120
"""The most presses of Tab from the beginning of a page's content to what is done there."""


class WorkingDesk:
    """A desk whose user presses keys only; it collects what the browser reports on any page."""

    def __init__(self, chromium: Browser, port: int, cast: Cast, name: str, language: str) -> None:
        self.base, self.language, self.name = f"http://{HOST}:{port}", language, name
        session = aside(lambda: browser_of(cast.user(name)).cookies[settings.SESSION_COOKIE_NAME].value)
        kept = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        context = chromium.new_context(viewport=WIDE)
        context.add_cookies([{"name": key, "value": value, "url": self.base} for key, value in kept.items()])
        self.page = context.new_page()
        self.reports: list[str] = []
        self.pages: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.reports.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.reports.append(f"{self.page.url}: {message.text}")

    def look(self, name: str) -> None:
        """Judge the page: axe-core, direction, width, labels, and what the browser reported so far."""
        self.page.wait_for_load_state()
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{self.name}-{name}-{self.language}.png", full_page=True)
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ur" else "ltr")
        assert violations(self.page) == [], name
        assert fits(self.page), name
        assert self.page.evaluate(LABELS_OUT_OF_LINE) == [], name
        assert self.reports == []
        self.pages.append(name)

    def go(self, url: str, name: str = "") -> None:
        """Open a page, and judge it if it has a name."""
        self.page.goto(self.base + url)
        if name:
            self.look(name)

    def follow(self, wanted: Locator, name: str = "") -> None:
        """Reach a link or a button with Tab, press Enter, and judge the page that opens, if it has a name."""
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        if name:
            self.look(name)

    def reach(self, wanted: Locator) -> None:
        """Move the focus to an element of the page's content, from the link that skips the menu."""
        expect(wanted).to_be_visible()
        self.page.locator(".skip-to-content-link").focus()
        self.page.keyboard.press("Enter")
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"{MOST_TABS} presses of Tab do not reach {wanted}")

    def open_card(self, query: str, name: str) -> None:
        """Follow the line of the first page whose address contains ``query``."""
        self.go("/admin/")
        self.follow(self.page.locator(f"ol.attention a[href*='{query}']").first, name)

    def open_first(self, name: str) -> None:
        self.follow(self.page.locator("#result_list tbody tr th a").first, name)

    def search(self, text: str) -> None:
        self.page.fill("#search-box", text)
        with self.page.expect_navigation():
            self.page.press("#search-box", "Enter")

    def open_act(self, slug: str, name: str) -> None:
        wanted = self.page.locator(f".object-tools a[href*='/{slug}/']").first
        if not wanted.is_visible():
            self.reach(self.page.locator(".object-tools summary"))
            self.page.keyboard.press("Enter")
        self.follow(wanted, name)

    def fill(self, **values: Any) -> None:
        """Fill in fields: a list of values is checked, a choice is selected, anything else is typed."""
        for field, value in values.items():
            wanted = self.page.locator(f"main [name='{field}']")
            if isinstance(value, list):
                for one in value:
                    self.page.check(f"main [name='{field}'][value='{one}']")
            elif wanted.first.evaluate("one => one.tagName") == "SELECT":
                wanted.select_option(value)
            else:
                wanted.fill(value)

    def submit(self, name: str = "") -> None:
        self.follow(self.page.locator("main .submit-row :is(button, input[type=submit])").first, name)

    def finish(self, name: str = "") -> None:
        self.submit(name)
        self.done()

    def done(self) -> None:
        expect(self.page.locator(".messagelist .success")).to_be_visible()
