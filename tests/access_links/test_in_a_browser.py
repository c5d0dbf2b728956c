"""People's own pages in a real browser: both languages, with and without JavaScript, phone width."""

import email
import email.policy
import json
import os
import re
import time
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import violations
from tests.demo.running import PATIENCE, Demonstration

SHOTS = os.environ.get("CHOICES_SHOTS")
PHONE: Any = {"width": 360, "height": 740}


def code_sent_to(address: str, folder: Path) -> str:
    return sent_to(address, folder, r"^(\d{8})\s*$")


def link_sent_to(address: str, folder: Path) -> str:
    """Wait for the email with an access link to this address, and return the link's path.

    One of them was written when the demonstration was filled, and is served at another address now.
    """
    return urlsplit(sent_to(address, folder, r"^(http\S+/g/\S+)\s*$")).path


def sent_to(address: str, folder: Path, wanted: str) -> str:
    """Wait for the worker's email to this address, and return the matching part; each email is read once."""
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        for file in sorted(folder.glob("*.log"), reverse=True):
            letter = email.message_from_bytes(
                file.read_bytes().split(b"\n" + b"-" * 79)[0], policy=email.policy.default
            )
            body = letter.get_body(("plain",))
            found = re.search(wanted, body.get_content(), re.MULTILINE) if body else None
            if letter["To"] == address and found:
                file.unlink()
                return found[1]
        time.sleep(0.2)
    raise AssertionError(f"No letter for {address} after {PATIENCE} s.")


def shot(page: Page, name: str) -> None:
    """Wait for the page with its styles, since a click returns before they are there; save a screenshot if wanted."""
    page.wait_for_load_state()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def look(page: Page, name: str, *, java_script_enabled: bool) -> None:
    """Take a screenshot, and check that axe, itself a script, finds no serious violation."""
    shot(page, name)
    if java_script_enabled:
        assert violations(page) == [], name


@pytest.mark.parametrize(
    ("language", "settings_of", "who"),
    [
        ("en", {"java_script_enabled": True}, "arsalan"),
        ("en", {"java_script_enabled": False}, "daniyal"),
        ("ur", {"java_script_enabled": True}, "haris"),
        ("ur", {"java_script_enabled": False}, "fauzia"),
    ],
    ids=["english-with-script", "english-without", "urdu-with-script", "urdu-without"],
)
def test_one_comes_in_by_a_code_gives_takes_back_and_gives_again(
    shared_demonstration, chromium, language, settings_of, who
):
    context = chromium.new_context(viewport=PHONE, **settings_of)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    base, address = shared_demonstration.values["base_url"].rstrip("/"), f"{who}@khyber-people.example"

    page.goto(f"{base}/choices/khyber/?lang={language}")
    shot(page, f"start-{language}")
    page.fill("input[name=contact]", address)
    page.click("main form button")
    shot(page, f"code-{language}")
    page.fill("input[name=code]", code_sent_to(address, Path(shared_demonstration.values["mail_dir"])))
    page.click("main form button")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ur" else "ltr")

    newsletter = page.locator("article[aria-labelledby=p-newsletter]")
    withdraw = newsletter.locator("form:has([value=withdraw]) button")
    look(page, f"list-{language}", **settings_of)
    for _ in range(2):
        newsletter.locator("a.button").click()
        page.wait_for_load_state()
        pair = page.locator(".pair > *")
        first, second = pair.first.bounding_box(), pair.nth(1).bounding_box()
        assert first is not None
        assert second is not None
        assert abs(first["height"] - second["height"]) <= 1
        look(page, f"ask-{language}", **settings_of)
        page.click("button[value=give]")
        expect(newsletter.locator(".state.good")).to_be_visible()
        shot(page, f"given-{language}")
        withdraw.click()
        expect(newsletter.locator(".state.good")).to_have_count(0)
        expect(page.locator(".note.success")).to_be_visible()
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], "the page is wider than a telephone"
    page.goto(f"{base}/choices/?lang={language}")
    page.locator("main > form button").last.click()
    page.goto(f"{base}/choices/?lang={language}")
    expect(newsletter).to_have_count(0)
    context.close()
    assert [one for one in said if "403" not in one] == []


def asked_about(shared_demonstration: Demonstration, child: str, guardian: str) -> str:
    address = f"{guardian}@indus-people.example"
    parent = {"full_name": f"{guardian.title()} Parent", "email": address, "relationship": "parent"}
    told = {"subject": f"lms-{child}", "guardian": parent}
    person = {
        "role": "student",
        "full_name": f"{child.title()} Child",
        "birth_date": f"{datetime.now(UTC).year - 8}-01-05",
    }
    assert sent(shared_demonstration, "PUT", f"subjects/lms-{child}", person) == HTTPStatus.CREATED
    assert sent(shared_demonstration, "POST", "guardian-invitations", told) == HTTPStatus.CREATED
    return address


def sent(shared_demonstration: Demonstration, method: str, path: str, body: Any) -> int:
    indus = next(one for one in shared_demonstration.values["clients"] if one["code"] == "indus")
    headers = {"Authorization": f"Bearer {indus['api_key']}", "Content-Type": "application/json"}
    url = f"{shared_demonstration.values['base_url'].rstrip('/')}/api/v1/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310 -- ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
        return int(answer.status)


def report_a_concern(page: Page, language: str) -> None:
    page.locator("section[aria-labelledby=ways] a").first.click()
    page.fill("textarea[name=text]", "Somebody posts photographs of the class.")
    shot(page, f"concern-{language}")
    page.locator("main form button").click()
    expect(page.locator("strong.number")).to_be_visible()
    shot(page, f"concern-received-{language}")


def have_oneself_checked(page: Page, language: str, settings_of: Any) -> None:
    page.locator("section[aria-labelledby=check] a.button").click()
    look(page, f"guardian-check-{language}", **settings_of)
    page.check("input[value=video_conference]")
    page.locator("main form button").first.click()
    asked = page.locator("main a.button.second")
    expect(asked).to_be_visible()
    shot(page, f"guardian-check-asked-{language}")
    begun = "will tell you what to do next" if language == "en" else "ادارے نے جانچ شروع کر دی ہے"
    for _ in range(30):
        if page.get_by_text(begun).count():
            break
        page.wait_for_timeout(500)
        asked.click()
    expect(page.get_by_text(begun)).to_be_visible()
    look(page, f"guardian-check-begun-{language}", **settings_of)


@pytest.mark.parametrize(
    ("language", "settings_of", "who", "child"),
    [
        ("en", {"java_script_enabled": True}, "nadia", "aliya"),
        ("en", {"java_script_enabled": False}, "rashid", "bilqis"),
        ("ur", {"java_script_enabled": True}, "shazia", "kamran"),
        ("ur", {"java_script_enabled": False}, "tariq", "minahil"),
    ],
    ids=["english-with-script", "english-without", "urdu-with-script", "urdu-without"],
)
def test_a_guardian_opens_the_emailed_link_reads_decides_and_requests(  # noqa: PLR0917 -- as parametrized
    shared_demonstration, chromium, language, settings_of, who, child
):
    address = asked_about(shared_demonstration, child, who)
    base, folder = shared_demonstration.values["base_url"].rstrip("/"), Path(shared_demonstration.values["mail_dir"])
    context = chromium.new_context(viewport=PHONE, **settings_of)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)

    page.goto(f"{base}{link_sent_to(address, folder)}?lang={language}")
    shot(page, f"guardian-link-{language}")
    page.click("main form button")
    page.fill("input[name=code]", code_sent_to(address, folder))
    page.click("main form button")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ur" else "ltr")
    shot(page, f"guardian-all-{language}")
    page.locator("article.choice a.button").first.click()
    look(page, f"guardian-child-{language}", **settings_of)
    home = page.url
    have_oneself_checked(page, language, settings_of)
    page.goto(home)
    page.locator("article[aria-labelledby=service] a.button").click()
    shot(page, f"guardian-service-{language}")
    boxes = [one.bounding_box() for one in page.locator(".pair > *").all()]
    assert len(boxes) == 3
    assert len({round(box["width"]) for box in boxes if box}) == 1
    assert max(box["height"] for box in boxes if box) - min(box["height"] for box in boxes if box) <= 1
    page.click("button[value=give]")
    expect(page.locator(".note.success")).to_be_visible()
    expect(page.locator(".state.good")).to_have_count(0)  # it waits for the second confirmation
    shot(page, f"guardian-waits-{language}")
    page.locator("section[aria-labelledby=data] a").click()
    page.check("input[value=keep]")
    shot(page, f"guardian-data-{language}")
    page.locator("main form button").first.click()
    expect(page.locator(".note.success")).to_be_visible()
    page.goto(home)
    page.locator("article[aria-labelledby=service] a.button").click()
    page.click("button[value=refuse]")
    expect(page.locator(".note.success")).to_be_visible()
    shot(page, f"guardian-refused-{language}")
    report_a_concern(page, language)
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], "the page is wider than a telephone"
    page.goto(home)
    page.locator("section[aria-labelledby=ways] form button").click()
    page.goto(home)
    expect(page.locator("article.choice")).to_have_count(0)
    context.close()
    assert [one for one in said if "403" not in one] == []
