"""The menu of the console: a few sections, every list in one of them, rare lists behind tabs."""

from collections import Counter

import pytest
from playwright.sync_api import Browser, Page, expect

from paktaleem.foundation.console.site import Entry, Section, show_sections, site
from paktaleem.office.menu import SECTIONS
from tests.browsing import WIDE, fits
from tests.demo.running import Demonstration
from tests.signing_in import SignIn

TOGETHER = 10


def test_every_list_is_in_one_section() -> None:
    named = Counter(label for section in SECTIONS for label in (*section.lists, *section.more))
    assert [label for label, count in named.items() if count > 1] == []
    registered = {model._meta.label for model in site._registry}
    assert set(named) == registered, "write each list of the console into one section of paktaleem/office/menu.py"


def test_the_menu_is_short() -> None:
    assert len(SECTIONS) < TOGETHER
    assert all(len(section.lists) < TOGETHER for section in SECTIONS)


def menu_of(page: str) -> str:
    """Return the HTML of the menu."""
    return page.split('id="menu"')[1].split("</nav>", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("name", "url", "shown", "hidden"),
    [
        ("amina", "/admin/consent/notice/", "/admin/consent/noticedraft/", "/admin/consent/noticeversion/"),
        ("farah", "/admin/rights/rightsrequest/", "/admin/desk/requesttask/", "/admin/complaints/authoritycase/"),
    ],
)
def test_rare_lists_are_behind_tabs(sign_in: SignIn, name: str, url: str, shown: str, hidden: str) -> None:
    page = sign_in(name).get(url).content.decode()
    menu, tabs = menu_of(page), page.split('<nav class="tabs"')[1].split("</nav>")[0]
    assert menu.count("<details open>") == 1
    assert f'<li><a href="{shown}">' in menu
    assert f'<li class="rare" hidden><a href="{hidden}">' in menu
    assert f'href="{url}" aria-current="page"' in menu
    assert all(f'href="{one}"' in tabs for one in (url, shown, hidden))


def test_a_rare_list_is_in_the_menu_while_it_is_open(sign_in: SignIn) -> None:
    url = "/admin/consent/noticeversion/"
    menu = menu_of(sign_in("amina").get(url).content.decode())
    assert f'<li><a href="{url}" aria-current="page">' in menu


def test_a_role_that_sees_only_rare_lists_of_a_section_gets_the_first() -> None:
    section = Section("logs", SECTIONS[0].name, lists=("a.A",), more=("b.B", "c.C"))
    (shown,) = show_sections([section], {"b.B": ("Bees", "/b/"), "c.C": ("Sees", "/c/")})
    assert shown.entries == (Entry("Bees", "/b/", is_rare=False), Entry("Sees", "/c/", is_rare=True))
    assert show_sections([section], {}) == []


def officer_at(chromium: Browser, served: Demonstration, path: str) -> Page:
    """Sign an officer in, and open a page."""
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


def test_the_filter_finds_rare_lists(shared_demonstration: Demonstration, chromium: Browser) -> None:
    page = officer_at(chromium, shared_demonstration, "/admin/subjects/subject/")
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


def test_a_phone_has_the_menu_on_every_page_and_by_keyboard(
    shared_demonstration: Demonstration, chromium: Browser
) -> None:
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
    page.wait_for_url("**/admin/subjects/subject/")
    page.wait_for_load_state()
    assert fits(page)
    page.set_viewport_size(WIDE)
    expect(page.get_by_role("link", name="Menu", exact=True)).to_be_hidden()
    expect(menu).to_be_visible()
    page.context.close()
