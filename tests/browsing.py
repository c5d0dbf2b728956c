"""Chromium for the tests: one way to start it, one patience, one check of accessibility."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from consent.notices.models import NoticeVersion
from consent.notices.notice_tokens import ShownNotice, sign_notice_token
from consent.notices.selectors.registers import get_current_notice

BROWSER = os.environ.get("PAKTALEEM_BROWSER") or shutil.which("chromium")
PATIENCE = 60_000
"""How long a test waits for what a page must show, in milliseconds; a busy machine must not fail a test."""
WIDE: Any = {"width": 1280, "height": 800}
SERIOUS = {"serious", "critical"}
COMING_TO_REST = """() => Promise.allSettled(document.getAnimations()
    .filter(one => Number.isFinite(one.effect.getComputedTiming().endTime)).map(one => one.finished))"""


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Start Chromium. Playwright's loop runs in this thread; nothing here awaits, so Django may use the database."""
    expect.set_options(timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def violations(page: Page) -> list[tuple[str, Any]]:
    """Return axe-core's serious findings, rule and elements, once the page is loaded and nothing moves or fades."""
    page.wait_for_load_state()
    page.evaluate(COMING_TO_REST)
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found if one["impact"] in SERIOUS]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def shown(client_id: UUID, at: datetime, purpose: str = "newsletter", language: str = "") -> str:
    """Return a token for the notice in effect about a purpose at a time, in both languages unless one is given."""
    return shown_version(get_current_notice(purpose, client_id=client_id, at=at), client_id, at, language)


def shown_version(version: NoticeVersion, client_id: UUID, at: datetime, language: str = "") -> str:
    return sign_notice_token(ShownNotice(version.pk, tuple(version.notice.purposes), language, client_id, at))
