"""A day's work of staff in Chromium, from the keyboard, across the apps, in English and in Urdu.

The days of people and guardians are in tests/access_links/test_in_a_browser.py. ``SHOTS=folder`` stores screenshots.
"""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser, expect

from paktaleem.directory.access_reviews.services import advance_reviews
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RightsRequest
from tests.browser.working_desk import WorkingDesk
from tests.cast import Cast
from tests.consent.test_announcing_in_a_browser import aside, port
from tests.factories import SETTING_UP
from tests.rights.cases import add_phone, decided, received

__all__ = ["port"]

DAY = timedelta(days=1)
REQUESTS = "/admin/rights/rightsrequest/"


def administrators_morning(cast: Cast) -> None:
    """A child whose mother is to be asked, a decided request, and the quarter's review of access."""
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        decided(cast, received(cast, "question", at=now - 3 * DAY), at=now - DAY)
        advance_reviews(cast.client_id("indus"), actor=SETTING_UP, at=now)


def test_a_client_administrators_day(committed: Cast, chromium: Browser, port: int) -> None:
    aside(lambda: administrators_morning(committed))
    desk = WorkingDesk(chromium, port, committed, "farah", "ur")
    desk.go("/admin/")
    desk.look("first page")
    desk.go("/admin/invitations/invitation/")
    desk.follow(desk.page.locator(".object-tools a.addlink"), "ask guardians")
    desk.fill(ids="lms-danish")
    desk.submit("whom it asks")
    desk.submit("asked")
    desk.done()
    desk.search("lms-hamza")
    desk.look("person")
    desk.open_act("correct", "correct")
    desk.fill(field="full_name", new_value="Hamza Ali Lodhi", reason="correction")
    desk.submit("corrected")
    desk.done()
    desk.go(REQUESTS)
    desk.open_first("request")
    desk.open_act("answer", "answer")
    desk.submit("answered")
    desk.done()
    desk.go("/admin/subjects/subject/")
    desk.follow(desk.page.locator(".object-tools a[href*='export/']"), "export")
    desk.fill(format=["csv"], reason="review")
    desk.reach(desk.page.locator("main .submit-row input[type=submit]"))
    with desk.page.expect_download() as download:
        desk.page.keyboard.press("Enter")
    text = download.value.path().read_text("utf-8-sig")
    assert "lms-hamza" in text
    assert "Lodhi" not in text
    desk.open_card("/accessreview/", "review of access")
    desk.fill(reason="review", memberships=[aside(lambda: membership_of(committed))])
    desk.submit("confirmed")
    desk.done()
    assert len(desk.pages) >= 12


def membership_of(cast: Cast) -> str:
    """Return the id of Farah's membership."""
    with in_client(cast.client_id("indus")):
        return str(Membership.objects.get(user_id=cast.user_id("farah"), ends_at=None).pk)


def test_a_support_agents_day(committed: Cast, chromium: Browser, port: int) -> None:
    aside(lambda: add_phone(committed))
    desk = WorkingDesk(chromium, port, committed, "sana", "en")
    desk.go("/admin/")
    desk.look("first page")
    desk.follow(desk.page.locator("main a[href$='/take-in/']"), "take in a request")
    desk.fill(text="Hamza Lodhi", client=str(committed.client_id("indus")), reason="subject_request")
    desk.submit("found caller")
    desk.follow(desk.page.locator("ul.found a"), "request of the caller")
    desk.fill(kinds=["access"], details="Send me everything")
    desk.submit("recorded request")
    desk.search(aside(lambda: newest(committed)))
    desk.open_act("call-back", "call back")
    desk.fill(outcome=["reached"])
    desk.submit("called back")
    desk.done()
    desk.go("/admin/desk/requesttask/take-in/")
    desk.fill(**{"caller-kinds": ["erasure"], "caller-details": "Delete it all"})
    desk.follow(desk.page.locator("input[name=unknown]"), "unknown caller")
    desk.done()
    url = desk.page.url.removeprefix(desk.base)
    officer = WorkingDesk(chromium, port, committed, "amina", "en")
    officer.go(url)
    officer.open_act("hand-over", "hand over")
    officer.fill(to=str(committed.client_id("indus")))
    officer.submit("handed over")
    desk.go(url)
    desk.look("request that was handed over")
    expect(desk.page.locator("main")).not_to_contain_text("Delete it all")
    assert len(desk.pages) >= 9


def newest(cast: Cast) -> str:
    """Return the number of the newest request of Indus."""
    with in_client(cast.client_id("indus")):
        return str(RightsRequest.objects.latest("received_at").number)
