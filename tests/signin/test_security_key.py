"""A security key in a real browser: Chromium with a virtual authenticator, against a served portal that demands it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.demo.running import Demonstration

BROWSER = os.environ.get("PAKTALEEM_BROWSER") or shutil.which("chromium")
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "isUserVerified": False,
}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    """The demonstration, demanding the second factor; keys belong to a name, so it is called localhost."""
    monkeypatch.setenv("DEMAND_SECOND_FACTOR", "true")
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-key-")).resolve()
    folder.chmod(0o755)
    demonstration = Demonstration(folder).start()
    yield demonstration
    demonstration.end()
    shutil.rmtree(folder)


def sign_in(page: Page, base: str, who: dict[str, Any]) -> None:
    page.goto(f"{base}/admin/")
    page.fill("input[name=username]", who["email"])
    page.fill("input[name=password]", who["password"])
    page.click("text=Sign in >> nth=-1")


def test_a_key_is_enrolled_and_opens_the_next_sign_in(served: Demonstration) -> None:
    base = f"http://localhost:{served.port}"
    who = next(one for one in served.values["sign_ins"] if one["role"] == "privacy_officer")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = browser.new_context()
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

        sign_in(page, base, who)
        expect(page.get_by_role("button", name="Use a security key")).to_have_count(0)
        page.fill("input[name=code]", pyotp.TOTP(who["totp_secret"]).now())
        page.click("text=Go on")
        expect(page).to_have_url(f"{base}/admin/")
        page.goto(f"{base}/accounts/2fa/webauthn/add/")
        page.get_by_role("button", name="Add").click()
        expect(page).to_have_url(f"{base}/accounts/2fa/recovery-codes/")
        page.goto(f"{base}/admin/")
        page.click("text=Sign out")

        sign_in(page, base, who)
        page.get_by_role("button", name="Use a security key").click()
        expect(page).to_have_url(f"{base}/admin/")
        browser.close()
    assert [line for line in said if "favicon" not in line and "404" not in line] == []
