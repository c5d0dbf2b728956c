"""Pages of the portal in Chromium without a server: the test client makes them, the browser shows and judges them.

The pages are those of the database of the test, with their own headers, so the browser obeys their policy.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Route

from tests.browsing import COMING_TO_REST, WIDE, fits

__all__ = ["OpenedPages"]

ORIGIN = "https://testserver"
CATALOGUE = "/admin/jsi18n/"
"""The only script that is no file."""
ZOOMED: Any = {"width": 640, "height": 400}
"""The size that is left of 1280 × 800 px at 200 % zoom."""
NARROW: Any = {"width": 360, "height": 740}
SHOWN: Any = [(WIDE, "light"), (ZOOMED, "light"), (NARROW, "dark")]
AXE = Axe().axe_script
VIOLATIONS = """async () => {
    const found = await axe.run({ resultTypes: ["violations"] });
    return found.violations.map(({ id, nodes }) => ({ id, places: nodes.map(({ target, html }) => [target, html]) }));
}"""
"""Return only what is read here: a result of axe-core has megabytes."""
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
"""Resolved when the browser has laid out the page at its new size, and scripts that watch sizes have run."""


class OpenedPages:
    """A browser window with the session of one person; notes what is wrong on each page that it opens."""

    def __init__(self, chromium: Browser, session: Client) -> None:
        self.session = session
        self.page = chromium.new_context(viewport=WIDE, reduced_motion="reduce").new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route("**/*", self._answer)
        self.errors: list[str] = []
        self.catalogue = session.get(CATALOGUE, secure=True)
        self.documents: dict[str, Any] = {}
        self.faults: dict[str, list[str]] = {}
        self.count = 0

    def open(self, url: str) -> bool:
        """Open a page and judge it; return False if it is no page of HTML that this person may see."""
        found = self.session.get(url, secure=True)
        if found.status_code != 200 or not found["Content-Type"].startswith("text/html"):
            return False
        self.documents = {ORIGIN + url: found, ORIGIN + CATALOGUE: self.catalogue}
        self.errors.clear()
        self.count += 1
        self.page.goto(ORIGIN + url)
        if faults := [*self.judge(), *dict.fromkeys(self.errors)]:
            self.faults[url] = faults
        return True

    def judge(self) -> list[str]:
        """Return the findings of axe-core on the page that is shown, and at which sizes it is too wide."""
        faults = []
        self.page.evaluate(AXE)
        for size, scheme in SHOWN:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(COMING_TO_REST)
            self.page.evaluate(DRAWN)
            found = self.page.evaluate(VIOLATIONS) if size is not ZOOMED else []
            where = f"at {size['width']} px, {scheme}"
            faults += [f"{one['id']} {where}: {_places(one)}" for one in found]
            if not fits(self.page):
                faults.append(f"needs sideways scrolling {where}")
        return faults

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _answer(self, route: Route) -> None:
        """Answer a request of the browser, without the database: its connection belongs to the test."""
        url = route.request.url
        if (answer := self.documents.get(url)) is not None:
            headers = {name: value for name, value in answer.items() if name.lower() != "content-length"}
            route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
        elif path := url.startswith(f"{ORIGIN}/static/") and finders.find(url.partition("/static/")[2]):
            route.fulfill(path=str(path))
        else:
            self.errors.append(f"asks for {url}")
            route.abort()

    def close(self) -> None:
        """Close the window."""
        self.page.context.close()


def _places(violation: Any) -> str:
    places = violation["places"]
    shown = "; ".join(f"{target} {html[:140]}" for target, html in places[:2])
    return f"{shown} ({len(places)})"
