"""The periods of the portal's own data in the console."""

from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import list_kinds
from paktaleem.foundation.upkeep.periods.models import PeriodChange
from paktaleem.foundation.upkeep.periods.services import record_run
from tests.cast import Cast
from tests.signing_in import browser_of

PAGE = "/admin/upkeep/periodchange/"


def test_the_page_lists_every_kind_with_its_last_run(cast: Cast) -> None:
    with in_client(PAKTALEEM):
        record_run("system_copies", rows=34, at=timezone.now())
    page = unescape(browser_of(cast.user("amina")).get(PAGE).content.decode())
    assert [kind.code for kind in list_kinds() if str(kind.name) not in page] == []
    assert "34 in the last run, 34 in all" in page
    assert "add/?kind=packages" in page


@pytest.mark.parametrize(("name", "status"), [("bilal", 200), ("sana", 403), ("farah", 403), ("celia", 403)])
def test_staff_of_paktaleem_read_it_and_change_nothing(cast: Cast, name: str, status: int) -> None:
    browser = browser_of(cast.user(name))
    answer = browser.get(PAGE)
    assert answer.status_code == status
    assert b"add/?kind=" not in answer.content
    assert browser.post(f"{PAGE}add/", {"kind": "packages", "length": 20, "ground": "More time."}).status_code == 403


def test_an_officer_requests_a_period_with_its_form(cast: Cast) -> None:
    amina = browser_of(cast.user("amina"))
    assert amina.get(f"{PAGE}add/?kind=packages").context["adminform"].form.initial["kind"] == "packages"
    sent: dict[str, Any] = {"kind": "packages", "length": 0, "ground": "More time."}
    for length, errors in (
        (0, {"__all__": ["Write a number above zero."]}),
        (2, {"length": ["Write a number from 3 to 90."]}),
    ):
        page = amina.post(f"{PAGE}add/", {**sent, "length": length})
        assert page.context["adminform"].form.errors == errors
    made = amina.post(f"{PAGE}add/", {**sent, "length": 20})
    assert made.status_code == 302
    with in_client(PAKTALEEM):
        change = PeriodChange.objects.get()
    assert (change.length, change.previous, change.state) == (20, 14, "waiting")
    assert "14 days → 20 days" in amina.get(made["Location"]).content.decode()
