"""The set-up of a client in Chromium, from nothing to the first allowed decision, as its people walk it.

Amina, an officer, registers the client and invites its administrator; Gul, a second officer, approves the role; Hadi, a
third, signs; Tariq, the administrator, follows the link in the email, sets a password and a second factor, and does
the rest. Some fields are filled in wrongly first. docs/console.md has the numbers. ``SHOTS=folder`` stores a screenshot
of every page.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from consent.register.models.purposes import Purpose
from paktaleem.foundation.accounts.staff_services import Colleague, invite_colleague
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import EMAIL as GUL, approve, second_officer_user
from tests.cast import Cast
from tests.console.test_safeguards import LAW
from tests.onboarding.test_path import links, make_client
from tests.onboarding.walking import Tally, Walker
from tests.pages.origin import open_origin
from tests.serving import HOST, aside, served
from tests.signin.visiting import letters
from tests.signing_in import SignIn

DOCS = Path(__file__).resolve().parents[2] / "docs" / "console.md"
NUMBERS = re.compile(r"(\d+) pages, (\d+) fields and (\d+) clicks, about (\d+) minutes")
LINK = re.compile(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)")
HADI, TARIQ, PASSWORD = "hadi@paktaleem.example", "tariq@mehran.example", "Blue-Canal-in-Sukkur"
SUBMIT = "main button[type=submit], main input[type=submit]"
MINUTES = 15


@pytest.fixture
def port(committed: Cast, tmp_path: Path) -> Iterator[int]:
    """The portal, served on this test's own database, with the second factor required."""
    with served(tmp_path, SECURE_COOKIES="false", DEMAND_SECOND_FACTOR="true") as found:
        yield found


def officers(cast: Cast) -> None:
    second_officer_user()
    at, hadi = timezone.now(), Colleague(HADI, "Hadi Rind")
    stamp: dict[str, Any] = {"actor": cast.actor("amina"), "reason": "onboarding", "at": at}
    with in_client(PAKTALEEM):
        invite_colleague(hadi, client_id=PAKTALEEM, role="privacy_officer", ground="They asked me.", **stamp)
    approve(PAKTALEEM, at)


def link_of_invitation() -> str:
    [letter] = [one for one in letters() if one.to == [TARIQ]]
    found = LINK.search(str(letter.body))
    assert found is not None
    return found.group(1)


def register_client(amina: Walker) -> str:
    """Register the client, its contacts, administrator and draft, and use the starting set; return its set-up."""
    page = amina.page
    amina.go("/admin/accounts/client/set-up/")
    amina.step("client/add")
    amina.save(name="Mehran Schools", code="Mehran Schools", address="7 Canal Road, Sukkur")
    expect(page.locator(".errorlist")).to_have_count(1)
    amina.fill(code="mehran")
    for _ in ("the institution", "children", "real or practice", "check and add"):
        amina.save()
    set_up = page.url
    assert set_up.endswith("/set-up/")
    for kind in ("privacy", "notices"):
        amina.step(f"kind={kind}")
        amina.save(full_name="Rabia Anwar", email="rabia@mehran.example")
    amina.step("membership/add")
    amina.save(email="tariq@mehran", full_name="Tariq Soomro")
    expect(page.locator(".errorlist")).to_have_count(1)
    amina.save(email=TARIQ)
    amina.save(ground="The head of the school named him.")  # an administrator: a second officer must approve
    amina.step("serviceagreement/add")
    amina.save(reference="MSA-2026-7")
    amina.step("starting-set")
    amina.check("[name=own][value=newsletter]")
    amina.save()
    assert page.url == set_up
    expect(page.locator("#signatures .warning")).to_be_visible()  # she proposed the administrator
    expect(page.locator("#signatures a[href*='/change/']")).to_have_count(0)
    return set_up


def accept_invitation(tariq: Walker) -> None:
    """Follow the link in the email: a password, the sign-in, and an app for codes."""
    page = tariq.page
    tariq.go(aside(link_of_invitation))
    tariq.fill(password1="sukkur", password2="sukkur")
    tariq.click(SUBMIT)
    expect(page.locator(".errorlist").first).to_be_visible()
    tariq.fill(password1=PASSWORD, password2=PASSWORD)
    tariq.click(SUBMIT)
    tariq.fill(username=TARIQ, password=PASSWORD)
    tariq.click("#login-form input[type=submit]")
    tariq.click("a[href='/accounts/2fa/totp/activate/']")
    secret = page.locator("#authenticator_secret").inner_text()
    tariq.fill(code=pyotp.TOTP(secret).now())
    tariq.click(SUBMIT)


def do_steps_of_the_client(tariq: Walker, set_up: str) -> None:
    """Declare, sign, issue a key, add a person, and ask for a decision."""
    page = tariq.page
    tariq.go("/admin/")
    tariq.click("a[href$='/set-up/']")
    for kind in ("age", "consent"):
        tariq.step(f"kind={kind}")
        tariq.save()
    tariq.step("serviceagreement")
    tariq.click(".object-tools a[href*='/sign/']")
    tariq.save()
    expect(page.locator("#signatures .pill-good")).to_be_visible()
    tariq.step("apikey/add")
    tariq.save()
    tariq.click(".closelink")
    tariq.step("try-decision")
    tariq.save(subject="m-1")
    expect(page.locator(".messagelist .warning")).to_be_visible()  # not registered
    tariq.step("subject/add")
    tariq.fill(external_id="m-1", full_name="Junaid Mirza")
    tariq.choose(role="instructor")
    tariq.save()
    tariq.step("try-decision")
    tariq.save()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert page.url == set_up
    expect(page.locator("ol.steps .pill-warn")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_from_nothing_to_the_first_allowed_decision(
    committed: Cast, chromium: Browser, port: int, language: str
) -> None:
    base, tally = f"http://{HOST}:{port}", Tally()
    first = aside(lambda: committed.user("amina").email)
    aside(lambda: officers(committed))
    amina, gul, hadi = (Walker.signed_in(chromium, base, email, language, tally) for email in (first, GUL, HADI))
    set_up = register_client(amina)
    gul.go(set_up)
    gul.step("/approve/")
    gul.save()
    assert gul.page.url == set_up
    hadi.go(set_up)
    hadi.step("serviceagreement")
    hadi.click(".object-tools a[href*='/sign/']")
    hadi.save()
    hadi.save(ground="Agreed with the school on 1 December.")  # the first side to sign gives the ground
    assert hadi.page.url == set_up
    tariq = Walker(chromium.new_context(reduced_motion="reduce").new_page(), base, tally, language=language)
    tariq.go(f"/admin/login/?lang={language}")
    accept_invitation(tariq)
    do_steps_of_the_client(tariq, set_up)
    assert tally.minutes < MINUTES
    found = NUMBERS.search(DOCS.read_text(encoding="utf-8"))
    assert found is not None
    assert tuple(map(int, found.groups())) == (tally.pages, tally.fields, tally.clicks, round(tally.minutes))


# The form that adds a row begins at the first field to fill in, not at one that the link has filled in.


def first_field(chromium: Browser, answer: Any) -> str:
    """Return the name of the field that has the focus in Chromium once the page is shown."""
    with open_origin() as origin:
        origin.made["/"] = answer
        page = chromium.new_page()
        page.goto(origin.url)
        expect(page.locator("form :focus")).to_have_count(1)
        name = page.evaluate("document.activeElement.name")
        page.close()
    return str(name)


def test_the_invitation_of_the_set_up_begins_at_the_address(chromium: Browser, sign_in: SignIn, cast: Cast) -> None:
    amina = sign_in("amina")
    invite = links(amina, f"/admin/accounts/client/{make_client('mehran')}/set-up/")["Invite an administrator"]
    page = amina.get(invite.replace("&amp;", "&"))
    assert page.content.decode().index('name="client"') < page.content.decode().index('name="email"')
    assert first_field(chromium, page) == "email"


@pytest.mark.parametrize(
    ("address", "name"), [("accounts/membership/add/", "client"), ("accounts/membership/add/?client={indus}", "user")]
)
def test_a_field_that_is_filled_in_is_passed_over(
    chromium: Browser, sign_in: SignIn, cast: Cast, address: str, name: str
) -> None:
    page = sign_in("amina").get(f"/admin/{address.format(indus=cast.client_id('indus'))}")
    assert first_field(chromium, page) == name


def test_a_form_that_shows_an_effect_begins_at_the_ground(chromium: Browser, sign_in: SignIn, cast: Cast) -> None:
    purpose = cast.get(Purpose, code="newsletter", client_id=cast.client_id("indus"))
    values = {**LAW, "purpose": str(purpose.pk)}
    assert first_field(chromium, sign_in("farah").post("/admin/consent/lawfulbasis/add/", values)) == "ground"
