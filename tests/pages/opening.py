"""Pages of the portal in Chromium without its server: the test client makes them, the browser shows and judges them.

The pages are those of the database of the test, with their own headers, so the browser obeys their policy.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage

from tests.browsing import COMING_TO_REST, WIDE
from tests.pages.origin import Origin

CATALOGUE = "/admin/jsi18n/"
"""The only script that is no file."""
ZOOMED: Any = {"width": 640, "height": 400}
"""The size that is left of 1280 × 800 px at 200 % zoom."""
NARROW: Any = {"width": 360, "height": 740}
SHOWN: Any = [(WIDE, "light"), (ZOOMED, "light"), (NARROW, "dark")]
AXE = Axe().axe_script
JUDGEMENT = f"""async (withRules) => {{
    await ({COMING_TO_REST})();
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const fits = document.documentElement.scrollWidth <= innerWidth;
    const torn = [...document.querySelectorAll(".tablewrap time")].filter((one) => {{
        const date = document.createRange();
        date.setStart(one.firstChild, 0);
        date.setEnd(one.firstChild, Math.min("2026-10-01".length, one.firstChild.length));
        return new Set([...date.getClientRects()].map((part) => Math.round(part.top))).size > 1;
    }}).map((one) => one.textContent);
    const cut = [...document.querySelectorAll(":is(.object-tools, nav.tabs) details:not([open])")].filter((menu) => {{
        menu.open = true;
        const {{ left, right }} = menu.querySelector("ul").getBoundingClientRect();
        menu.open = false;
        return left < 0 || right > innerWidth;
    }}).map((menu) => menu.querySelector("summary").textContent);
    if (!withRules) return {{ fits, torn, cut, found: [] }};
    const {{ violations }} = await axe.run({{ resultTypes: ["violations"], preload: {{ assets: ["media"] }} }});
    const found = violations.map(({{ id, nodes }}) => ({{
        id, places: nodes.map(({{ target, html }}) => [target, html]),
    }}));
    return {{ fits, torn, cut, found }};
}}"""
"""Whether the page fits, dates in tables that are torn over two lines, menus that open beyond the edge of the screen,
and axe-core's findings by its default rules: those of WCAG A and AA, and best practice.

The page is first at rest, laid out at its size, and scripts that watch sizes have run. All rules run at both sizes,
because other elements are shown at 360 px. Only what is read here is returned: a result of axe-core has megabytes.
Style sheets are not preloaded: no default rule reads them.
"""


class OpenedPages:
    """A browser window with the session of one person; notes what is wrong on each page that it opens."""

    def __init__(self, chromium: Browser, origin: Origin, session: Client) -> None:
        self.session = session
        self.origin = origin
        context = chromium.new_context(viewport=WIDE, reduced_motion="reduce")
        context.add_init_script(AXE)
        self.page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.errors: list[str] = []
        self.catalogue = session.get(CATALOGUE, secure=True)
        self.faults: dict[str, list[str]] = {}
        self.count = 0

    def open(self, url: str) -> bool:
        """Open a page and judge it; return False if it is no page of HTML that this person may see."""
        found = self.session.get(url, secure=True)
        if found.status_code != 200 or not found["Content-Type"].startswith("text/html"):
            return False
        self.origin.made = {url: found, CATALOGUE: self.catalogue}
        self.errors.clear()
        self.origin.missed.clear()
        self.count += 1
        self.page.goto(self.origin.url + url)
        missed = [f"asks for {address}" for address in self.origin.missed]
        if faults := [*self.judge(), *dict.fromkeys(self.errors), *missed]:
            self.faults[url] = faults
        return True

    def judge(self) -> list[str]:
        """Return the findings of axe-core on the page that is shown, and at which sizes it is too wide."""
        faults = []
        for size, scheme in SHOWN:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            judged = self.page.evaluate(JUDGEMENT, size is not ZOOMED)
            where = f"at {size['width']} px, {scheme}"
            faults += [f"{one['id']} {where}: {_places(one)}" for one in judged["found"]]
            if judged["torn"]:
                faults.append(f"dates on two lines {where}: {', '.join(judged['torn'])}")
            if judged["cut"]:
                faults.append(f"menus beyond the screen {where}: {', '.join(judged['cut'])}")
            if not judged["fits"]:
                faults.append(f"needs sideways scrolling {where}")
        return faults

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def close(self) -> None:
        self.page.context.close()


def _places(violation: Any) -> str:
    places = violation["places"]
    shown = "; ".join(f"{target} {html[:140]}" for target, html in places[:2])
    return f"{shown} ({len(places)})"
