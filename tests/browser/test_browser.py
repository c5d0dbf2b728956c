"""The portal in Chromium: no policy violations, all headers on every response, accessible pages.

``SHOTS=folder`` saves a screenshot of every page.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

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
from tests.browsing import WIDE, fits, violations
from tests.cast import Cast
from tests.consent.making import shown
from tests.demo.running import Demonstration
from tests.factories import SETTING_UP
from tests.public.test_public_pages import HEADERS
from tests.retention.disposals.steps import approved, hold_data, rule_for, sweep
from tests.rights.cases import add_phone, decided, received
from tests.serving import aside, served

SHOTS = os.environ.get("SHOTS", "")
PHONE: Any = {"width": 390, "height": 780}
LINES = "one => Math.round(one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight))"
PAGES = {
    "home": "/admin/",
    "list": "/admin/people/subject/",
    "form": "/admin/consent/purpose/add/",
    "ledger": "/admin/audit/entry/",
    "export": "/admin/people/subject/export/",
}


class Visit:
    """A browser page with the errors it reported."""

    def __init__(self, chromium: Browser, served: Demonstration) -> None:
        self.base = served.values["base_url"].rstrip("/")
        self.sign_ins = served.values["sign_ins"]
        self.page: Page = chromium.new_context(viewport=WIDE).new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, url: str) -> Any:
        return self.page.goto(self.base + url)

    def sign_in(self) -> None:
        self.go("/admin/login/")
        self.sign_in_as("privacy_officer")
        self.page.wait_for_url("**/admin/")

    def sign_in_as(self, role: str) -> None:
        who = next(one for one in self.sign_ins if one["role"] == role)
        self.page.fill("input[name=username]", who["email"])
        self.page.fill("input[name=password]", who["password"])
        self.page.click("#login-form input[type=submit]")

    def complaints(self) -> list[str]:
        """Return the browser's errors, except the report of an error status."""
        return [one for one in self.said if not one.startswith("Failed to load resource: the server responded with")]

    def keep(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png")


@pytest.fixture
def visit(chromium: Browser, shared_demonstration: Demonstration) -> Iterator[Visit]:
    one = Visit(chromium, shared_demonstration)
    yield one
    one.page.context.close()


def test_what_is_unreadable_would_be_found(visit: Visit) -> None:
    visit.page.set_content('<html><body><img src="data:,x"><p style="color:#ccc">pale</p></body></html>')
    assert {rule for rule, _ in violations(visit.page)} >= {"image-alt", "color-contrast"}


def test_what_still_appears_is_judged_once_it_is_there(visit: Visit) -> None:
    appearing = "<style>@keyframes appear { from { opacity: 0.1 } } p { animation: appear 2s }</style><p>black</p>"
    visit.page.set_content(f"<html><body>{appearing}</body></html>")
    assert "color-contrast" not in {rule for rule, _ in violations(visit.page)}


@pytest.mark.parametrize("language", ["en", "ur"])
def test_pages_of_the_console_are_clean_and_readable(visit: Visit, language: str) -> None:
    visit.sign_in()
    visit.go(f"/admin/?lang={language}")
    assert visit.page.get_attribute("html", "dir") == ("rtl" if language == "ur" else "ltr")
    for turn, (name, url) in enumerate(PAGES.items()):
        for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
            visit.page.set_viewport_size(size)
            visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
            visit.go(url)
            visit.keep(f"{name}-{language}-{scheme}")
            assert fits(visit.page), (name, size)
            if (scheme == "dark") == (language == "ur") or turn == 0:
                assert violations(visit.page) == [], (name, scheme)
    assert visit.complaints() == []


def test_the_header_says_who_one_is_in_one_line(visit: Visit) -> None:
    visit.sign_in()
    assert visit.page.locator(".whoami").evaluate(LINES) == 1
    visit.page.set_viewport_size({"width": 900, "height": 800})
    assert visit.page.locator("#search-box").bounding_box()["height"] < 60  # type: ignore[index]  # it is shown
    assert visit.page.locator(".workplace").evaluate(LINES) == 1, "the role and its client are not torn apart"
    assert fits(visit.page)


def test_what_one_chooses_in_a_form_is_not_smaller_or_paler_than_its_help(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/admin/desk/requesttask/take-in/")
    shown = [visit.page.locator(one).first for one in (".field .help", ".field > label", ".field fieldset label")]
    size = [float(one.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) for one in shown]
    assert min(size[1:]) >= size[0], size
    colour = [one.evaluate("one => getComputedStyle(one).color") for one in shown]
    assert colour[0] not in colour[1:]


@pytest.mark.parametrize("language", ["en", "ur"])
def test_pages_of_errors_and_signing_in_are_clean_and_readable(visit: Visit, language: str) -> None:
    visit.page.set_viewport_size(PHONE)
    for name, url, status in (("error", "/nowhere", 404), ("sign-in", "/admin/login/", 200)):
        assert visit.go(f"{url}?lang={language}").status == status
        visit.keep(f"{name}-{language}")
        assert visit.page.get_attribute("html", "lang") == language
        assert fits(visit.page)
        assert violations(visit.page) == []
        assert visit.page.evaluate("getComputedStyle(document.body).fontFamily") != '"Times New Roman"'
    assert visit.complaints() == []


ANSWERS = [
    ("/healthz", "get", 200),
    ("/readyz", "get", 200),
    ("/healthz", "delete", 403),
    ("/admin/", "get", 302),
    ("/admin/logout/", "get", 405),
    ("/admin/login/?lang=ur", "get", 302),
    ("/nowhere", "get", 404),
    ("/static/public/public.css", "get", 200),
    ("/static/nowhere.css", "get", 404),
    ("/admin/login/", "post", 403),
    ("/api/docs/", "get", 200),
    ("/api/v1/purposes", "get", 401),
    ("/access/v1/evaluation", "post", 401),
]


def test_every_answer_carries_every_header(visit: Visit) -> None:
    wrong = {}
    for url, method, status in ANSWERS:
        answer = getattr(visit.page.request, method)(visit.base + url, max_redirects=0)
        sent = answer.headers
        lacking = [name for name, value in HEADERS.items() if not sent.get(name.lower(), "").startswith(value)]
        if answer.status != status or lacking or "unsafe" in answer.headers.get("content-security-policy", "unsafe"):
            wrong[url, method] = (answer.status, lacking)
    assert wrong == {}


def test_what_is_too_large_is_refused_with_every_header(visit: Visit) -> None:
    visit.go("/admin/login/")
    token = visit.page.get_attribute("input[name=csrfmiddlewaretoken]", "value") or ""
    form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "username": "x" * 1_100_000}
    answer = visit.page.request.post(f"{visit.base}/admin/login/", form=form)
    assert answer.status == 413
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_who_tries_too_often_sees_a_page(visit: Visit) -> None:
    for _ in range(7):
        visit.go("/admin/login/")
        visit.page.fill("input[name=username]", "nobody@paktaleem.example")
        visit.page.fill("input[name=password]", "not the password")
        with visit.page.expect_navigation() as told:
            visit.page.click("#login-form input[type=submit]")
        response = told.value
        if response is not None and response.status == 429:
            break
    assert response is not None
    assert response.status == 429
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert violations(visit.page) == []
    assert visit.complaints() == []


# A day's work of each role of staff in Chromium, from the keyboard, across the apps; two in English, two in Urdu.
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
