"""Single sign-on in Chromium, under the portal’s strict policy: set up, tried, used, refused and cancelled.

``SHOTS=folder`` saves a screenshot of every page.
"""

import os
import re
from typing import Any

import pyotp
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp
from paktaleem.directory.staff.single_sign_on.models import Provider
from paktaleem.directory.staff.single_sign_on.services import decide_provider
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.accounts.officers import second_officer
from tests.browsing import WIDE, fits, violations
from tests.cast import Cast
from tests.demo.running import free_port
from tests.serving import aside, serving, set_environment
from tests.signin.visiting import VERIFY
from tests.signing_in import browser_of
from tests.single_sign_on.providing import APPLICATION, TestProvider
from tests.single_sign_on.visiting import CONSOLE, START, set_up

SHOTS = os.environ.get("SHOTS", "")
LOOKS: Any = [({"width": 360, "height": 740}, "dark"), (WIDE, "light")]
POLICY_REPORTS = "document.addEventListener('securitypolicyviolation', (one) => console.error(one.blockedURI))"
PERSON: dict[str, Any] = {"email": "farah@indus.example", "email_verified": True}


@pytest.fixture
def base(committed, running, tmp_path, settings):
    """The portal, served on this test's own database, and allowed to reach the provider on this computer."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    added = {"SECURE_COOKIES": "false", "DEMAND_SECOND_FACTOR": "true", "SIGN_ON_ALLOWED": running.host}
    settings.SIGN_ON_ALLOWED = [running.host]
    with set_environment(**added, PUBLIC_URL=base), serving(tmp_path, port):
        yield base


class Window:
    """A browser window in one language; ``errors`` are those that Chromium reports for pages of the portal."""

    def __init__(self, chromium: Browser, base: str, provider: TestProvider, language: str) -> None:
        self.base, self.provider, self.language = base, provider, language
        self.context = chromium.new_context(viewport=WIDE, reduced_motion="reduce")
        self.context.add_init_script(POLICY_REPORTS)
        elsewhere = re.compile("https://")  # where the provider’s page fetches its style
        self.context.route(elsewhere, lambda route: route.fulfill(content_type="text/css"))
        self.keep(django_settings.LANGUAGE_COOKIE_NAME, language)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        """Note an error or a warning, unless the provider’s own page has it (it has no icon)."""
        if message.type in {"error", "warning"} and not message.location["url"].startswith(self.provider.issuer):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def keep(self, cookie: str, value: str) -> None:
        self.context.add_cookies([{"name": cookie, "value": value, "url": self.base}])

    def say(self, text: str) -> str:
        with override(self.language):
            return gettext(text)

    def look(self, name: str) -> None:
        """Check the page that is shown, on a narrow dark screen and a wide light one, and take pictures if wanted."""
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ur" else "ltr")
        for size, scheme in LOOKS:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            assert violations(self.page) == [], (name, scheme)
            assert fits(self.page), (name, scheme)
            if SHOTS:
                path = f"{SHOTS}/single-sign-on-{name}-{self.language}-{scheme}.png"
                self.page.screenshot(path=path, full_page=True)

    def propose(self) -> None:
        self.page.goto(f"{self.base}/admin/staff/provider/add/")
        self.page.fill("input[name=issuer]", self.provider.issuer)
        self.page.fill("input[name=application_id]", APPLICATION)
        self.page.fill("input[name=secret]", "from the provider")
        self.page.fill("textarea[name=domains]", "indus.example\nschool.example")
        self.page.fill("textarea[name=ground]", "The school has one sign-in.")
        self.page.check("input[name=honours_second_factor]")
        self.page.select_option("select[name=reason]", "onboarding")
        self.look("form")
        self.page.click("input[name=_save]")
        words = "Proposed: nothing has changed yet. A privacy officer must approve it."
        expect(self.page.get_by_text(self.say(words))).to_be_visible()
        expect(self.page.get_by_text(f"{self.base}{START}callback/")).to_be_visible()
        self.look("proposed")

    def choose_institution(self) -> None:
        self.page.goto(f"{self.base}/admin/login/")
        self.look("sign-in")
        self.page.get_by_role("link", name=self.say("Sign in with your school’s account")).click()
        self.page.fill("input[name=email]", PERSON["email"])
        self.look("choose")
        self.page.locator("#content-main input[type=submit]").click()

    def continue_as(self, subject: str) -> None:
        """Continue at the provider as one of its accounts, or cancel there without one."""
        expect(self.page.locator("#content-main bdi")).to_have_text(self.provider.host)
        self.page.get_by_role("link", name=self.say("Continue"), exact=True).click()
        if subject:
            self.page.get_by_label("Subject", exact=True).fill(subject)
        self.page.get_by_role("button", name="Authorize" if subject else "Deny access", exact=True).click()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name=self.say("Sign out"), exact=True).click()
        expect(self.page.locator("#login-form")).to_be_visible()


def approve(cast: Cast) -> None:
    gul = second_officer()
    with in_client(cast.client_id("indus")):
        decide_provider(Provider.objects.get(), approve=True, actor=gul, reason="review", at=timezone.now())


def enrol(cast: Cast) -> str:
    secret = create_totp_secret()
    with in_global():
        enrol_totp(cast.user("farah"), secret)
    return secret


def test_an_administrator_signs_in_by_the_provider(chromium, base, running, committed):
    running.set_person("farah-1", **PERSON, amr=["pwd", "otp"])
    aside(lambda: set_up(committed, running.issuer, timezone.now()))
    window = Window(chromium, base, running, "en")
    window.page.goto(f"{base}{START}")
    window.continue_as("farah-1")
    expect(window.page).to_have_url(f"{base}{CONSOLE}")
    assert window.errors == []
    window.context.close()


@pytest.mark.parametrize("language", ["en", "ur"])
def test_sign_on_is_set_up_tried_used_refused_and_cancelled(chromium, base, running, committed, language):
    running.set_person("farah-1", **PERSON, amr=["pwd", "otp"])
    running.set_person("celia-1", email="celia@khyber.example", email_verified=True, amr=["mfa"])
    window = Window(chromium, base, running, language)
    page = window.page
    session = aside(lambda: browser_of(committed.user("farah")).cookies[django_settings.SESSION_COOKIE_NAME].value)
    window.keep(django_settings.SESSION_COOKIE_NAME, session)
    window.propose()
    aside(lambda: approve(committed))
    page.reload()
    window.look("in-force")
    page.get_by_role("link", name=f"{base}{START}").click()
    window.look("go")
    window.continue_as("farah-1")
    expect(page).to_have_url(f"{base}{CONSOLE}")
    window.look("home")
    window.sign_out()
    running.set_person("farah-1", **PERSON, amr=["pwd"])
    secret = aside(lambda: enrol(committed))
    window.choose_institution()
    window.continue_as("farah-1")
    expect(page).to_have_url(f"{base}{VERIFY}")
    window.look("own-factor")
    page.fill("input[name=code]", pyotp.TOTP(secret).now())
    page.locator("#content-main input[type=submit]").click()
    expect(page).to_have_url(f"{base}{CONSOLE}")
    window.sign_out()
    for subject, name in (("celia-1", "refused"), ("", "cancelled")):
        page.goto(f"{base}{START}")
        window.continue_as(subject)
        expect(page.locator("#login-form")).to_be_visible()
        window.look(name)
    assert window.errors == []
    window.context.close()
