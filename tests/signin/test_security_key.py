"""A security key in Chromium with a virtual authenticator, on a served portal that requires a second factor."""

import os

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_browser import PHONE
from tests.browsing import WIDE, fits, sign_in, violations
from tests.demo.running import running_demonstration

SHOTS = os.environ.get("SHOTS", "")
BEFORE = {"sign-in": "/admin/login/", "forgotten": "/accounts/password/reset/"}
INSIDE = {
    "factors": "/accounts/2fa/",
    "keys": "/accounts/2fa/webauthn/",
    "add-key": "/accounts/2fa/webauthn/add/",
    "codes": "/accounts/2fa/recovery-codes/",
    "new-codes": "/accounts/2fa/recovery-codes/generate/",
    "remove-app": "/accounts/2fa/totp/deactivate/",
    "password": "/admin/password_change/",
}
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "isUserVerified": False,
}


@pytest.fixture
def served(monkeypatch):
    """Serve the demonstration with the second factor required; as keys belong to a host name, at localhost."""
    monkeypatch.setenv("DEMAND_SECOND_FACTOR", "true")
    with running_demonstration() as demonstration:
        yield demonstration


def look(page: Page, base: str, pages: dict[str, str]) -> None:
    """Check each page in both languages, light and dark, wide and narrow."""
    for language, scheme, size in (("en", "dark", PHONE), ("ur", "light", WIDE), ("ur", "dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
        page.set_viewport_size(size)
        for name, url in pages.items():
            page.goto(f"{base}{url}?lang={language}")
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/signin-{name}-{language}-{scheme}.png", full_page=True)
            expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ur" else "ltr")
            assert fits(page), (name, language, scheme)
            if language == "en":  # colours and names are the same in Urdu; test_in_urdu.py checks its texts
                assert violations(page) == [], (name, language, scheme)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    page.goto(f"{base}/admin/login/?lang=en")


def test_a_security_key_is_enrolled_and_used_at_the_next_sign_in(chromium, served):
    base = f"http://localhost:{served.port}"
    who = next(one for one in served.values["sign_ins"] if one["role"] == "privacy_officer")
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    sign_in(page, base, who)
    expect(page.get_by_role("button", name="Use a security key")).to_have_count(0)
    page.fill("input[name=code]", pyotp.TOTP(who["totp_secret"]).now())
    page.click("text=Continue")
    expect(page).to_have_url(f"{base}/admin/")
    page.goto(f"{base}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(f"{base}/accounts/2fa/recovery-codes/")
    look(page, base, INSIDE)
    page.goto(f"{base}/admin/")
    page.click("text=Sign out")

    look(page, base, BEFORE)
    sign_in(page, base, who)
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/signin-second.png")
    assert violations(page) == []
    page.get_by_role("button", name="Use a security key").click()
    expect(page).to_have_url(f"{base}/admin/")
    assert [line for line in said if "favicon" not in line and "404" not in line] == []
