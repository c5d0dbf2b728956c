"""In a served demonstration, a new administrator is made by two officers, and gets in by the first email."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.access_links.test_in_a_browser import BROWSER, sent_to
from tests.demo.running import Demonstration

SHOTS = os.environ.get("STAFF_SHOTS")
NEW, FRESH = "mehreen@indus.example", "a-wholly-new-pass-phrase"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def shot(page: Page, name: str) -> None:
    """Store the page as it is, in English and Urdu, if screenshots are wanted."""
    if SHOTS:
        for language in ("ur", "en"):
            page.goto(f"{page.url.split('?')[0]}?lang={language}")
            page.screenshot(path=f"{SHOTS}/{name}-{language}.png", full_page=True)


def sign_in(browser: Browser, served: Demonstration, email: str, password: str = "") -> Page:
    """Sign in to the console in a new browser."""
    stored = {one["email"]: one["password"] for one in served.values["sign_ins"]}
    page = browser.new_page(base_url=served.values["base_url"])
    page.goto("/admin/login/")
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", password or stored[email])
    page.click("main [type=submit], #content [type=submit]")
    page.wait_for_url("**/admin/")
    return page


def propose(page: Page) -> None:
    """Create an account and propose to make it an administrator of Indus."""
    page.goto("/admin/accounts/user/add/")
    page.fill("input[name=email]", NEW)
    page.fill("input[name=full_name]", "Mehreen Shah")
    page.select_option("select[name=reason]", "onboarding")
    page.click("input[name=_save]")
    expect(page.locator(".messagelist")).to_contain_text("An invitation is sent.")
    shot(page, "account")
    page.goto("/admin/accounts/membership/add/")
    page.select_option("select[name=client]", label="Indus Schools Network")
    page.select_option("select[name=user]", label=NEW)
    page.select_option("select[name=role]", "client_admin")
    page.select_option("select[name=reason]", "onboarding")
    page.click("input[name=_save]")
    expect(page.locator(".messagelist")).to_contain_text("Another officer must approve it.")
    picture(page, "proposed")


def approve(page: Page) -> None:
    """Approve the proposal, which the first page shows."""
    shot(page, "home")
    page.click("#content a[href*='staffchange/?state']")
    shot(page, "list")
    page.goto("/admin/accounts/staffchange/?state__exact=waiting")
    page.click("#result_list th a")
    shot(page, "change")
    page.click("text=Approve change")
    shot(page, "approve")
    page.select_option("select[name=reason]", "onboarding")
    page.click("input[type=submit].default")
    expect(page.locator(".messagelist")).to_contain_text("Approved.")
    shot(page, "approved")


def test_two_officers_make_an_administrator_who_gets_in_by_the_first_email(
    shared_demonstration: Demonstration, chromium: Browser
) -> None:
    served, folder = shared_demonstration, Path(shared_demonstration.values["mail_dir"])
    amina = sign_in(chromium, served, "amina@paktaleem.example")
    propose(amina)
    expect(amina.locator("text=Approve change")).to_be_visible()
    nadia = sign_in(chromium, served, "nadia@paktaleem.example")
    approve(nadia)
    link = sent_to(NEW, folder, r"^(http\S+)\s*$")
    assert link.startswith(f"{served.values['base_url']}/accounts/password/reset/key/")
    page = chromium.new_page()
    page.goto(link)
    picture(page, "new-password")
    page.fill("input[name=password1]", FRESH)
    page.fill("input[name=password2]", FRESH)
    page.click("[type=submit] >> nth=-1")
    page.wait_for_url("**/login/**")
    mehreen = sign_in(chromium, served, NEW, FRESH)
    expect(mehreen.locator("body")).to_contain_text("Indus Schools Network")
    assert urlsplit(mehreen.url).path == "/admin/"


def picture(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_an_email_to_officers_links_to_the_page_that_the_demonstration_serves(
    shared_demonstration: Demonstration, chromium: Browser
) -> None:
    served = shared_demonstration
    link = sent_to("nadia@paktaleem.example", Path(served.values["mail_dir"]), r"^(\S*/admin/retention/incident/\S+)$")
    assert link.startswith(f"{served.values['base_url']}/")
    page = sign_in(chromium, served, "nadia@paktaleem.example")
    page.goto(link)
    expect(page.locator("h1")).to_be_visible()
    assert urlsplit(page.url).path == urlsplit(link).path
