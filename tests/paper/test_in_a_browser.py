"""A class on paper in a browser without script: forms made and printed, answers typed in and confirmed."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.running import Demonstration, running_demonstration

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def served() -> Iterator[Demonstration]:
    with running_demonstration() as demonstration:
        yield demonstration


def keep(page: Page, name: str) -> None:
    """Wait for the whole page, since a click returns before it is there; save a screenshot if wanted."""
    page.wait_for_load_state()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def sign_in(page: Page, base: str, who: dict[str, Any]) -> None:
    page.goto(f"{base}/admin/")
    page.fill("input[name=username]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def make(page: Page, base: str) -> str:
    """Make a form for three people; returns its URL."""
    page.goto(f"{base}/admin/paper/formrun/")
    keep(page, "forms")
    page.get_by_role("link", name="Make a consent form").click()
    page.fill("input[name=name]", "Grade 9 C")
    page.get_by_label("Newsletter").check()
    page.get_by_label("Research on our courses").check()
    page.fill("textarea[name=ids]", "lms-hamza\nlms-junaid\nlms-wajiha")
    keep(page, "make")
    page.get_by_role("button", name="Make the form").click()
    expect(page.get_by_role("heading", name="Purposes asked about")).to_be_visible()
    keep(page, "form")
    return page.url


def start(chromium: Browser, served: Demonstration) -> tuple[Page, str]:
    """Sign in as the administrator of Indus; returns the page and the address of the portal."""
    base = f"http://127.0.0.1:{served.port}"
    who = next(one for one in served.values["sign_ins"] if (one["role"], one["client"]) == ("client_admin", "indus"))
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, base, who)
    return page, base


def today() -> str:
    return f"{datetime.now(ZoneInfo('Asia/Karachi')):%Y-%m-%d}"  # forms are dated in the local time zone


def test_answers_of_a_class_on_paper_are_confirmed(chromium: Browser, served: Demonstration) -> None:
    page, base = start(chromium, served)
    form = make(page, base)
    page.goto(form.replace("/change/", "/print/"))
    page.select_option("select[name=reason]", "client_instruction")
    with page.expect_download() as printed:
        page.get_by_role("button", name="Print the form").click()
    assert printed.value.path().read_bytes().startswith(b"%PDF-")

    page.goto(form)
    page.get_by_role("link", name="Enter the answers").first.click()
    page.get_by_label("Evidence").fill("Box 3")
    for number, answer in ((1, "yes"), (2, "no")):
        page.fill(f"input[name='{number}-answered_on']", today())
        page.select_option(f"select[name='{number}-newsletter']", answer)
    keep(page, "enter")
    page.get_by_role("button", name="Enter the answers").click()
    expect(page.get_by_text("2 answers are in the queue.")).to_be_visible()
    keep(page, "entered")
    page.get_by_role("link", name="Confirm all that wait").click()
    page.get_by_role("button", name="Confirm all that wait").click()
    expect(page.get_by_text("2 answers are confirmed.")).to_be_visible()
    keep(page, "confirmed")
    page.goto(f"{base}/admin/?lang=ur")
    for name, address in (("form-ur", form), ("enter-ur", form.replace("/change/", "/enter/"))):
        page.goto(address)
        assert page.get_attribute("html", "dir") == "rtl"
        keep(page, name)


def make_for_guardians(page: Page, base: str) -> str:
    """Make a form for the guardians of two children, from the list of invitations; returns its URL."""
    page.goto(f"{base}/admin/invitations/invitation/")
    keep(page, "invitations")
    page.get_by_role("link", name="Print a form for guardians who cannot be asked by message").click()
    expect(page.get_by_label("The parent or guardian of each child")).to_be_checked()
    page.get_by_label("Only children whose guardians cannot be asked by message").uncheck()
    page.fill("input[name=name]", "Grade 2 C")
    page.get_by_label("Newsletter").check()
    page.fill("textarea[name=ids]", "lms-noor\nlms-laila")
    keep(page, "make-guardians")
    page.get_by_role("button", name="Make the form").click()
    expect(page.get_by_text("Use of the platform")).to_be_visible()
    keep(page, "form-guardians")
    return page.url


def test_a_form_that_a_guardian_signed_is_entered_and_confirmed(chromium: Browser, served: Demonstration) -> None:
    page, base = start(chromium, served)
    form = make_for_guardians(page, base)
    page.goto(form.replace("/change/", "/enter/"))
    page.get_by_label("Evidence").fill("Folder 2 C, page 1")
    page.fill("input[name='1-answered_on']", today())
    for name in ("platform-use", "newsletter"):
        page.select_option(f"select[name='1-{name}']", "yes")
    page.get_by_role("button", name="Enter the answers").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    keep(page, "enter-guardians-wrong")
    page.select_option("select[name='1-guardian']", index=1)
    page.get_by_role("button", name="Enter the answers").click()
    expect(page.get_by_text("1 answer is in the queue.")).to_be_visible()
    page.goto(form)
    page.locator(".panel").get_by_role("link", name="Answers in the queue").click()
    keep(page, "queue-guardians")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Confirm", exact=True).click()
    keep(page, "confirm-guardians")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("Confirmed. In effect from the next decision.")).to_be_visible()
    keep(page, "row-confirmed")
    row = page.url
    page.goto(f"{base}/admin/?lang=ur")
    for number, address in enumerate([form, form.replace("/change/", "/enter/"), row]):
        page.goto(address)
        keep(page, f"guardians-ur-{number}")
        assert page.get_attribute("html", "dir") == "rtl"
