"""The page about cookies, without script: the register, the choice as a form, the number from the banner."""

import re

import pytest
from django.test import Client

from consent.cookies.models import CookieChoice
from consent.cookies.services import record_choice
from consent.cookies.views import PAGE_LIMITS
from paktaleem.directory.access_links.services import count_in_window
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.cookies.making import get_banner, made, make_link

KHYBER = "/cookies/khyber/"


@pytest.fixture
def browser():
    return Client()


@pytest.fixture
def recorded(cast):
    def recorded(code="khyber"):
        with in_client(cast.client_id(code)):
            return list(CookieChoice.objects.select_related("version").order_by("recorded_at"))

    return recorded


def choose(browser, path=KHYBER, *accepted, version=4, **headers):
    given = {f"category_{one}": "accept" for one in accepted}
    return browser.post(path, {"version": version, **given}, headers=headers)


def test_the_portal_shows_its_own_cookies_and_has_nothing_to_choose(cast, browser):
    answer = browser.get("/cookies/")
    assert answer.status_code == 200
    text = answer.content.decode()
    for name in ("sessionid", "csrftoken", "language", "paktaleem_*", "cookie_choice_*"):
        assert name in text
    assert "there is nothing to choose" in text
    assert "Every browser can show, block and delete cookies" in text


def test_the_cookies_that_the_portal_sets_are_in_its_register(cast, browser):
    """Set every kind of cookie once, and find each in the register."""
    listed = re.findall(r'<bdi dir="ltr">([^<]+)</bdi>', browser.get("/cookies/").content.decode())
    browser.get("/admin/login/")
    browser.get("/accounts/login/?lang=ur")
    for name in browser.cookies:
        assert any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in listed), name
    assert {"csrftoken", "language"} <= set(browser.cookies)


def test_reading_sets_no_cookie_that_follows_the_visitor(site_of, browser):
    site_of("khyber")
    assert set(browser.get(KHYBER).cookies) <= {"csrftoken"}


@pytest.mark.parametrize(("language", "word", "direction"), [("en", "Refuse", "ltr"), ("ur", "انکار کریں", "rtl")])
def test_a_clients_page_shows_its_register_in_both_languages(site_of, browser, language, word, direction):
    site_of("khyber")
    text = browser.get(f"{KHYBER}?lang={language}").content.decode()
    assert word in text
    assert f'dir="{direction}"' in text
    for name in ("lms_session", "lms_theme", "_stats*", "_ads", "Adnet"):
        assert name in text


def test_an_unknown_client_is_not_found(cast, browser):
    assert browser.get("/cookies/nobody/").status_code == 404


def test_a_client_without_a_register_says_so(cast, browser):
    assert "No cookie is registered yet" in browser.get(KHYBER).content.decode()
    assert choose(browser, KHYBER, "analytics").status_code == 409


def test_nothing_is_accepted_before_the_visitor_says_so(site_of, browser):
    site_of("khyber")
    text = browser.get(KHYBER).content.decode()
    assert len(re.findall(r'value="refuse" checked', text)) == 3
    assert 'value="accept" checked' not in text


def test_a_choice_is_recorded_shown_and_changed(site_of, browser, recorded):
    site_of("khyber")
    answer = choose(browser, KHYBER, "analytics")
    assert answer.status_code == 302
    cookie = answer.cookies["cookie_choice_khyber"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", KHYBER)
    text = browser.get(answer["Location"]).content.decode()
    assert "Your choice is saved" in text
    assert 'name="category_analytics" value="accept" checked' in text
    choose(browser)
    assert [row.given for row in recorded()] == [["analytics"], []]
    assert len({row.visitor for row in recorded()}) == 1
    assert {row.source for row in recorded()} == {"page"}


def test_the_form_is_protected_against_other_sites(site_of):
    site_of("khyber")
    assert choose(Client(enforce_csrf_checks=True), KHYBER, "analytics").status_code == 403


def test_the_signal_is_shown_and_refuses(site_of, browser, recorded):
    site_of("khyber")
    text = browser.get(KHYBER, headers={"Sec-GPC": "1"}).content.decode()
    assert "Refused by your browser’s privacy signal" in text
    assert "category_advertising" not in text
    choose(browser, KHYBER, "advertising", "analytics", **{"Sec-GPC": "1"})
    assert [(row.given, row.has_signal) for row in recorded()] == [(["analytics"], True)]


def test_a_school_offers_refusal_only(site_of, browser, recorded):
    site_of("indus")
    text = browser.get("/cookies/indus/").content.decode()
    assert 'value="accept"' not in text
    assert "This platform is used by children" in text
    assert choose(browser, "/cookies/indus/", "analytics").status_code == 403
    assert recorded("indus") == []
    assert choose(browser, "/cookies/indus/").status_code == 302


def test_the_number_of_the_banner_finds_the_choice_to_withdraw(site_of, browser, recorded, cast, now):
    site_of("indus")
    with in_client(cast.client_id("indus")):
        accepted = made(4, "analytics", "preferences", child=False)
        number = record_choice(cast.client("indus"), accepted, token=None, at=now).token
    found = browser.post("/cookies/indus/", {"number": f" {number} "})
    assert found.status_code == 302
    assert str(number) not in found["Location"]
    text = browser.get("/cookies/indus/").content.decode()
    assert 'name="category_analytics" value="accept" checked' in text
    assert 'name="category_advertising" value="accept"' not in text
    assert choose(browser, "/cookies/indus/", "preferences").status_code == 302
    assert [row.given for row in recorded("indus")] == [["preferences", "analytics"], ["preferences"]]


@pytest.mark.parametrize("number", ["", "x", "2027888b-4988-419b-a7b5-16bebbfd97a0", "\x00", "9" * 5000])
def test_an_unknown_number_is_refused_beside_the_field(site_of, browser, number):
    site_of("khyber")
    answer = browser.post(KHYBER, {"number": number})
    assert answer.status_code == 422
    assert 'aria-describedby="number-error"' in answer.content.decode()


def test_the_number_of_another_client_is_not_known(site_of, browser, recorded):
    site_of("khyber")
    site_of("indus")
    number = choose(browser, KHYBER, "analytics").cookies["cookie_choice_khyber"].value
    assert browser.post("/cookies/indus/", {"number": number}).status_code == 422


@pytest.mark.parametrize("version", ["", "x", "3", "99", "9" * 400, "-1", "٤"])
def test_a_choice_about_another_text_is_asked_again(site_of, browser, recorded, version):
    site_of("khyber")
    answer = choose(browser, KHYBER, "analytics", version=version)
    assert answer.status_code == 409
    assert "The texts have changed" in answer.content.decode()
    assert recorded() == []


def test_the_version_of_the_form_is_the_published_one(site_of, browser, cast):
    site_of("khyber")
    with in_client(cast.client_id("khyber")):
        number = get_banner(cast.client_id("khyber")).number
    assert f'name="version" value="{number}"' in browser.get(KHYBER).content.decode()


@pytest.mark.parametrize("limit", PAGE_LIMITS, ids=lambda one: one.what)
def test_too_many_choices_of_one_address_or_client_are_refused(site_of, browser, recorded, time_machine, limit):
    time_machine.move_to(wall_clock_now(), tick=False)
    address = str(site_of("khyber").client_id)
    tries = [count_in_window([limit], address=address, ip="127.0.0.1") for _ in range(limit.times + 1)]
    assert tries == [True] * limit.times + [False]
    assert choose(browser).status_code == 429
    assert browser.post(KHYBER, {"number": "x"}).status_code == 429
    assert recorded() == []
    assert browser.get(KHYBER).status_code == 200


def test_the_privacy_page_lists_linked_services_and_leads_to_the_cookies(cast, browser):
    with in_client(cast.client_id("khyber")):
        make_link(cast.client_id("khyber"), name="<b>Video</b> House")
    text = browser.get("/privacy/khyber/").content.decode()
    assert "&lt;b&gt;Video&lt;/b&gt; House" in text
    assert 'href="https://video.example/privacy" rel="noopener noreferrer"' in text
    assert 'href="/cookies/khyber/?lang=en"' in text
    assert "Video" not in browser.get("/privacy/indus/").content.decode()
