"""The pictures of docs/screenshots: ``python -m tools.screenshots`` (``make screenshots``).

They are taken from a new demonstration, so they show no real person. The times in them are those of the run.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browsing import started_chromium
from tests.demo.running import Demonstration

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
DESK: Any = {"width": 1280, "height": 860}
PHONE: Any = {"width": 390, "height": 760}
PERSON = "lms-talha"
CONSOLE = {
    "today": "/admin/",
    "people": "/admin/people/subject/",
    "requests": "/admin/requests/rightsrequest/",
    "retention": "/admin/schedule/retentionrule/schedule/",
    "record": "/admin/record/",
}
PUBLIC = {"privacy": "/privacy/indus/", "privacy-urdu": "/privacy/indus/?lang=ur"}


def _sign_in(page: Page, base: str, sign_in: dict[str, str]) -> None:
    page.goto(f"{base}/admin/login/")
    page.fill("input[name=username]", sign_in["email"])
    page.fill("input[name=password]", sign_in["password"])
    page.click("#login-form input[type=submit]")
    page.wait_for_url("**/admin/")


def _take(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=FOLDER / f"{name}.png")


def _take_console(page: Page, base: str) -> None:
    for name, address in CONSOLE.items():
        _take(page, base + address, name)
    page.goto(f"{base}/admin/")
    page.fill("#search-box", PERSON)
    page.press("#search-box", "Enter")
    page.wait_for_url("**/people/subject/*/change/**")
    person = page.url
    _take(page, person, "person")
    _take(page, f"{person}?lang=ur", "person-urdu")


def take_screenshots(base: str, sign_in: dict[str, str]) -> None:
    """Take every picture of a running demonstration."""
    with started_chromium() as chromium:
        for name, address in PUBLIC.items():
            page = chromium.new_context(viewport=PHONE, reduced_motion="reduce").new_page()
            _take(page, base + address, name)
        page = chromium.new_context(viewport=DESK, reduced_motion="reduce").new_page()
        _sign_in(page, base, sign_in)
        _take_console(page, base)


def main() -> None:
    """Start a demonstration of its own, take the pictures, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-shots-")).resolve()
    folder.chmod(0o755)
    demonstration = Demonstration(folder)
    try:
        values = demonstration.start().values
        officer = next(one for one in values["sign_ins"] if one["role"] == "privacy_officer")
        take_screenshots(values["base_url"].rstrip("/"), officer)
    finally:
        demonstration.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
