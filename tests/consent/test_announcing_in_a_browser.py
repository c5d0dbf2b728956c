"""Announcing a material change in a browser: preview, proof of each email, acknowledgement and objection.

``SHOTS=folder`` stores a screenshot of every page.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consent.notices.models import Notice
from consent.notices.services.announcements import process_client
from paktaleem.directory.mail.delivery import deliver_message
from paktaleem.directory.mail.models import Letter
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.browsing import WIDE, violations
from tests.cast import Cast
from tests.serving import HOST, environment_of_server, served
from tests.signing_in import browser_of

SHOTS = os.environ.get("SHOTS", "")
WORKER = system_actor("tests")


@pytest.fixture
def port(committed: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The portal, served on this test's own database."""
    for name, value in (environment_of_server() | {"SECURE_COOKIES": "false"}).items():
        monkeypatch.setenv(name, value)
    with served(tmp_path) as found:
        yield found


def aside[Found](act: Callable[[], Found]) -> Found:
    """Run database code in a separate thread: Django refuses it in Playwright's event loop."""

    def done() -> Found:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


class Desk:
    """One signed-in member of staff with a page language."""

    def __init__(self, chromium: Browser, port: int, cast: Cast, name: str, language: str) -> None:
        self.base, self.language, self.name = f"http://{HOST}:{port}", language, name
        session = aside(lambda: browser_of(cast.user(name)).cookies[settings.SESSION_COOKIE_NAME].value)
        kept = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        self.context: BrowserContext = chromium.new_context(viewport=WIDE)
        self.context.add_cookies([{"name": key, "value": value, "url": self.base} for key, value in kept.items()])
        self.page: Page = self.context.new_page()

    def go(self, url: str) -> None:
        self.page.goto(self.base + url)

    def look(self, name: str) -> None:
        """Take a screenshot; check the text direction and run axe."""
        self.page.wait_for_load_state()
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/announcing-{name}-{self.language}.png", full_page=True)
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ur" else "ltr")
        assert violations(self.page) == [], name

    def act(self, slug: str) -> None:
        self.page.locator(f".object-tools a[href$='/{slug}/']").click()

    def send(self, **chosen: str) -> None:
        for name, value in chosen.items():
            self.page.select_option(f"select[name={name}]", value)
        self.page.locator(".submit-row input[type=submit]").click()
        expect(self.page.locator(".messagelist .success")).to_be_visible()


def begin_draft(desk: Desk, notice: Any) -> None:
    """Add a draft of a material version of the policy, in both languages."""
    desk.go("/admin/consent/noticedraft/add/")
    desk.page.select_option("select[name=notice]", str(notice))
    desk.page.fill("textarea[name=text_en]", "We keep what we keep, and two years longer.")
    desk.page.fill("textarea[name=text_ur]", "ہم جو رکھتے ہیں وہ دو سال مزید رکھیں گے۔")
    desk.page.check("input[name=is_material]")
    desk.send(reason="law_change")


def policy() -> Any:
    with in_client(PAKTALEEM):
        return Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice").pk


def follow(cast: Cast) -> None:
    """Run the background work: email the administrators, deliver, and record the proof."""
    client_id = cast.client_id("indus")
    with in_client(client_id):
        process_client(client_id, actor=WORKER, at=timezone.now())
        for letter in Letter.objects.filter(client_id=client_id, state="queued"):
            deliver_message(letter.pk, client_id=client_id, actor=WORKER, at=timezone.now())
        process_client(client_id, actor=WORKER, at=timezone.now())


@pytest.mark.parametrize("language", ["en", "ur"])
def test_a_change_is_previewed_announced_proven_and_answered(
    committed: Cast, chromium: Browser, port: int, language: str
) -> None:
    officer = Desk(chromium, port, committed, "amina", language)
    begin_draft(officer, aside(policy))
    officer.look("draft")
    officer.act("announce")
    effect = officer.page.locator("section[aria-labelledby=effect] strong")
    expect(effect.last).to_have_text("2")  # clients to be notified
    officer.look("effect")
    officer.send(reason="law_change")

    aside(lambda: follow(committed))
    officer.go("/admin/consent/noticeversion/")
    officer.page.locator("#result_list tbody tr th a").first.click()
    told = officer.page.locator("section[aria-labelledby=panel-dispatches] tbody tr")
    expect(told).to_have_count(1)  # Khyber's email is not sent yet
    expect(told.locator(".pill-good")).to_have_count(1)
    officer.look("proof")

    farah = Desk(chromium, port, committed, "farah", language)
    farah.go("/admin/")
    farah.look("inbox")
    farah.page.locator(".cards.attention a[href*='/noticedispatch/']").click()
    expect(farah.page.locator("ins").first).to_be_visible()
    farah.act("acknowledge")
    farah.send()
    farah.act("object")
    farah.look("objecting")
    farah.send(code="law")
    expect(farah.page.locator("section[aria-labelledby=panel-responses] tbody tr")).to_have_count(2)
    farah.look("answered")

    officer.go("/admin/")
    officer.page.locator(".cards.attention a[href*='/noticedispatch/']").click()
    officer.act("answer")
    officer.send(code="explained")
    expect(officer.page.locator("section[aria-labelledby=panel-responses] tbody tr")).to_have_count(3)
    officer.look("closed")
