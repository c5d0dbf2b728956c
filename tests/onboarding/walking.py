"""A person who walks through pages in Chromium: pages, fields and clicks are counted, and the time is estimated."""

import os
from dataclasses import dataclass

from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_global
from tests.browsing import WIDE, fits
from tests.serving import aside
from tests.signing_in import browser_of

SHOTS = os.environ.get("SHOTS", "")
PHONE_WIDTH = 360
TYPED_A_MINUTE = 200
SECONDS_A_PAGE = 5
SAVE = "#content input[name=_save], #content .submit-row input[type=submit]"


@dataclass
class Tally:
    """The pages, fields, clicks and typed characters of a walk, of all who took part."""

    pages: int = 0
    fields: int = 0
    clicks: int = 0
    typed: int = 0

    @property
    def minutes(self) -> float:
        """An estimate: 200 characters a minute and five seconds for each page; a click takes no time of its own."""
        return self.typed / TYPED_A_MINUTE + self.pages * SECONDS_A_PAGE / 60


def _sign_in(email: str) -> str:
    with in_global():
        user = User.objects.get(email=email)
    return str(browser_of(user).cookies[settings.SESSION_COOKIE_NAME].value)


class Walker:
    """One person at the pages of the console, on a screen as wide as a phone if the language is Urdu."""

    def __init__(self, page: Page, base: str, tally: Tally, *, language: str) -> None:
        self.page, self.base, self.tally, self.language = page, base, tally, language
        if language == "ur":
            page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})

    @classmethod
    def signed_in(cls, chromium: Browser, base: str, email: str, language: str, tally: Tally) -> "Walker":
        session = aside(lambda: _sign_in(email))
        kept = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        context = chromium.new_context(viewport=WIDE, reduced_motion="reduce")
        context.add_cookies([{"name": key, "value": value, "url": base} for key, value in kept.items()])
        return cls(context.new_page(), base, tally, language=language)

    def go(self, url: str) -> None:
        self.page.goto(url if url.startswith("http") else self.base + url)
        self.arrive()

    def arrive(self) -> None:
        """Count a page once it is there, and check its direction and width."""
        self.page.wait_for_load_state()
        self.tally.pages += 1
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ur" else "ltr")
        assert fits(self.page), self.page.url
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/walk-{self.language}-{self.tally.pages:02}.png", full_page=True)

    def click(self, what: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(what).first.click()
        self.tally.clicks += 1
        self.arrive()

    def step(self, part: str) -> None:
        """Open the page of a step; ``part`` is what its address has."""
        self.click(f"#content a.button[href*='{part}']")

    def fill(self, **given: str) -> None:
        for name, text in given.items():
            self.page.fill(f"[name={name}]", text)
            self.tally.fields += 1
            self.tally.typed += len(text)

    def choose(self, **given: str) -> None:
        for name, value in given.items():
            self.page.select_option(f"select[name={name}]", value)
            self.tally.fields += 1
            self.tally.clicks += 1

    def check(self, selector: str) -> None:
        self.page.check(selector)
        self.tally.fields += 1
        self.tally.clicks += 1

    def save(self, **given: str) -> None:
        self.fill(**given)
        self.click(SAVE)
