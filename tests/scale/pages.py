"""Pages of the console, requested with their queries explained: what is slow in a large database."""

import os
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.test import Client

from paktaleem.foundation.console.filters import CLIENT_PARAMETER, ChosenFilter, TypedFilter
from tests.scale.plans import OF_A_PAGE, Bounds, spied

OK = HTTPStatus.OK
IS_WHOLE = "SCALE_PEOPLE" in os.environ
"""True in ``make test-scale``: every page and role, filters within one client too, and the time of each page."""
READER, PART = os.environ.get("SCALE_READER", ""), os.environ.get("SCALE_PAGES", "")
"""The only person whose pages are judged, and text in the addresses of those pages; empty for all."""


TYPED = {"school": ("own-0", "nowhere"), "class": ("class-10",), "grade": ("7", "KG")}
"""Texts for filters of lists: they choose many people of a client, few, and none."""


def narrowed(browser: Client, url: str, chosen: str = "") -> Iterator[str]:
    """Yield a list filtered by each choice of each filter, its last page, and its older rows."""
    cl = browser.get(f"{url}?{chosen}").context["cl"]
    known = {CLIENT_PARAMETER}
    if chosen:  # choices for all clients are tested there
        known |= {spec.title for spec in browser.get(url).context["cl"].filter_specs}
    for spec in cl.filter_specs:
        if spec.title in known:
            continue
        if isinstance(spec, ChosenFilter):
            if spec.parameter_name != CLIENT_PARAMETER:
                values = spec.lookup_choices if spec.parameter_name == "person_role" else spec.lookup_choices[:2]
                yield from (f"{url}?{chosen}&{spec.parameter_name}={value}" for value, _ in values)
        elif isinstance(spec, TypedFilter):
            yield from (f"{url}?{chosen}&{spec.parameter_name}={value}" for value in TYPED[str(spec.parameter_name)])
        else:
            yield from (url + choice["query_string"] for choice in spec.choices(cl) if not choice["selected"])
    yield f"{url}?{chosen}&p={cl.paginator.num_pages}"
    if cl.paginator.is_capped and cl.is_newest_first():  # open requests come by their due date
        older = browser.get(f"{url}?{chosen}&p={cl.paginator.num_pages}").context["cl"].older_link
        assert older, url
        yield url + older


def counted(browser: Client, urls: list[str]) -> dict[str, int]:
    """Return the number of statements of each page that opens.

    The first one is opened before and after them, too: the first page of the console leaves a task of several pages
    that another has begun, which updates the session.
    """
    browser.get(urls[0])
    found = {}
    for url in urls:
        with spied() as spy:
            status = browser.get(url).status_code
        assert status == OK or IS_WHOLE, url
        if status == OK:
            found[url] = spy.count
    browser.get(urls[0])
    return found


def faults(
    browser: Client,
    url: str,
    big: set[str],
    *,
    known: set[Any],
    statements: int | None = None,
    sent: dict[str, str] | None = None,
    bounds: Bounds = OF_A_PAGE,
    whole: frozenset[str] = frozenset(),
) -> list[str]:
    """Return the faults of a page: more statements than before, or a slow plan with its query.

    A query that reads, of the big tables, only those in ``whole`` may read them whole.
    """
    began = time.perf_counter()
    with spied(known) as spy:
        answer = browser.get(url) if sent is None else browser.post(url, sent)
    took = time.perf_counter() - began - spy.explaining
    assert answer.status_code == OK, url
    assert sent is None or answer.context["found"] is not None, answer.context["form"].errors
    say(f"{took * 1000:7.0f} ms  {url}")
    more = (
        [f"{url}: {spy.count} statements, {statements} with few rows"] if spy.count > (statements or spy.count) else []
    )
    judged = [one for one in spy.seen if not whole or not one.reads_only(whole, big)]
    slow = more + [f"{url}\n{found}\n{one.told()}" for one in judged if (found := one.faults(big, bounds))]
    say("\n".join(slow))
    return slow


def say(text: str) -> None:
    if IS_WHOLE and text:
        sys.stderr.write(text + "\n")
