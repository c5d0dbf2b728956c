"""Ten frequent tasks, with the number of clicks by the menu and its lists, and by the shortest way.

Typing is no click; a button, a link and what must be unfolded are one each.
"""

from collections.abc import Callable

import pytest
from django.db import transaction

from rights.requests.models import RightsRequest
from tests.console.clicking import Clicks
from tests.signing_in import browser_of

CLICKS = {
    "Open a person by LMS id": ("4", "1"),
    "See which decisions deny a person’s data, and why": ("4", "1"),
    "Record a refusal": ("6", "3"),
    "Restrict the processing of a person’s data": ("7", "4"),
    "See who looked at a person’s data": ("5", "2"),
    "Open a rights request by its number": ("3", "1"),
    "See the people of a class": ("3", "1"),
    "Open a purpose of the register": ("4", "1"),
    "Open an order by its id": ("3", "1"),
    "Read what a page is for": ("–", "1"),
}
"""How many clicks each task takes by the menu, and by the shortest way."""


def by_list(page, name, text):
    return page.click(name).find(text).click(text)


type Way = Callable[[Clicks, dict[str, str]], Clicks]


def count(cast, way, known, expected):
    if way is None:
        return "–"
    with transaction.atomic():
        arrived = way(Clicks(browser_of(cast.user("farah"))), known)
        assert expected in arrived.text, arrived.url
        transaction.set_rollback(True)
    return str(arrived.number)


TASKS: dict[str, tuple[Way | None, Way, str]] = {
    "Open a person by LMS id": (
        lambda page, _: by_list(page, "Data subjects", "lms-danish"),
        lambda page, _: page.search("lms-danish"),
        "About this person",
    ),
    "See which decisions deny a person’s data, and why": (
        lambda page, _: by_list(page, "Data subjects", "lms-danish"),
        lambda page, _: page.search("lms-danish"),
        "Decisions",
    ),
    "Record a refusal": (
        lambda page, _: by_list(page, "Data subjects", "lms-danish").click("Refuse").send(),
        lambda page, _: page.search("lms-danish").click("Refuse").send(),
        "Recorded. In effect from the next decision.",
    ),
    "Restrict the processing of a person’s data": (
        lambda page, _: by_list(page, "Data subjects", "lms-danish").click("Restrict processing").send(),
        lambda page, _: page.search("lms-danish").click("Restrict processing").send(),
        "Restricted. In effect from the next decision.",
    ),
    "See who looked at a person’s data": (
        lambda page, _: by_list(page, "Data subjects", "lms-danish").click("Who looked"),
        lambda page, _: page.search("lms-danish").click("Who looked"),
        "Who looked",
    ),
    "Open a rights request by its number": (
        lambda page, known: page.click("Rights requests").click(known["number"]),
        lambda page, known: page.search(known["number"]),
        "Rights request",
    ),
    "See the people of a class": (
        lambda page, _: page.click("Classes").click("4-A"),
        lambda page, _: page.search("4a"),
        "lms-danish",
    ),
    "Open a purpose of the register": (
        lambda page, _: by_list(page, "Purposes", "newsletter"),
        lambda page, _: page.search("newsletter"),
        "needs_account",
    ),
    "Open an order by its id": (
        lambda page, _: page.click("Orders").click("20"),
        lambda page, known: page.search(known["order"]),
        "Order",
    ),
    "Read what a page is for": (
        None,
        lambda page, _: page.click("Help"),
        "The console, for officers and administrators",
    ),
}


@pytest.fixture
def known(cast_of_rows, rows):
    number = cast_of_rows.get(RightsRequest, pk=rows["requests/rightsrequest"]).number
    return {"number": str(number), "order": str(rows["data_systems/order"])}


def test_the_number_of_clicks_of_ten_tasks_is_as_listed(cast_of_rows, known):
    counted = {
        task: (count(cast_of_rows, by_menu, known, expected), count(cast_of_rows, shortest, known, expected))
        for task, (by_menu, shortest, expected) in TASKS.items()
    }
    assert counted == CLICKS
