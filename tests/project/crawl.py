"""The pages of the console as each reader sees them, opened once in a process; rules about pages read them.

The pages are those of the tables of tests/project/test_permission_matrix.py, with a row of Indus from
tests/project/rows.py to which each of them applies.
"""

from collections.abc import Callable
from typing import NamedTuple

from paktaleem.foundation.console.person_pages import TABS, person_pages
from tests.console.pages import row_url
from tests.console.urdu import in_urdu
from tests.project.test_permission_matrix import (
    CONSOLE,
    CONSOLE_BY_ROLE,
    EXPORTED,
    OWN_PAGES,
    acts_by_role,
    example,
    pages_by_role,
)
from tests.signing_in import browser_of


class Page(NamedTuple):
    """An answer: its status, its policy, and its text; empty unless it is a page in HTML with status 200."""

    status: int
    policy: str
    html: str


type Crawl = dict[str, Page]
type OpenPages = Callable[..., Crawl]
"""The fixture ``crawl``: called with a name, and the language or a part of the addresses."""

_crawls: dict[tuple[str, str, str], Crawl] = {}


def addresses(cast, rows):
    yield from (example(route) for route in (*CONSOLE, *CONSOLE_BY_ROLE, *OWN_PAGES))
    yield from (url for url, _, _ in (*pages_by_role(rows), *acts_by_role(rows)))
    yield from (f"/admin/{model}/export/" for model in sorted(EXPORTED))
    person = cast.subject_id("danish")
    yield from (row_url("people/subject", person, page.slug) for page in person_pages)
    yield from (f"{row_url('people/subject', person)}?tab={tab.code}" for tab in TABS[1:])


def open_pages(cast, rows, name, language="en", part=""):
    if (key := (name, language, part)) not in _crawls:
        browser = in_urdu(cast, name) if language == "ur" else browser_of(cast.user(name))
        urls = [url for url in dict.fromkeys(addresses(cast, rows)) if part in url]
        _crawls[key] = {url: _read(browser.get(url)) for url in urls}
    return _crawls[key]


def _read(answer):
    is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    policy = answer.get("Content-Security-Policy", "")
    return Page(answer.status_code, policy, answer.content.decode() if is_page else "")
