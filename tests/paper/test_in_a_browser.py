"""A class on paper in a browser without script: forms made and printed, sheets uploaded, rows settled."""

import csv
import io
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
    """The demonstration, with its worker."""
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


def filled(blank: bytes, day: str) -> bytes:
    """Fill in the blank sheet: the first row answered, the second with a mistyped code."""
    header, hints, first, second, *rest = csv.reader(io.StringIO(blank.decode("utf-8-sig")))
    first[1:] = ["yes", "no", "self", "paper", day, "Box 3"]
    mistyped = second[0][:-1] + ("2" if second[0][-1] != "2" else "3")
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, hints, first, [mistyped, *first[1:]], *rest])
    return out.getvalue().encode()


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


def test_answers_of_a_class_on_paper_are_confirmed(chromium: Browser, served: Demonstration) -> None:
    base = f"http://127.0.0.1:{served.port}"
    who = next(one for one in served.values["sign_ins"] if (one["role"], one["client"]) == ("client_admin", "indus"))
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, base, who)
    form = make(page, base)
    with page.expect_download() as download:
        page.get_by_role("link", name="Answer sheet (CSV)").click()
    blank = download.value.path().read_bytes()
    day = f"{datetime.now(ZoneInfo('Asia/Karachi')):%Y-%m-%d}"  # forms are dated in the local time zone

    page.goto(form.replace("/change/", "/print/"))
    page.select_option("select[name=reason]", "client_instruction")
    with page.expect_download() as printed:
        page.get_by_role("button", name="Print the form").click()
    assert printed.value.path().read_bytes().startswith(b"%PDF-")

    page.goto(f"{base}/admin/paper/answersheet/add/")
    upload = {"name": "answers.csv", "mimeType": "text/csv", "buffer": filled(blank, day)}
    page.set_input_files("input[type=file]", upload)  # type: ignore[arg-type]  # a file in memory
    page.get_by_role("button", name="Read the sheet").click()
    expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()
    keep(page, "sheet")
    sheet = page.url

    page.get_by_role("row", name="Unmatched").get_by_role("link").click()
    keep(page, "queue")
    page.locator("#result_list tbody tr a").first.click()
    keep(page, "unmatched")
    page.get_by_role("link", name="Use this code").first.click()
    page.select_option("select[name=reason]", "correction")
    page.get_by_role("button", name="Match by hand").click()
    expect(page.get_by_text("Matched. Nothing is recorded yet")).to_be_visible()

    page.goto(sheet)
    page.get_by_role("link", name="Confirm all matched").click()
    page.get_by_role("button", name="Confirm all matched").click()
    expect(page.get_by_text("2 rows are confirmed.")).to_be_visible()
    keep(page, "confirmed")
    page.goto(f"{base}/admin/?lang=ur")
    page.goto(sheet)
    assert page.get_attribute("html", "dir") == "rtl"
    keep(page, "sheet-ur")


def signed_by_guardians(blank: bytes, day: str) -> bytes:
    """Fill in the sheet of a form for guardians: one row without the guardian, one with a name that is not on file."""
    header, hints, *rows = csv.reader(io.StringIO(blank.decode("utf-8-sig")))
    common = {"platform-use": "yes", "newsletter": "yes", "answered_by": "guardian", "method": "paper"}
    named = {"guardian-name": "Gulnaz Bibi", "guardian-relationship": "relative"}
    filled_rows = [
        [{**common, "answered_on": day, **who}.get(name, text) for name, text in zip(header, row, strict=True)]
        for row, who in zip(rows, ({}, named), strict=True)
    ]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, hints, *filled_rows])
    return out.getvalue().encode()


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


def test_a_row_shows_the_guardian_who_signed(chromium: Browser, served: Demonstration) -> None:
    base = f"http://127.0.0.1:{served.port}"
    who = next(one for one in served.values["sign_ins"] if (one["role"], one["client"]) == ("client_admin", "indus"))
    page = chromium.new_context(java_script_enabled=False).new_page()
    sign_in(page, base, who)
    form = make_for_guardians(page, base)
    with page.expect_download() as download:
        page.get_by_role("link", name="Answer sheet (CSV)").click()
    day = f"{datetime.now(ZoneInfo('Asia/Karachi')):%Y-%m-%d}"
    content = signed_by_guardians(download.value.path().read_bytes(), day)
    page.goto(f"{base}/admin/paper/answersheet/add/")
    upload = {"name": "signed.csv", "mimeType": "text/csv", "buffer": content}
    page.set_input_files("input[type=file]", upload)  # type: ignore[arg-type]  # a file in memory
    page.get_by_role("button", name="Read the sheet").click()
    keep(page, "sheet-guardians")
    page.get_by_role("row", name="Waiting for a guardian").get_by_role("link").click()
    keep(page, "queue-guardians")
    rows = [str(one.get_attribute("href")) for one in page.locator("#result_list tbody th a").all()]
    unsigned, named = (next(row for row in rows if text in opened(page, base, row)) for text in WAITING)
    page.goto(base + unsigned)
    keep(page, "row-unsigned")
    page.get_by_role("link", name="Enter the guardian").click()
    page.select_option("select[name=guardian]", index=1)
    page.select_option("select[name=reason]", "correction")
    keep(page, "signer")
    page.get_by_role("button", name="Enter the guardian").click()
    expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()
    page.get_by_role("link", name="Confirm").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Confirmed. In effect from the next decision.")).to_be_visible()
    keep(page, "row-confirmed")
    page.goto(base + named)
    page.get_by_role("link", name="Record this row").click()
    page.fill("input[name=name]", "Gulnaz Bibi")
    page.select_option("select[name=reason]", "correction")
    page.get_by_role("button", name="Record this row").click()
    expect(page.get_by_text("another person must look at the form")).to_be_visible()
    keep(page, "choose-named")
    page.goto(f"{base}/admin/?lang=ur")
    for number, address in enumerate([form, f"{base}/admin/paper/formrun/add/", base + named, base + unsigned]):
        page.goto(address)
        keep(page, f"guardians-ur-{number}")
        assert page.get_attribute("html", "dir") == "rtl"


WAITING = ("It is not entered which guardian signed", "Only the form names this guardian")


def opened(page: Page, base: str, row: str) -> str:
    """Return the text of a row's page."""
    page.goto(base + row)
    return page.inner_text("body")
