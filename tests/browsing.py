"""Chromium for the tests: one way to start it, one patience, one check of accessibility."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

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


def sign_in(page: Page, base: str, who: dict[str, Any]) -> None:
    page.goto(f"{base}/admin/")
    page.fill("input[name=username]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
