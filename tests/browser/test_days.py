"""A day's work of each role of staff in Chromium, from the keyboard, across the apps; two in English, two in Urdu.

The days of people and guardians are in tests/access_links/test_in_a_browser.py. ``SHOTS=folder`` stores screenshots.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.notices.models import Notice
from paktaleem.directory.staff.access_reviews.services import advance_reviews
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.reports.regulator.services import GATHER, gather_section, request_pack
from retention.holdings.services.holdings import CollectionReport, report_collection
from rights.requests.models import RightsRequest
from tests.browser.working_desk import WorkingDesk
from tests.browsing import violations
from tests.cast import Cast
from tests.consent.making import shown
from tests.factories import SETTING_UP
from tests.retention.disposals.steps import approved, hold_data, rule_for, sweep
from tests.rights.cases import add_phone, decided, received
from tests.serving import aside, served

DAY = timedelta(days=1)
REQUESTS = "/admin/requests/rightsrequest/"


@pytest.fixture
def port(committed: Cast, tmp_path: Path, settings: Any) -> Iterator[int]:
    """The portal, served on this test's own database; more than one holding takes two people."""
    settings.DISPOSAL_ALONE_MOST = 1
    with served(tmp_path, SECURE_COOKIES="false", DISPOSAL_ALONE_MOST="1") as found:
        yield found


def officers_morning(cast: Cast) -> None:
    """A request that is a day late, a disposal that one person approved, and an incident about Danish."""
    now = timezone.now()
    client_id = cast.client_id("indus")
    with in_client(client_id):
        late = received(cast, "question", at=now - 31 * DAY, details="Who reads my essays?")
        decided(cast, late, at=now - DAY)
        for name in ("iqra", "junaid"):  # Hamza’s data is on hold for his request
            hold_data(cast, name, at=now)
        rule_for(cast.client("indus"), at=now)
        sweep(client_id, now)
        approved(cast, now)
        device = CollectionReport(category="device", occasion="assessment", purpose="support", collected_at=now)
        report_collection(cast.subject("danish"), device, actor=SETTING_UP, at=now)


def test_a_privacy_officers_day(committed: Cast, chromium: Browser, port: int) -> None:
    aside(lambda: officers_morning(committed))
    desk = WorkingDesk(chromium, port, committed, "amina", "en")
    desk.go("/admin/", "first page")
    desk.open_card("/rightsrequest/?progress=overdue", "overdue requests")
    desk.open_first("overdue request")
    desk.open_act("answer", "answer")
    desk.fill(text="Your teachers read them, and nobody else.")
    desk.finish()
    desk.open_act("close", "close")
    desk.finish()
    desk.open_card("kind__exact=disposal", "changes that wait")
    desk.open_first("disposal that one person approved")
    desk.open_act("approve", "approve the disposal")
    desk.fill(reason="review")
    desk.finish("approved disposal")
    desk.open_card("/holdings/incident/", "incidents")
    desk.open_first("incident")
    desk.open_act("close", "close the incident")
    desk.fill(ground="No system has it any more.")
    desk.submit("end of the incident, which waits for another officer")
    desk.go("/admin/consent/noticedraft/add/")
    desk.fill(notice=aside(policy), text_en="We keep what we keep, and two years longer.", reason="law_change")
    desk.fill(text_ur="ہم جو رکھتے ہیں وہ دو سال مزید رکھیں گے۔")
    desk.page.check("input[name=is_material]")
    desk.finish("draft")
    desk.open_act("announce", "announce a notice")
    desk.search("newsletter")
    desk.look("found purposes")
    desk.follow(desk.page.locator("ul.found a[href*='/consent/purpose/']").first, "purpose")
    desk.fill(description_en="Letters about courses, once a month.", reason="review")
    desk.finish("changed purpose")
    assert len(desk.pages) >= 12


def policy() -> str:
    with in_client(PAKTALEEM):
        return str(Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice").pk)


def administrators_morning(cast: Cast) -> None:
    """A child whose mother is to be asked, a decided request, and the quarter's review of access."""
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        decided(cast, received(cast, "question", at=now - 3 * DAY), at=now - DAY)
        advance_reviews(cast.client_id("indus"), actor=SETTING_UP, at=now)


def test_a_client_administrators_day(committed: Cast, chromium: Browser, port: int) -> None:
    aside(lambda: administrators_morning(committed))
    desk = WorkingDesk(chromium, port, committed, "farah", "ur")
    desk.go("/admin/", "first page")
    desk.go("/admin/invitations/invitation/")
    desk.follow(desk.page.locator(".object-tools a.addlink"), "ask guardians")
    desk.fill(ids="lms-danish")
    desk.submit("whom it asks")
    desk.finish("asked")
    desk.search("lms-hamza")
    desk.look("person")
    desk.open_act("correct", "correct")
    desk.fill(field="full_name", new_value="Hamza Ali Lodhi", reason="correction")
    desk.finish("corrected")
    desk.go(REQUESTS)
    desk.open_first("request")
    desk.open_act("answer", "answer")
    desk.finish("answered")
    desk.go("/admin/people/subject/")
    desk.follow(desk.page.locator(".object-tools a[href*='export/']"), "export")
    desk.fill(format=["csv"], reason="review")
    desk.reach(desk.page.locator("main .submit-row input[type=submit]"))
    with desk.page.expect_download() as download:
        desk.page.keyboard.press("Enter")
    text = download.value.path().read_text("utf-8-sig")
    assert "lms-hamza" in text
    assert "Lodhi" not in text
    desk.open_card("/accessreview/", "reviews of access")
    desk.open_first("review of access")
    desk.open_act("confirm", "confirm")
    desk.fill(reason="review", memberships=[aside(lambda: membership_of(committed))])
    desk.finish("confirmed")
    assert len(desk.pages) >= 12


def membership_of(cast: Cast) -> str:
    return str(cast.get(Membership, user_id=cast.user_id("farah"), ends_at=None).pk)


def auditors_morning(cast: Cast) -> str:
    """Answers of Hamza and Junaid, and a pack for a regulator that is ready; return the key of the pack."""
    now = timezone.now()
    client_id = cast.client_id("indus")
    with in_client(client_id):
        for name in ("hamza", "junaid"):
            given = [Answer("newsletter", ConsentState.GIVEN)]
            by: dict[str, Any] = {"actor": cast.actor("farah"), "at": now}
            record_answers(cast.subject(name), answers=given, shown=shown(client_id, now), **by)
        days: dict[str, Any] = {"since": (now - 30 * DAY).date(), "until": (now - 2 * DAY).date()}
        pack = request_pack(cast.client("indus"), **days, actor=cast.actor("amina"), reason="review", at=now)
        while gather_section(pack.pk, client_id=client_id, actor=system_actor(GATHER), at=now):
            pass
        return str(pack.pk)


def test_an_auditors_day(committed: Cast, chromium: Browser, port: int) -> None:
    pack = aside(lambda: auditors_morning(committed))
    desk = WorkingDesk(chromium, port, committed, "bilal", "ur")
    desk.go("/admin/", "first page")
    desk.go("/admin/audit/entry/", "ledger")
    desk.open_first("evidence")
    desk.go("/admin/samples/")
    desk.fill(kind=["consents"], seed="audit-2026", reason="review")
    desk.submit("sample")
    expect(desk.page.locator("main tbody tr")).to_have_count(2)
    desk.follow(desk.page.locator("main tbody a").first, "answer drawn")
    desk.follow(desk.page.locator("main a[href$='/receipt/']"))
    assert violations(desk.page) == []
    desk.go("/admin/")
    desk.search("lms-hamza")
    desk.look("person")
    desk.open_act("history", "history of the person")
    expect(desk.page.locator("main")).not_to_contain_text("Lodhi")
    desk.go("/admin/trends/", "trends")
    desk.go("/admin/reports/regulatorpack/", "packs")
    desk.follow(desk.page.locator(f"#result_list a[href*='{pack}']").first, "pack")
    assert len(desk.pages) >= 9


def test_a_support_agents_day(committed: Cast, chromium: Browser, port: int) -> None:
    aside(lambda: add_phone(committed))
    desk = WorkingDesk(chromium, port, committed, "sana", "en")
    desk.go("/admin/", "first page")
    desk.follow(desk.page.locator("main a[href$='/take-in/']"), "take in a request")
    desk.fill(text="Hamza Lodhi", client=str(committed.client_id("indus")), reason="subject_request")
    desk.submit("found caller")
    desk.follow(desk.page.locator("ul.found a"), "request of the caller")
    desk.fill(kinds=["access"], details="Send me everything")
    desk.submit("recorded request")
    desk.search(aside(lambda: newest(committed)))
    desk.open_act("call-back", "call back")
    desk.fill(outcome=["reached"])
    desk.finish("called back")
    desk.go("/admin/desk/requesttask/take-in/")
    desk.fill(**{"caller-kinds": ["erasure"], "caller-details": "Delete it all"})
    desk.follow(desk.page.locator("input[name=unknown]"), "unknown caller")
    desk.done()
    url = desk.page.url.removeprefix(desk.base)
    officer = WorkingDesk(chromium, port, committed, "amina", "en")
    officer.go(url)
    officer.open_act("hand-over", "hand over")
    officer.fill(client=str(committed.client_id("indus")))
    officer.submit("handed over")
    desk.go(url, "request that was handed over")
    expect(desk.page.locator("main")).not_to_contain_text("Delete it all")
    assert len(desk.pages) >= 9


def newest(cast: Cast) -> str:
    with in_client(cast.client_id("indus")):
        return str(RightsRequest.objects.latest("received_at").number)
