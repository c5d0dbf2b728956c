"""Typed values survive an ended session: they are put back on the page after the sign-in, for the same person only."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from tests.browser.test_browser import Visit
from tests.demo.running import Demonstration

OFFICER, ADMINISTRATOR = "privacy_officer", "client_admin"
FORM = "/admin/data_systems/system/add/"
NAME = "input[name=name]"
NOTE = "What you had typed was put back. Check it, then save again."


@pytest.fixture
def visit(chromium: Browser, shared_demonstration: Demonstration) -> Visit:
    """An officer who types into a form while the session ends, and submits it."""
    visit = Visit(chromium, shared_demonstration)
    visit.sign_in()
    visit.go(FORM)
    visit.page.fill(NAME, "Library")
    visit.page.locator("input[name=categories]").first.check()
    visit.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    visit.page.locator("input[type=submit][name=_save]").first.click()
    visit.page.wait_for_url("**/login/**")
    return visit


def test_it_is_put_back_after_the_sign_in(visit: Visit) -> None:
    visit.sign_in_as(OFFICER)
    visit.page.wait_for_url(re.compile(re.escape(FORM)))
    expect(visit.page.locator("p.explain[role=status]")).to_have_text(NOTE)
    expect(visit.page.locator(NAME)).to_have_value("Library")
    expect(visit.page.locator("input[name=categories]").first).to_be_checked()
    visit.page.reload()
    expect(visit.page.locator(NAME)).to_have_value("")
    assert visit.complaints() == []


def test_it_is_put_back_after_the_page_of_an_expired_form(visit: Visit) -> None:
    visit.sign_in_as(OFFICER)
    visit.page.fill(NAME, "Library")
    visit.page.context.clear_cookies()
    visit.page.locator("input[type=submit][name=_save]").first.click()
    expect(visit.page.locator("#typed-kept")).to_be_visible()
    visit.page.get_by_role("link", name="Open the page again").click()
    visit.sign_in_as(OFFICER)
    expect(visit.page.locator("p.explain[role=status]")).to_have_text(NOTE)
    expect(visit.page.locator(NAME)).to_have_value("Library")


def test_it_is_put_back_in_a_form_with_a_field_named_method(
    chromium: Browser, shared_demonstration: Demonstration
) -> None:
    visit = Visit(chromium, shared_demonstration)
    visit.sign_in()
    visit.go("/admin/schedule/retentionrule/add/")
    visit.page.fill("input[name=period]", "P30D")
    visit.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    visit.page.locator("input[type=submit][name=_save]").first.click()
    visit.page.wait_for_url("**/login/**")
    visit.sign_in_as(OFFICER)
    expect(visit.page.locator("input[name=period]")).to_have_value("P30D")


def test_another_person_does_not_get_it(visit: Visit) -> None:
    visit.sign_in_as(ADMINISTRATOR)
    visit.page.wait_for_url(re.compile(re.escape(FORM)))
    expect(visit.page.locator(NAME)).to_have_value("")
    assert visit.page.evaluate("sessionStorage.getItem('typed')") is None
