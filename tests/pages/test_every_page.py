"""Every page of the console, as each role reads it in each language, is shown by Chromium without a fault.

A fault is an error or a refused script in the browser's console, a finding of axe-core, or sideways scrolling. Pages
are judged in light at 1280 px, in dark at 360 px, and at 200 % zoom. ``make test-pages`` opens all of them; the suite
opens those of ``SOME``, one of each kind.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_global
from tests.cast import Cast
from tests.pages.opening import OpenedPages
from tests.pages.origin import open_origin
from tests.project.crawl import addresses
from tests.signing_in import browser_of

PART = os.environ.get("PAGES", "")
"""Text in the addresses of the pages to open; empty in the suite."""
SOME = {
    "/admin/",
    "/admin/search/",
    "/admin/people/subject/",
    "/admin/consent/purpose/add/",
    "/admin/schedule/retentionrule/schedule/",
}
READERS = ["amina-en", "farah-ur"]
ALL_READERS = [
    f"{name}-{language}" for name in ("amina", "bilal", "sana", "farah", "daniya") for language in ("en", "ur")
]
"""One person of each role; Daniya is the auditor of a client, whom Farah invites in tests/project/rows.py."""
FEWEST = {"amina": 450, "bilal": 270, "sana": 45, "farah": 400, "daniya": 250}
"""Pages that each of them opens at least, so that a crawl that opens none is no proof."""
MENU_BEYOND_THE_SCREEN = (
    '<table class="object-tools" width="900"><td><details><summary>More</summary><ul><li>Export</ul></details></table>'
)


type Opening = Callable[[Client], OpenedPages]
type Say = Callable[[str], Any]


@pytest.fixture
def opening(chromium: Browser) -> Iterator[Opening]:
    with open_origin() as origin:
        yield partial(OpenedPages, chromium, origin)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print a line at once, also from a process of pytest-xdist."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stderr.write(f"{line}\n")

    return write


@pytest.mark.parametrize("reader", ALL_READERS if PART else READERS)
def test_pages_have_no_errors_no_findings_of_axe_and_no_sideways_scrolling(
    cast_of_rows: Cast, rows: dict[str, Any], opening: Opening, say: Say, reader: str
) -> None:
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        daniya = User.objects.get(email="colleague@indus.example")
    name, language = reader.split("-")
    browser = browser_of(daniya if name == "daniya" else cast_of_rows.user(name))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    opened = opening(browser)
    for url in dict.fromkeys(addresses(cast_of_rows, rows)):
        if (url in SOME or (PART and PART in url)) and opened.open(url) and PART:
            say(f"{opened.count:4} {reader} {url} {opened.faults.get(url, '')}")
    opened.close()
    faults = "\n".join(f"{url}\n    " + "\n    ".join(found) for url, found in opened.faults.items())
    assert not opened.faults, faults
    assert opened.count >= (FEWEST[name] if PART == "/" else 3)


def test_faults_of_a_page_are_found(cast: Cast, opening: Opening) -> None:
    opened = opening(browser_of(cast.user("amina")))
    opened.open("/admin/search/")
    opened.page.set_content(f'<!DOCTYPE html><img src="data:,x"><p style="color: #ccc">{"wide" * 200}</p>')
    found = opened.judge()
    opened.page.set_content('<div class="tablewrap"><table width="1"><td><time>2026-10-01</time></table></div>')
    torn = opened.judge()
    opened.page.set_content(MENU_BEYOND_THE_SCREEN)
    cut = opened.judge()
    opened.close()
    assert any("style" in error for error in opened.errors), "the policy of the page refuses the style"
    assert any(fault.startswith("image-alt") for fault in found)
    assert "needs sideways scrolling" in "".join(found)
    assert "dates on two lines" in "".join(torn)
    assert "menus beyond the screen at 360 px, dark: More" in cut
