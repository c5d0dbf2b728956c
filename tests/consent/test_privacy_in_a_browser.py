"""The privacy pages in a browser: both languages, with and without script, on a phone.

``PRIVACY_SHOTS=folder`` stores a screenshot of every page.
"""

import os
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import violations
from tests.demo.running import PATIENCE, Demonstration

SHOTS = os.environ.get("PRIVACY_SHOTS")
PHONE: Any = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def announced(shared_demonstration: Demonstration, chromium: Browser) -> str:
    """Return the portal's URL once the emails are sent and the coming version is shown.

    The worker sends the emails at once; whether they were accepted is checked by a task that runs every minute.
    """
    base = str(shared_demonstration.values["base_url"]).rstrip("/")
    page, ends_at = chromium.new_page(), time.monotonic() + PATIENCE
    while "/compare/" not in page.request.get(f"{base}/privacy/khyber/?lang=en").text():  # bypasses the browser's cache
        assert time.monotonic() < ends_at, "no email was accepted"
        shared_demonstration.run_task("consent.follow_each_minute")
    page.close()
    return base


class Reader:
    """One reader's page on a phone, with the browser's errors."""

    def __init__(self, chromium: Browser, base: str, language: str, *, script: bool) -> None:
        self.page: Page = chromium.new_context(viewport=PHONE, java_script_enabled=script).new_page()
        self.base, self.language, self.script = base, language, script
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, path: str) -> None:
        response = self.page.goto(f"{self.base}{path}?lang={self.language}")
        assert response is not None
        assert response.status == 200

    def look(self, name: str) -> None:
        """Take a screenshot, and check language, width and axe findings."""
        self.page.wait_for_load_state()
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}-{self.language}.png", full_page=True)
        direction = "rtl" if self.language == "ur" else "ltr"
        expect(self.page.locator("html")).to_have_attribute("dir", direction)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        widths = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], f"{name} is wider than a telephone"
        if self.script:  # axe needs script
            assert violations(self.page) == [], name


WORDS = {"en": ("Last updated", "This text changes on", "Upcoming"), "ur": ("آخری تبدیلی", "یہ متن", "آنے والا")}
READERS = {
    "english": ("en", True),
    "english-without-script": ("en", False),
    "urdu": ("ur", True),
    "urdu-without-script": ("ur", False),
}


@pytest.mark.parametrize("who", READERS)
def test_one_reads_the_policy_what_is_coming_and_what_differs(announced: str, chromium: Browser, who: str) -> None:
    language, script = READERS[who]
    reader = Reader(chromium, announced, language, script=script)
    page, (updated, coming, to_come) = reader.page, WORDS[language]
    for path, name in (("/privacy/", "policy"), ("/privacy/khyber/", "policy-khyber")):
        reader.go(path)
        reader.look(name)
        expect(page.locator("main")).to_contain_text(updated)
        expect(page.locator("a[href^=mailto]")).to_have_text("support@PakTaleem.com")
    expect(page.locator(".note")).to_contain_text(coming)

    page.locator(".note a").nth(1).click()
    expect(page).to_have_url(re.compile("/compare/"))
    reader.look("compare-coming")
    expect(page.locator("article ins").first).to_be_visible()

    reader.go("/privacy/khyber/")
    page.locator("a[href*='/versions/']").first.click()
    reader.look("versions")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text(to_come)
    page.locator("tbody a[href*='/compare/']").last.click()
    reader.look("compare")
    expect(page.locator("article ins, article del").first).to_be_visible()

    reader.go("/privacy/khyber/")
    page.locator("a[href*='/children/']").click()
    reader.look("children")
    page.locator("nav.languages a").click()
    expect(page.locator("html")).to_have_attribute("lang", "ur" if language == "en" else "en")
    assert page.url.split("?")[0].endswith("/children/")
    page.context.close()
    assert reader.said == []


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_notice_of_a_purpose_is_reached_from_the_policy(announced: str, chromium: Browser, language: str) -> None:
    reader = Reader(chromium, announced, language, script=False)
    reader.go("/privacy/khyber/")
    reader.page.locator("a[href*='/notices/newsletter_notice/']").click()
    reader.look("notice")
    expect(reader.page.locator("article.text")).not_to_be_empty()
    reader.page.context.close()
