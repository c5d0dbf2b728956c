"""The end of a year in a browser, in English and Urdu: card, choices, numbers, confirmation and result.

``SHOTS=folder`` stores a screenshot of every page.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Browser, expect

from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Origin, Term
from paktaleem.directory.schools.rows import ClassRow, GivenRows, SchoolRow, TermRow
from paktaleem.directory.schools.services.recording import record_schools
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.services import CONTINUE
from paktaleem.office.school_years.tasks import continue_year_end
from tests.cast import Cast
from tests.consent.test_announcing_in_a_browser import Desk, aside, port
from tests.factories import SETTING_UP
from tests.retention.disposals.steps import hold_data
from tests.school_years.making import consents, enrolled
from tests.working import work

__all__ = ["port"]  # fixtures

DAY = timedelta(days=1)


def begin(cast: Cast) -> Any:
    """A year that ended ten days ago, with Danish and Hamza; Danish has a class in the next one. Return the term."""
    now = timezone.now()
    ended = (now - 10 * DAY).date()
    first = ended - 300 * DAY
    years = [
        TermRow(2, "old", "2026-27", "school_year", "", first, ended, gone=False),
        TermRow(3, "new", "2027-28", "school_year", "", ended, ended + 300 * DAY, gone=False),
    ]
    classes = [
        ClassRow(2, "4a", "4-A", "homeroom", "lyari", ["old"], gone=False),
        ClassRow(3, "5a", "5-A", "homeroom", "lyari", ["new"], gone=False),
    ]
    pupils = [
        enrolled("danish", "4a", first, row=2),
        enrolled("hamza", "4a", first, row=3),
        enrolled("danish", "5a", ended, row=4),
    ]
    school = SchoolRow(2, "lyari", "Lyari School", "school", "", gone=False)
    given = GivenRows(schools=[school], terms=years, classes=classes, enrolments=pupils)
    with in_client(cast.client_id("indus")):
        record_schools(given, client=cast.client("indus"), origin=Origin.API, actor=SETTING_UP, at=now)
        consents(cast, "hamza", at=now - 20 * DAY)
        for name in ("danish", "hamza"):
            hold_data(cast, name, at=now, purposes=["account_management"])
        return Term.objects.get(external_id="old").pk


def work_on() -> None:
    work({CONTINUE: continue_year_end})


def closed(cast: Cast) -> list[str]:
    with in_client(cast.client_id("indus")):
        return [str(one) for one in Subject.objects.exclude(account_closed_at=None)]


def test_a_year_ends_in_english_and_in_urdu(committed: Cast, chromium: Browser, port: int) -> None:
    term = aside(lambda: begin(committed))
    english, urdu = (Desk(chromium, port, committed, "farah", language) for language in ("en", "ur"))
    for desk in (urdu, english):
        desk.go("/admin/")
        desk.page.locator(f"a[href$='/schools/term/{term}/end-year/']").click()
        expect(desk.page.locator("input[name=leavers_by]")).to_have_count(4)
        desk.look("year-choices")
    english.page.check("input[name=let_go][value=newsletter]")
    english.page.locator(".submit-row input[type=submit]").click()
    expect(english.page.locator("section[aria-labelledby=panel-year-end]")).to_be_visible()
    page = english.page.url.removeprefix(english.base)
    aside(work_on)
    for desk in (english, urdu):
        desk.go(page)
        expect(desk.page.locator("section[aria-labelledby=panel-year-end] tbody td").nth(3)).to_have_text("1")
        desk.look("year-numbers")
    urdu.act("confirm")
    urdu.page.fill("input[name=number]", "1")
    urdu.look("year-confirm")
    urdu.send()
    expect(urdu.page.locator("progress")).to_be_visible()
    assert aside(lambda: closed(committed)) == []
    aside(work_on)
    for desk in (english, urdu):
        desk.go(page)
        expect(desk.page.locator(".pill-good")).to_be_visible()
        desk.look("year-done")
        desk.go(f"/admin/subjects/subject/{committed.subject_id('danish')}/moves-away/")
        desk.look("moves-away")
    assert aside(lambda: closed(committed)) == ["lms-hamza"]
