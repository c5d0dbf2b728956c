"""Cookies and links in the console: who adds what, the script to copy, the evidence, the review and its card."""

import base64
import hashlib
import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client

from consent.cookies.banner import INTEGRITY, SCRIPT, get_script_path, render_tag
from consent.cookies.models import Cookie, CookieChoice, CookieSite, LinkedService
from consent.cookies.services import record_choice
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.cookies.making import made, make_cookie, make_link, make_site, make_usual_cookies
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


@pytest.fixture
def celia(cast):
    return browser_of(cast.user("celia"))


def test_a_client_registers_a_cookie_of_its_own(cast, celia):
    assert celia.post(COOKIES + "add/", COOKIE).status_code == 302
    with in_client(cast.client_id("khyber")):
        assert Cookie.objects.get().client_id == cast.client_id("khyber")
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
    with in_client(cast.client_id("khyber")):
        site = CookieSite.objects.get()
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
    with in_client(cast.client_id("khyber")):
        assert LinkedService.objects.get().review_on == later


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
