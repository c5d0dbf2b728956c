"""Cookies and links in the console, and the page about cookies that works without script."""

import base64
import hashlib
import html
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client

from consent.cookies.banner import INTEGRITY, SCRIPT, get_script_path, render_tag
from consent.cookies.models import Cookie, CookieChoice, CookieSite, LinkedService, Visitor
from consent.cookies.selectors import hash_token
from consent.cookies.services import record_choice, save_cookie
from consent.cookies.views import PAGE_LIMITS
from paktaleem.directory.access_links.services import count_in_window
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.cookies.making import get_banner, made, make_cookie, make_link, make_site, make_usual_cookies
from tests.factories import SETTING_UP
from tests.keeping import default_period, dispose
from tests.signing_in import browser_of

COOKIES, SITES = "/admin/cookies/cookie/", "/admin/cookies/cookiesite/"
COOKIE = {
    "name": "lms_theme",
    "storage": "cookie",
    "category": "preferences",
    "provider": "Khyber",
    "set_by": "site",
    "purpose_en": "Colours.",
    "purpose_ur": "رنگ",
    "days": "30",
    "is_active": "on",
    "reason": "onboarding",
}
KHYBER = "/cookies/khyber/"


@pytest.fixture
def celia(cast):
    return browser_of(cast.user("celia"))


def test_a_client_registers_a_cookie_of_its_own(cast, celia):
    assert celia.post(COOKIES + "add/", COOKIE).status_code == 302
    assert cast.get(Cookie, "khyber").client_id == cast.client_id("khyber")
    answer = celia.post(COOKIES + "add/", {**COOKIE, "name": "two words"})
    assert answer.status_code == 200
    assert "Write the name as browsers show it" in answer.content.decode()


def test_the_page_of_a_site_shows_the_element_to_copy(cast, celia):
    with in_client(cast.client_id("khyber")):
        make_usual_cookies(cast.client_id("khyber"))
    answer = celia.post(
        SITES + "add/", {"origins": "https://lms.khyber.example", "is_active": "on", "reason": "onboarding"}
    )
    assert answer.status_code == 302
    site = cast.get(CookieSite, "khyber")
    text = celia.get(f"{SITES}{site.pk}/change/").content.decode()
    assert SCRIPT in text
    assert INTEGRITY in html.unescape(text)
    assert f"data-site=&quot;{site.key}&quot;" in text
    assert f'data-site="{site.key}"' not in text  # shown as text: the console does not run it
    assert "script-src https://testserver" in text
    assert "Version 4 of the texts" in text


def test_the_page_of_a_site_names_the_entries_of_the_script_that_are_not_in_the_register(cast, celia):
    client_id = cast.client_id("khyber")
    with in_client(client_id):
        site = make_site(client_id)
        make_cookie(client_id, "paktaleem_cookie_choice", "necessary")
        make_cookie(client_id, "paktaleem_cookie_state", "necessary", storage="cookie")
    page = f"{SITES}{site.pk}/change/"
    text = celia.get(page).content.decode()
    assert "<code>paktaleem_cookie_state</code> (Local storage)" in text
    assert "<code>paktaleem_cookie_choice</code>" not in text
    with in_client(client_id):
        make_cookie(client_id, "paktaleem_cookie_state", "necessary", storage="local")
    assert "Add these entries" not in celia.get(page).content.decode()


def test_an_origin_with_a_path_is_refused_beside_the_field(cast, celia):
    given = {"origins": "https://lms.example/x", "is_active": "on", "reason": "onboarding"}
    answer = celia.post(SITES + "add/", given)
    assert answer.status_code == 200
    assert "without a path" in answer.context["adminform"].form.errors["origins"][0]


def test_the_evidence_shows_the_text_that_the_visitor_saw(cast, celia, now):
    with in_client(cast.client_id("khyber")):
        make_usual_cookies(cast.client_id("khyber"))
        said = made(4, "analytics", signal=True, language="ur")
        record_choice(cast.client("khyber"), said, token=None, at=now)
        row = CookieChoice.objects.get()
    listed = celia.get("/admin/cookies/cookiechoice/").content.decode()
    assert "Statistics" in listed
    text = celia.get(f"/admin/cookies/cookiechoice/{row.pk}/change/").content.decode()
    assert 'lang="ur"' in text
    assert "مقصد" in text


def test_a_link_that_is_due_is_a_card_until_it_is_reviewed(cast, celia):
    today = wall_clock_now().date()
    with in_client(cast.client_id("khyber")):
        link = make_link(cast.client_id("khyber"), review_on=today)
    assert "Linked services to be reviewed" in celia.get("/admin/").content.decode()
    farah = browser_of(cast.user("farah"))
    assert "Linked services to be reviewed" not in farah.get("/admin/").content.decode()
    url = f"/admin/cookies/linkedservice/{link.pk}/review/"
    later = today + timedelta(days=200)
    assert celia.post(url, {"review_on": later.isoformat(), "reason": "review"}).status_code == 302
    assert "Linked services to be reviewed" not in celia.get("/admin/").content.decode()
    assert cast.get(LinkedService, "khyber").review_on == later


def test_a_day_that_has_passed_is_refused(cast, celia):
    with in_client(cast.client_id("khyber")):
        link = make_link(cast.client_id("khyber"))
    url = f"/admin/cookies/linkedservice/{link.pk}/review/"
    answer = celia.post(url, {"review_on": "2020-01-01", "reason": "review"})
    assert answer.status_code == 200
    assert "Choose a day after today" in answer.content.decode()


def read_script() -> bytes:
    return Path(str(find(SCRIPT))).read_bytes()


def compute_integrity(content: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def test_the_script_is_still_the_released_one():
    assert compute_integrity(read_script()) == INTEGRITY


def test_the_licence_of_the_library_travels_with_the_script():
    text = read_script().decode()
    assert "MIT License" in text[:600]
    assert "Orest Bida" in text[:600]


def test_the_script_needs_no_inline_code_or_style():
    text = read_script().decode()
    assert not re.search(r"\beval\(|new Function|\.style\.|setAttribute\(.style|createElement\(.style", text)


def test_the_element_names_a_file_that_other_sites_may_read(db):
    tag = render_tag("site_1")
    address, integrity = (re.findall(rf'{name}="([^"]+)"', tag)[0] for name in ("src", "integrity"))
    assert address == "https://testserver" + get_script_path()
    answer = Client().get(get_script_path())
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert compute_integrity(answer.getvalue()) == integrity
    assert 'data-site="site_1"' in tag
    assert 'data-child="yes"' in tag


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


def test_a_visitor_sees_their_choices_has_a_copy_and_deletes_the_link(site_of, browser, recorded, cast, now):
    site_of("khyber")
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        number = record_choice(cast.client("khyber"), made(4, "analytics"), token=None, at=now).token
        record_choice(cast.client("khyber"), made(4, source="settings"), token=number, at=now + timedelta(hours=1))
        record_choice(cast.client("khyber"), made(4, "advertising"), token=None, at=now)
        make_cookie(khyber, "lms_more", "necessary")
    assert browser.get(browser.post(KHYBER, {"number": number})["Location"]).context["is_saved"] is False
    page = browser.get(KHYBER)
    assert [(one["accepted"], one["source"]) for one in page.context["choices"]] == [
        ("—", "In the settings of the banner"),
        ("Statistics", "In the banner"),
    ]
    copy = browser.post(KHYBER, {"copy": "1"})
    assert "attachment" in copy["Content-Disposition"]
    assert [one["accepted"] for one in copy.json()["choices"]] == [[], ["analytics"]]
    assert copy.json()["first_at"] == now.isoformat()

    deleted = browser.post(KHYBER, {"delete": "1"})
    certificate = json.loads(deleted.context["certificate"])
    assert (certificate["choices"], certificate["number_sha256"]) == (2, hash_token(number))
    assert html.escape(deleted.context["certificate"]) in deleted.content.decode()
    with in_client(khyber):
        facts = json.loads(Entry.objects.get(kind="cookie.link_deleted").body)["facts"]
        assert facts["sha256"] == hashlib.sha256(deleted.context["certificate"].encode()).hexdigest()
        assert Visitor.objects.get().given == ["advertising"], "another visitor's link stays"
    assert len(recorded()) == 3, "the choices are evidence"
    assert browser.post(KHYBER, {"number": number}).status_code == 422
    assert browser.post(KHYBER, {"copy": "1"}).status_code == 404
    assert browser.post(KHYBER, {"delete": "1"}).context["certificate"] == "", "nothing to certify"


def test_a_number_is_found_where_optional_cookies_are_no_longer_used(site_of, browser, cast):
    site_of("khyber")
    choose(browser, KHYBER, "analytics")
    with in_client(cast.client_id("khyber")):
        for cookie in Cookie.objects.exclude(category="necessary"):
            cookie.is_active = False
            save_cookie(cookie, actor=SETTING_UP, reason="review", at=wall_clock_now())
    text = browser.get(KHYBER).content.decode()
    assert "there is nothing to choose" in text
    assert 'name="number"' in text
    assert 'name="delete"' in text


def test_the_schedule_forgets_a_visitor_and_their_number(site_of, browser, time_machine):
    site_of("khyber")
    number = choose(browser, KHYBER, "analytics").cookies["cookie_choice_khyber"].value
    time_machine.move_to(wall_clock_now() + default_period("cookie_visitors") - timedelta(hours=1))
    assert dispose("cookie_visitors") == 0, "an hour early"
    assert browser.get(KHYBER).context["choices"] != []
    time_machine.move_to(wall_clock_now() + timedelta(hours=2))
    assert dispose("cookie_visitors") == 1
    assert browser.get(KHYBER).context["choices"] == []
    assert browser.post(KHYBER, {"number": number}).status_code == 422
