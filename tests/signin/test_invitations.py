"""The first email of a new member of staff leads to a password, a second factor and the console."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_accounts import STAFF_LINK_LIFE
from paktaleem.foundation.tenancy.context import in_global
from tests.accounts.officers import approve
from tests.console.pages import row_url
from tests.signin.visiting import Visitor, letters
from tests.signing_in import browser_of

NEW, FRESH = "new@indus.example", "a-wholly-new-pass-phrase"


@pytest.fixture
def amina(cast):
    return browser_of(cast.user("amina"))


def invite(browser, language="en"):
    given = {"email": NEW, "full_name": "New Colleague", "language": language, "is_active": "on"}
    assert browser.post("/admin/accounts/user/add/", {**given, "reason": "onboarding"}).status_code == 302
    with in_global():
        return User.objects.get(email=NEW)


def links():
    """Return the links of all emails so far, without the host."""
    return [
        found[1]
        for letter in letters()
        if (found := re.search(r"https://testserver(/accounts/password/\S+)", str(letter.body)))
    ]


def follow(link, password=FRESH):
    browser = Client()
    page = browser.get(link, follow=True)
    if page.redirect_chain:
        browser.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})
    return page.content.decode()


def test_a_new_administrator_signs_in_after_using_the_link(amina, cast):
    user = invite(amina)
    given = {"client": str(cast.client_id("indus")), "user": str(user.pk), "role": "client_admin"}
    amina.post("/admin/accounts/membership/add/", {**given, "reason": "onboarding"})
    approve(cast.client_id("indus"), timezone.now())
    [link] = links()
    follow(link)
    visitor = Visitor(NEW, FRESH)
    visitor.enter()
    assert not visitor.is_in, "a second factor comes first"
    visitor.enrol()
    assert visitor.is_in


def test_the_link_works_once(amina):
    invite(amina)
    [link] = links()
    follow(link)
    assert "no longer valid" in follow(link, "another-good-pass-phrase")
    with in_global():
        assert User.objects.get(email=NEW).check_password(FRESH)


@pytest.mark.parametrize(("late", "works"), [(timedelta(minutes=-1), True), (timedelta(minutes=1), False)])
def test_the_link_expires(amina, late, works):
    invite(amina)
    [link] = links()
    with time_machine.travel(timezone.now() + STAFF_LINK_LIFE + late, tick=True):
        assert ("no longer valid" not in follow(link)) is works


def test_sending_the_link_again_ends_the_earlier_one(amina):
    user = invite(amina)
    url = row_url("accounts/user", user.pk, "invite")
    assert amina.get(url).status_code == 200
    [first] = links()
    assert amina.post(url, {"reason": "support_case"}).status_code == 302
    [_, second] = links()
    assert "no longer valid" in follow(first)
    follow(second)
    with in_global():
        assert User.objects.get(email=NEW).check_password(FRESH)
    assert amina.get(url).status_code == 302, "the link is used"


def test_the_email_is_in_the_accounts_language(amina):
    invite(amina, "ur")
    [letter] = letters()
    assert letter.extra_headers["Content-Language"] == "ur"
    assert "72" in letter.body
    assert letter.to == [NEW]
