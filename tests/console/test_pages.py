"""Every page complies with the strict policy, has its texts, times and help, and no list has a query per row."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.data_systems.models import System
from paktaleem.directory.people.services.people import claim_guardian, reveal_fields
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.console.columns import day, moment, moment_tag
from paktaleem.foundation.console.guides import CHAPTERS, list_headings, render_chapter
from paktaleem.foundation.console.model_admin import ScopedAdmin
from paktaleem.foundation.console.row_actions import PAGES, RowAction
from paktaleem.foundation.console.site import Entry, Section, show_sections, site
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.menu import SECTIONS
from tests.browsing import WIDE, fits
from tests.consent.making import shown
from tests.console.pages import KARACHI as KARACHI_ZONE, MODELS, admin_of, list_url, refused_by_policy, row_url
from tests.console.test_permissions import STAFF, TABLE
from tests.console.urdu import english_in, in_urdu
from tests.factories import SubjectFactory
from tests.project.offenders import refuse_any
from tests.signing_in import browser_of


def _add_people(cast, number):
    at, actor = timezone.now(), cast.actor("farah")
    client_id = cast.client_id("indus")
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        for _ in range(number):
            person = SubjectFactory(client=client, external_id=f"new-{new_id()}", role="instructor")
            answers = [Answer("newsletter", ConsentState.GIVEN)]
            record_answers(person, answers=answers, shown=shown(client_id, at), actor=actor, at=at)
            restrict_processing(person, actor=actor, reason=Reason.REVIEW, at=at)
            object_to_purpose(person, purpose_code="platform_improvement", actor=actor, reason=Reason.REVIEW, at=at)
            reveal_fields(person, actor=actor, reason=Reason.REVIEW, at=at)
            claim_guardian(person, guardian=cast.subject("esra"), relationship="relative", actor=actor, at=at)


def test_no_field_of_a_model_hides_the_column_that_its_page_declares():
    def list_hidden(model):
        page = admin_of(model)
        fields = {field.name for field in page.opts.get_fields()}
        shown_names = {name for name in (*page.list_display, *page.detail_fields) if isinstance(name, str)}
        return sorted(name for name in shown_names & fields if hasattr(type(page), name))

    refuse_any((model, list_hidden(model)) for model in MODELS)


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_a_list_takes_as_many_queries_for_one_row_as_for_many(name, sign_in, cast, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # the session is not refreshed, which takes queries of its own
    browser = sign_in(name)
    _add_people(cast, 1)
    models = [model for model in MODELS if STAFF[name] in TABLE[model][0]]
    person = row_url("people/subject", cast.subject_id("esra"))
    urls = ["/admin/", *(list_url(model) for model in models), person]
    most = {"/admin/": 51, person: 60}  # cards of twenty-five apps; panels of ten
    counts = {}
    for url in urls:
        browser.get(url)
        with CaptureQueriesContext(connection) as few:
            assert browser.get(url).status_code == 200
        counts[url] = len(few)
    _add_people(cast, 6)
    for url in urls:
        with CaptureQueriesContext(connection) as many:
            browser.get(url)
        assert len(many) == counts[url], url
        assert len(many) <= most.get(url, 45), url


def test_pages_of_errors_and_of_signing_in_are_clean_too(sign_in, cast):
    browser = sign_in("farah")
    for url, status in {
        "/admin/nothing/": 404,
        "/admin/accounts/user/": 403,
        "/admin/accounts/apikey/?digest__exact=1": 400,
    }.items():
        response = browser.get(url)
        assert response.status_code == status
        assert refused_by_policy(response.content.decode()) == []
    browser.logout()
    assert refused_by_policy(browser.get("/admin/login/").content.decode()) == []


def test_an_empty_list_says_what_it_is_for(sign_in):
    page = sign_in("amina").get(list_url("consent/recipient")).content.decode()
    assert "nothing is shared with anyone" in page


def unsaid(model):
    owner = admin_of(model)
    said = {
        "intro": owner.intro.endswith("."),
        "empty_text": owner.empty_text.endswith(".") and owner.empty_text != ScopedAdmin.empty_text,
    }
    return [name for name, is_said in said.items() if not is_said]


def test_every_list_says_what_it_is_for_and_what_its_being_empty_means():
    refuse_any((model, unsaid(model)) for model in MODELS)


def test_a_filter_that_finds_nothing_says_so_otherwise(sign_in, cast):
    browser, url = sign_in("amina"), list_url("consent/recipient")
    empty = browser.get(url).content.decode()
    assert "Add the first one" in empty
    assert "No rows match." not in empty
    filtered = browser.get(f"{url}?client__id__exact={cast.client_id('khyber')}").content.decode()
    assert "No rows match." in filtered
    assert "nothing is shared with anyone" not in filtered
    assert "Add the first one" not in filtered


@pytest.mark.parametrize("slug", sorted(PAGES))
def test_no_act_takes_the_place_of_a_page(slug):
    told: dict[str, Any] = {"label": "Act", "capability": Capability.VIEW_SUBJECTS, "perform": lambda *_: None}
    assert RowAction("act", **told).slug == "act"
    with pytest.raises(ImproperlyConfigured, match=slug):
        RowAction(slug, **told)


LATE = datetime(2026, 9, 1, 20, 30, 15, 123456, tzinfo=UTC)
"""In Karachi it is 2 September already; in London it is 1 September, in summer time."""
KARACHI, LONDON = ">2026-09-02 01:30</time>", ">2026-09-01 21:30</time>"
EXACT = 'datetime="2026-09-01T20:30:15.123456Z" title="2026-09-01T20:30:15.123456Z"'
LOOKS = list_url("people/accessrecord")


def look_late(cast):
    with in_client(cast.client_id("indus")):
        reveal_fields(cast.subject("esra"), actor=cast.actor("farah"), reason=Reason.REVIEW, at=LATE)


def test_a_time_near_midnight_is_on_the_day_of_its_reader(sign_in, cast, settings):
    settings.STAFF_TIME_ZONE = "Europe/London"
    look_late(cast)
    with in_client(cast.client_id("indus")):
        name = cast.client("indus").name
    school, officer = sign_in("farah"), sign_in("amina")
    ours, theirs = school.get(LOOKS).content.decode(), officer.get(LOOKS).content.decode()
    assert KARACHI in ours
    assert EXACT in ours
    assert f"Times are in the time zone of <bdi>{name}</bdi>, <bdi>Asia/Karachi</bdi>." in ours
    assert LONDON in theirs
    assert EXACT in theirs
    assert "Times are in the time zone of PakTaleem’s staff, <bdi>Europe/London</bdi>." in theirs


def test_a_user_chooses_a_zone_for_themselves_alone(sign_in, cast):
    look_late(cast)
    browser = sign_in("farah")
    page = browser.get("/admin/account/").content.decode()
    assert "As by default: Asia/Karachi" in page
    assert browser.post("/admin/account/", {"time_zone": "Europe/Nowhere"}).status_code == 200
    assert KARACHI in browser.get(LOOKS).content.decode()
    assert browser.post("/admin/account/", {"time_zone": "Europe/London"}).status_code == 302
    shown = browser.get(LOOKS).content.decode()
    assert LONDON in shown
    assert "Times are in the time zone that you chose, <bdi>Europe/London</bdi>." in shown
    assert KARACHI in sign_in("amina").get(LOOKS).content.decode()
    assert browser.post("/admin/account/", {"time_zone": ""}).status_code == 302
    assert KARACHI in browser.get(LOOKS).content.decode()
    with in_global():
        assert User.history.filter(pk=cast.user_id("farah"), history_type="~").count() == 0


def test_details_and_names_of_rows_are_in_the_zone_too(sign_in, cast):
    with in_client(cast.client_id("indus")):
        row = restrict_processing(cast.subject("esra"), actor=cast.actor("farah"), reason=Reason.REVIEW, at=LATE)
    page = sign_in("farah").get(row_url("consent/restriction", row.pk)).content.decode()
    assert f"<time {EXACT}{KARACHI}" in page
    assert "restricted from 2026-09-02" in page.replace("\N{WORD JOINER}", "")


def test_the_day_on_which_a_child_decides_is_the_clients_for_every_reader(sign_in, cast, settings):
    settings.STAFF_TIME_ZONE = "Europe/London"
    with in_client(cast.client_id("indus")):
        until = cast.subject("danish").of_age_at
    assert until is not None
    words = f"Child until {until.astimezone(KARACHI_ZONE):%Y-%m-%d}"
    for name in ("amina", "farah"):
        browser = sign_in(name)
        assert words in browser.get(list_url("people/subject")).content.decode()
        assert words in browser.get(row_url("people/subject", cast.subject_id("danish"))).content.decode()


def test_a_time_is_entered_in_the_zone_and_recorded_in_utc(sign_in, cast):
    look = row_url("people/subject", cast.subject_id("esra"), "timeline")
    before, after = (
        sign_in("farah").get(look, {"day": "2026-09-02", "hour": hour}).content.decode() for hour in ("01:30", "02:30")
    )
    assert 'datetime="2026-09-01T20:30:00Z"' in before
    assert 'datetime="2026-09-01T21:30:00Z"' in after


def test_an_export_does_not_depend_on_the_zone(sign_in, cast):
    look_late(cast)
    browser = sign_in("farah")
    answer = browser.post(f"{LOOKS}export/", {"format": "csv", "reason": "review"})
    text = b"".join(answer.streaming_content).decode()
    assert "2026-09-01T20:30:15.123456Z" in text


def test_the_end_of_the_calendar_is_shown_in_every_zone():
    end = datetime.max.replace(tzinfo=UTC)
    with timezone.override("Asia/Karachi"):
        assert (moment(end), day(end)) == ("9999-12-31 23:59", "9999-12-31")
        assert ">9999-12-31 23:59</time>" in moment_tag(end)


LOADED = re.compile(r'<input type="hidden" name="loaded" value="(\w+)">')


def system_of(cast):
    with in_client(cast.client_id("indus")):
        found: System = System.objects.filter(client_id=cast.client_id("indus")).order_by("code")[0]
    return found


def open_page(browser, url):
    response = browser.get(url)
    form = response.context["adminform"].form
    values = {name: form.initial[name] for name in form.fields if form.initial.get(name) not in (None, "", False)}
    loaded = LOADED.search(response.content.decode())
    return {**values, "reason": "correction", **({"loaded": loaded[1]} if loaded else {})}


def test_the_second_sees_the_first_ones_value_and_may_replace_it(sign_in, cast):
    url = row_url("data_systems/system", system_of(cast).pk)
    amina, farah = sign_in("amina"), sign_in("farah")
    of_amina, of_farah = open_page(amina, url), open_page(farah, url)
    assert farah.post(url, {**of_farah, "name": "Farah’s name"}).status_code == 302
    refused = amina.post(url, {**of_amina, "name": "Amina’s name"})
    assert refused.status_code == 200
    page = refused.content.decode()
    assert "Someone else saved this row" in page
    assert "Now stored: Farah’s name" in page
    assert 'value="Amina’s name"' in page
    assert "<bdi>Farah’s name</bdi></h1>" in page
    assert system_of(cast).name == "Farah’s name"
    loaded = LOADED.search(page)
    assert loaded is not None
    assert amina.post(url, {**of_amina, "name": "Amina’s name", "loaded": loaded[1]}).status_code == 302
    assert system_of(cast).name == "Amina’s name"


def test_one_alone_saves_twice_from_pages_opened_in_between(sign_in, cast):
    url = row_url("data_systems/system", system_of(cast).pk)
    farah = sign_in("farah")
    for name in ("First", "Second"):
        assert farah.post(url, {**open_page(farah, url), "name": name}).status_code == 302
    assert system_of(cast).name == "Second"


TOGETHER = 10


def test_every_list_is_in_one_section():
    named = Counter(label for section in SECTIONS for label in (*section.lists, *section.more))
    assert [label for label, count in named.items() if count > 1] == []
    registered = {model._meta.label for model in site._registry}
    assert set(named) == registered, "write each list of the console into one section of paktaleem/office/menu.py"


def test_the_menu_is_short():
    assert len(SECTIONS) < TOGETHER
    assert all(len(section.lists) < TOGETHER for section in SECTIONS)


def menu_of(page):
    return page.split('id="menu"')[1].split("</nav>", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("name", "url", "shown", "hidden"),
    [
        ("amina", "/admin/consent/notice/", "/admin/consent/noticedraft/", "/admin/consent/noticeversion/"),
        ("farah", "/admin/requests/rightsrequest/", "/admin/desk/requesttask/", "/admin/desk/authoritycase/"),
    ],
)
def test_rare_lists_are_behind_tabs(sign_in, name, url, shown, hidden):
    page = sign_in(name).get(url).content.decode()
    menu, tabs = menu_of(page), page.split('<nav class="tabs"')[1].split("</nav>")[0]
    assert menu.count("<details open>") == 1
    assert f'<li><a href="{shown}">' in menu
    assert f'<li class="rare" hidden><a href="{hidden}">' in menu
    assert f'href="{url}" aria-current="page"' in menu
    assert all(f'href="{one}"' in tabs for one in (url, shown, hidden))


def test_a_rare_list_is_in_the_menu_while_it_is_open(sign_in):
    url = "/admin/consent/noticeversion/"
    menu = menu_of(sign_in("amina").get(url).content.decode())
    assert f'<li><a href="{url}" aria-current="page">' in menu


def test_a_role_that_sees_only_rare_lists_of_a_section_gets_the_first():
    section = Section("logs", SECTIONS[0].name, lists=("a.A",), more=("b.B", "c.C"))
    (shown,) = show_sections([section], {"b.B": ("Bees", "/b/"), "c.C": ("Sees", "/c/")})
    assert shown.entries == (Entry("Bees", "/b/", is_rare=False), Entry("Sees", "/c/", is_rare=True))
    assert show_sections([section], {}) == []


def officer_at(chromium, served, path):
    who = next(one for one in served.values["sign_ins"] if one["role"] == "privacy_officer")
    base = f"http://127.0.0.1:{served.port}"
    page = chromium.new_context(viewport=WIDE).new_page()
    page.goto(f"{base}/admin/login/")
    page.fill("input[name=username]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.click("#login-form input[type=submit]")
    page.wait_for_url("**/admin/")
    page.goto(base + path)
    return page


def test_the_filter_finds_rare_lists(shared_demonstration, chromium):
    page = officer_at(chromium, shared_demonstration, "/admin/people/subject/")
    menu = page.locator("#menu")
    expect(menu.get_by_role("link", name="Roster imports")).to_be_visible()
    expect(menu.get_by_role("link", name="Balancing tests")).to_be_hidden()
    page.get_by_label("Find a list").fill("balancing")
    expect(menu.get_by_role("link", name="Roster imports")).to_be_hidden()
    found = menu.get_by_role("link", name="Balancing tests")
    expect(found).to_be_visible()
    page.get_by_label("Find a list").fill("zzz")
    expect(menu.get_by_role("status")).to_be_visible()
    page.get_by_label("Find a list").fill("balancing")
    found.click()
    tabs = page.get_by_role("navigation", name="Consent and notices")
    expect(tabs.get_by_role("link", name="Balancing tests")).to_be_visible()  # as it is open, not behind More
    expect(tabs.get_by_role("link", name="Lawful bases")).to_be_hidden()
    tabs.get_by_text("More").click()
    expect(tabs.get_by_role("link", name="Lawful bases")).to_be_visible()
    page.context.close()


def test_a_phone_has_the_menu_on_every_page_and_by_keyboard(shared_demonstration, chromium):
    page = officer_at(chromium, shared_demonstration, "/admin/consent/purpose/add/")
    page.set_viewport_size({"width": 390, "height": 780})
    menu = page.locator("#menu")
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Menu", exact=True).focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    menu.get_by_role("link", name="Close the menu").click()
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Menu", exact=True).click()
    menu.locator("summary", has_text="People").focus()
    page.keyboard.press("Enter")
    menu.get_by_role("link", name="Data subjects").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/people/subject/")
    page.wait_for_load_state()
    assert fits(page)
    page.set_viewport_size(WIDE)
    expect(page.get_by_role("link", name="Menu", exact=True)).to_be_hidden()
    expect(menu).to_be_visible()
    page.context.close()


ID = re.compile(r'<h\d id="([^"]+)"')
LINK = re.compile(r'<a href="([^"]+)"')


def ids_of(chapter):
    return set(ID.findall(render_chapter(chapter)))


def test_every_section_of_the_menu_has_a_heading_that_explains_it():
    assert {section.code for section in site.sections if section.help not in ids_of("console")} == set()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_breaks_no_policy_and_its_links_lead_somewhere(chapter):
    html = render_chapter(chapter)
    assert refused_by_policy(html) == []
    assert "<img" not in html
    for url in LINK.findall(html):
        path, _, place = url.partition("#")
        target = path.removeprefix("/admin/help/").rstrip("/") or chapter
        assert url.startswith("https://") or not place or place in ids_of(target), url
    assert [name for name, _ in list_headings(chapter)] == re.findall(r'<h2 id="([^"]+)"', html)


def test_no_html_of_a_chapter_is_served_as_html(tmp_path, settings):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "harm.md").write_text("# Title\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    settings.BASE_DIR = tmp_path
    html = render_chapter("harm")
    assert "<script" not in html
    assert "href" not in html


def test_help_leads_to_the_heading_of_the_page(cast):
    officer, client = browser_of(cast.user("amina")), browser_of(cast.user("farah"))
    for reader in (officer, client):
        assert 'href="/admin/help/console/#people"' in reader.get("/admin/people/subject/").content.decode()
        assert 'href="/admin/help/console/"' in reader.get("/admin/").content.decode()
        assert "The console, for officers and administrators" in reader.get("/admin/help/console/").content.decode()
    assert officer.get("/admin/help/contributing/").status_code == 404


def test_the_frame_of_a_chapter_is_in_urdu_and_says_that_the_chapter_is_in_english(cast):
    answer = in_urdu(cast, "farah").get("/admin/help/console/")
    assert english_in(answer, "help") == []
    assert "یہ باب انگریزی میں ہے۔" in answer.content.decode()
    assert 'lang="en" dir="ltr"' in answer.content.decode()
