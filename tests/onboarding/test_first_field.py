"""The form that adds a row begins at the first field to fill in, not at one that the link has filled in."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from consent.register.models.purposes import Purpose
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.test_safeguards import LAW
from tests.onboarding.test_path import links, make_client
from tests.pages.origin import open_origin
from tests.signing_in import SignIn


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
    with in_client(cast.client_id("indus")):
        purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("indus"))
    values = {**LAW, "purpose": str(purpose.pk)}
    assert first_field(chromium, sign_in("farah").post("/admin/consent/lawfulbasis/add/", values)) == "ground"
