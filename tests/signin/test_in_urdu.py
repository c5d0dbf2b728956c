"""Every sign-in page is completely in Urdu, right to left, including the texts of libraries."""

import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import strip_tags

from tests.signin.visiting import ENROL, FACTORS, FORGOTTEN, SIGN_IN, STEP_UP, VERIFY, letters
from tests.signing_in import browser_of

OWN = {"PakTaleem", "English", "API", "UTC", "Asia", "Karachi"}
"""The product name, the link to the other language, abbreviations used in Urdu too, and the name of the time zone."""
TYPED = re.compile(r"\S+@\S+|\b[A-Z2-7]{16,}\b|\b[0-9a-f]{8,}\b")
"""Email addresses, secrets and codes."""
READ_OUT = re.compile(r'(?:\b(?:alt|title|placeholder|aria-label)|type="submit" value)="([^"]*)"')


def in_urdu(browser: Client) -> Client:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "ur"
    return browser


def english_in(page: Any) -> list[str]:
    """Return words in Latin letters that are displayed or read aloud."""
    text = page.content.decode()
    assert '<html lang="ur" dir="rtl"' in text
    body = re.sub(r"(?s)<(script|style|svg|head)\b.*?</\1>", " ", text)
    title = re.search(r"(?s)<title>(.*?)</title>", text)
    shown = " ".join([strip_tags(body), *READ_OUT.findall(body), title[1] if title else ""])
    words = re.findall(r"[A-Za-z]{3,}", TYPED.sub(" ", unescape(shown)))
    return [word for word in words if word not in OWN]


@pytest.fixture
def visitor(amina):
    in_urdu(amina.browser)
    return amina


@pytest.fixture
def inside(visitor):
    visitor.enter()
    visitor.enrol()
    return visitor


def test_the_check_finds_english_words(amina):
    page = amina.browser.get(SIGN_IN)
    page.content = page.content.replace(b'<html lang="en" dir="ltr"', b'<html lang="ur" dir="rtl"')
    assert "Password" in english_in(page)


@pytest.mark.parametrize("url", [SIGN_IN, FORGOTTEN])
def test_the_sign_in_pages_and_their_errors(visitor, url):
    assert english_in(visitor.browser.get(url)) == []
    assert english_in(visitor.browser.post(url, {})) == []


def test_the_page_after_a_wrong_password_and_the_lockout_page(visitor):
    page = visitor.enter("not the password")
    assert "درست نہیں" in page.content.decode()
    assert english_in(page) == []
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page = visitor.enter("not the password")
    assert page.status_code == 429
    assert english_in(page) == []


def test_the_pages_that_request_and_set_a_password_by_link(visitor):
    requested = visitor.browser.post(FORGOTTEN, {"email": visitor.email}, follow=True)
    assert "بھیج دی گئی" in requested.content.decode()
    assert english_in(requested) == []
    link = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(letters()[-1].body))
    assert link is not None
    page = visitor.browser.get(link[1], follow=True)
    assert english_in(page) == []
    there = page.redirect_chain[-1][0]
    for first, second in (("short", "short"), ("password1234", "password1234"), ("long and good, one", "another")):
        answer = visitor.browser.post(there, {"password1": first, "password2": second})
        assert answer.status_code == 200
        assert english_in(answer) == []
    assert english_in(visitor.browser.get("/accounts/password/reset/key/a-b/")) == []


def test_the_pages_that_set_up_a_second_factor(visitor):
    visitor.enter()
    for url in (FACTORS, ENROL, "/accounts/2fa/webauthn/add/", "/accounts/2fa/webauthn/"):
        assert english_in(visitor.browser.get(url)) == [], url
    assert english_in(visitor.browser.post(ENROL, {"code": "000000"})) == []


def test_the_pages_of_enrolled_factors_and_passwords(inside):
    pages = ("recovery-codes", "recovery-codes/generate", "totp/deactivate")
    for url in (FACTORS, *(f"/accounts/2fa/{page}/" for page in pages), "/admin/password_change/"):
        assert english_in(inside.browser.get(url)) == [], url
    wrong = {"old_password": "x", "new_password1": "short", "new_password2": "other"}
    assert english_in(inside.browser.post("/admin/password_change/", wrong)) == []
    new = dict.fromkeys(("new_password1", "new_password2"), "a long sentence, mine")
    right = {"old_password": inside.password, **new}
    assert english_in(inside.browser.post("/admin/password_change/", right, follow=True)) == []


def test_the_page_that_asks_for_the_code(enrolled_amina):
    in_urdu(enrolled_amina.browser)
    enrolled_amina.enter()
    assert english_in(enrolled_amina.browser.get(VERIFY)) == []
    assert english_in(enrolled_amina.verify("000000")) == []


@pytest.mark.parametrize("url", [STEP_UP, "/accounts/2fa/reauthenticate/"])
def test_the_pages_of_reauthentication(cast, enrolled_amina, url):
    browser = in_urdu(browser_of(cast.user("amina"), seconds_ago=600))
    assert english_in(browser.get(url)) == []
    assert english_in(browser.post(url, {"password": "wrong", "code": "000000"})) == []
