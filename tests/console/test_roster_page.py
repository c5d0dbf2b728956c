"""The roster upload page in a real browser: template, dry run, confirmation, import."""

import csv
import io

import pytest
from playwright.sync_api import expect

from tests.browsing import sign_in
from tests.demo.running import running_demonstration
from tests.rosters import school


@pytest.fixture
def served():
    with running_demonstration() as demonstration:
        yield demonstration


def choose(page, base, name, content, *, covers):
    page.goto(f"{base}/admin/schools/rosterimport/add/")
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.check(f"input[value={covers}]")
    page.get_by_role("button", name="Check the file").click()


def confirm(page):
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("button", name="Import", exact=True).click()


def filled(template):
    rows = list(csv.reader(io.StringIO(template.decode("utf-8-sig"))))
    person = {"ID": "roster-1", "Role": "student", "Full name": "نور شاہ", "Birth date": "2014-03-27"}
    person |= {"Guardian 1 name": "Rabia Shah", "Guardian 1 email": "rabia@mail.example"}
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*rows, [person.get(heading, "") for heading in rows[0]]])
    return out.getvalue().encode()


def test_a_school_brings_its_people_from_the_template(chromium, served, tmp_path):
    base = f"http://127.0.0.1:{served.port}"
    who = next(one for one in served.values["sign_ins"] if (one["role"], one["client"]) == ("client_admin", "indus"))
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    sign_in(page, base, who)

    page.goto(f"{base}/admin/schools/rosterimport/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Template (CSV)").click()
    template = download.value.path().read_bytes()
    choose(page, base, "people.csv", filled(template), covers="some")
    expect(page.get_by_text("Ready to import")).to_be_visible()
    expect(page.get_by_role("row", name="Student 1 0 0 0")).to_be_visible()
    confirm(page)
    expect(page.get_by_text("The roster is imported.")).to_be_visible()
    page.goto(f"{base}/admin/people/subject/?q=roster-1")
    expect(page.get_by_role("link", name="roster-1")).to_be_visible()

    choose(page, base, "people.csv", filled(template).replace(b"2014-03-27", b"2099-01-01"), covers="some")
    expect(page.get_by_role("row", name="people.csv 3 Birth date Use a day from 1900-01-01 to today.")).to_be_visible()

    package = school(900).write(tmp_path / "roster.zip").read_bytes()
    choose(page, base, "roster.zip", package, covers="everybody")
    expect(page.get_by_text("Ready to import")).to_be_visible(timeout=60_000)
    confirm(page)
    expect(page.get_by_text("Imported", exact=True)).to_be_visible(timeout=60_000)

    package = school(500).write(tmp_path / "part.zip").read_bytes()
    choose(page, base, "roster.zip", package, covers="everybody")
    stop = page.locator(".warning", has_text="Stopped: more than")
    expect(stop).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Import", exact=True)).to_have_count(0)
    number = stop.locator("strong").inner_text()
    page.get_by_role("link", name="Import anyway").click()
    page.fill("input[name=number]", number)
    page.get_by_role("button", name="Import anyway").click()
    expect(page.get_by_text("Imported", exact=True)).to_be_visible(timeout=60_000)
    assert [line for line in said if "favicon" not in line] == []
