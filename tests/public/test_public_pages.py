"""Dates of the public pages: one piece on a phone, in the client's time zone, in both languages."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone, translation
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser

from paktaleem.foundation.console.forms import find_words
from paktaleem.foundation.web.public import errors
from paktaleem.foundation.web.public.errors import BareErrorsMiddleware
from paktaleem.foundation.web.public.pages import (
    LanguageMiddleware,
    error_page,
    page_url,
    public_page,
    redirect_to_page,
)
from tests.console.pages import refused_by_policy
from tests.demo.running import Demonstration
from tools.font import CHARACTERS, FILE

AT = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)
TEXT = '{% blocktranslate with day=at|unbroken:"DATE_FORMAT" %}until {{ day }}{% endblocktranslate %}'
TEMPLATE = Template("{% load i18n public %}" + TEXT)


@pytest.mark.parametrize(("language", "shown"), [("en", "2026-11-30"), ("ur", "\u20662026-11-30\u2069")])
def test_a_date_is_one_element_that_no_line_break_tears(language: str, shown: str) -> None:
    with translation.override(language), timezone.override(ZoneInfo("Asia/Karachi")):
        text = TEMPLATE.render(Context({"at": AT}))
    assert f'<time datetime="2026-11-30">{shown}</time>' in text
    assert "<time" not in TEMPLATE.render(Context({"at": None}))


@pytest.mark.parametrize(("language", "shown"), [("en", "Pakistan, Ireland"), ("ur", "پاکستان، آئرلینڈ")])
def test_countries_of_a_recipient_are_named(language: str, shown: str) -> None:
    describe = find_words("consent.recipient", "countries")
    with translation.override(language):
        assert Template("{% load public %}{{ codes|country_names }}").render(Context({"codes": "PK, ie"})) == shown
        assert describe is not None
        assert describe("PK, IE") == shown


def test_a_date_in_a_title_is_in_one_piece() -> None:
    shown = Template("{% load console %}{{ row|row_title }}").render(Context({"row": "Known since 2026-11-30"}))
    assert shown == "Known since 2026-\u206011-\u206030"


HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 411, 413, 429, 500, 503])
@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_error_has_a_page_in_both_languages(status: int, language: str) -> None:
    with translation.override(language):
        page = error_page(status)
    html = page.content.decode()
    assert (page.status_code, page["Content-Language"], page["Cache-Control"]) == (status, language, "no-store")
    assert f'<html lang="{language}" dir="{"rtl" if language == "ur" else "ltr"}">' in html
    assert refused_by_policy(html) == []
    assert "<script" not in html
    assert ("does not exist" in html) == (status == 404 and language == "en")


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        ("/nowhere", "get", 404),
        ("/admin/logout/", "post", 403),
        ("/healthz", "post", 405),
        ("/healthz", "get", 200),
        ("/admin/", "get", 302),
        ("/static/public/public.css", "get", 200),
        ("/api/v1/purposes", "get", 401),
        ("/access/v1/evaluation", "get", 405),
    ],
)
def test_every_answer_carries_every_header(db: None, url: str, method: str, status: int) -> None:
    response = getattr(Client(enforce_csrf_checks=status == 403), method)(url)
    response.close()
    assert response.status_code == status
    assert [name for name, value in HEADERS.items() if not response.get(name, "").startswith(value)] == []
    assert "unsafe" not in response["Content-Security-Policy"]


FORM = "http://testserver/admin/data_systems/system/add/?client=1"


@pytest.mark.parametrize(
    ("url", "came_from", "way_back"),
    [
        ("/admin/data_systems/system/add/", FORM, FORM),
        ("/admin/logout/", "", "/admin/login/"),
        ("/admin/logout/", "https://elsewhere.example/admin/", "/admin/login/"),
        ("/admin/logout/", "javascript:alert(1)", "/admin/login/"),
        ("/requests/indus/", "http://testserver/", "/requests/indus/"),  # public pages name their host only
        ("/choices/decide/newsletter/", "http://testserver/", "/choices/?lang=en"),
        ("/choices/leave/", "http://testserver/", "/choices/?lang=en"),
        ("/guardian/leave/", "http://testserver/", "/guardian/?lang=en"),
        ("/requests/leave/", "http://testserver/", "/requests/mine/?lang=en"),
    ],
)
def test_an_expired_form_leads_back_to_its_page(db: None, url: str, came_from: str, way_back: str) -> None:
    response = Client(enforce_csrf_checks=True).post(url, headers={"referer": came_from} if came_from else {})
    page = response.content.decode()
    assert response.status_code == 403
    assert f'<a class="button" href="{way_back}">Open the page again</a>' in page
    assert ("is put back on that page" in page) == url.startswith("/admin/")
    assert refused_by_policy(page) == []


def test_a_body_that_is_too_large_is_said_to_be(db: None) -> None:
    body = "a=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    response = Client().post("/admin/login/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert "too large" in response.content.decode()


def test_a_bare_405_becomes_a_page_and_keeps_its_headers() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponseNotAllowed(["GET"])

    page = BareErrorsMiddleware(view)(RequestFactory().post("/privacy/"))
    assert page.status_code == 405
    assert page["Allow"] == "GET"
    assert b"<h1>" in page.content
    assert BareErrorsMiddleware(view)(RequestFactory().post("/api/v1/x")).content == b""


def test_a_fault_is_reported_even_if_its_page_cannot_be_rendered(settings: Any) -> None:
    assert b"<h1>" in errors.defect(RequestFactory().get("/")).content
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}  # collectstatic has not run
    settings.STORAGES = settings.STORAGES | {"staticfiles": manifest}
    plain = errors.defect(RequestFactory().get("/"))
    assert (plain.status_code, plain["Content-Type"]) == (500, "text/plain")


BUDGET = 100_000


class Form(forms.Form):
    name = forms.CharField(label="Name")
    answer = forms.ChoiceField(choices=[("y", "Yes"), ("n", "No")], widget=forms.RadioSelect)
    note = forms.CharField(required=False)


def show(request: HttpRequest) -> HttpResponse:
    form = Form(request.POST or None)
    return public_page(request, "public/fields.html" if "bare" in request.GET else "public/error.html", form=form)


urlpatterns = [
    path("privacy/<str:client>/", show, name="privacy"),
    path("requests/", show, name="rights-form"),
    path("concern/", show, name="concern"),
]


@pytest.mark.parametrize(
    ("url", "accept", "language"),
    [
        ("/privacy/", "", "en"),
        ("/privacy/", "ur-PK,ur;q=0.9,en;q=0.5", "ur"),
        ("/privacy/", "fr, en;q=0.5", "en"),
        ("/privacy/?lang=ur", "en", "ur"),
        ("/privacy/?lang=en", "ur", "en"),
        ("/privacy/?lang=xx", "", "en"),
        ("/admin/", "ur", "en"),
        ("/api/v1/purposes?lang=ur", "ur", "en"),
    ],
)
def test_the_address_decides_then_the_browser(url: str, accept: str, language: str) -> None:
    request = RequestFactory().get(url, headers={"Accept-Language": accept})
    shown = []

    def view(request: HttpRequest) -> HttpResponse:
        page = public_page(request, "public/error.html")
        shown.append(page.content.decode())
        return page

    response = LanguageMiddleware(view)(request)
    assert f'<html lang="{language}"' in shown[0]
    assert not response.cookies


def test_staff_choose_once_and_the_address_is_clean_again(db: None) -> None:
    browser = Client()
    chosen = browser.get("/admin/login/?next=/admin/x/&lang=ur")
    assert (chosen.status_code, chosen["Location"]) == (302, "/admin/login/?next=%2Fadmin%2Fx%2F")
    assert chosen.cookies["language"]["httponly"]
    assert browser.get("/admin/login/")["Content-Language"] == "ur"
    assert browser.get("/nowhere")["Content-Language"] == "en"  # the cookie of staff has no effect on public pages


@pytest.mark.urls("tests.public.test_public_pages")
def test_the_next_step_keeps_the_language_and_the_language_switch_keeps_the_question() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert page_url("privacy", "indus") == "/privacy/indus/?lang=ur"
        assert redirect_to_page("privacy", "indus")["Location"] == "/privacy/indus/?lang=ur"
        return show(request)

    request = RequestFactory().get("/privacy/indus/?page=2&lang=ur")
    html = LanguageMiddleware(view)(request).content.decode()
    assert 'href="?page=2&amp;lang=en"' in html


def test_a_form_says_what_is_wrong_and_where() -> None:
    request = RequestFactory().post("/privacy/indus/?bare", {"name": ""})
    html = show(request).content.decode()
    assert 'role="alert"' in html
    assert 'href="#id_name"' in html
    assert 'for="id_note"' in html
    assert refused_by_policy(html) == []


def test_a_page_and_all_it_loads_is_small_enough_for_a_cheap_phone(db: None) -> None:
    browser = Client()
    answers = [browser.get(url) for url in ("/nowhere", "/static/public/public.css", "/static/console/mark.svg")]
    size = sum(len(answer.getvalue()) for answer in answers)
    for answer in answers:
        answer.close()
    assert size < BUDGET // 5


ROOT = Path(__file__).resolve().parents[2]
MOST = 60_000
APPS = ("children", "consent", "paktaleem", "retention", "rights")
TEXTS = ("locale/ur/LC_MESSAGES/django.po", *(f"{app}/**/*.py" for app in APPS))
ARABIC = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefe]")


def test_every_character_of_the_urdu_texts_is_in_the_font() -> None:
    with TTFont(FILE) as font:
        assert set(font.getBestCmap()) == CHARACTERS
    texts = [path.read_text(encoding="utf-8") for pattern in TEXTS for path in ROOT.glob(pattern)]
    missing = {sign for text in texts for sign in ARABIC.findall(text) if ord(sign) not in CHARACTERS}
    assert missing == set(), "add them to CHARACTERS in tools/font.py and make the font again"
    assert FILE.stat().st_size <= MOST, "too large for a cheap phone"


@pytest.mark.parametrize("path", ["/privacy/khyber/?lang=ur", "/admin/login/?lang=ur"])
def test_a_page_in_urdu_may_load_it(shared_demonstration: Demonstration, chromium: Browser, path: str) -> None:
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{shared_demonstration.port}{path}")
    loaded = page.evaluate(
        """document.fonts.load('16px "Noto Naskh Arabic"', 'ٹڈڑےں').then(faces => faces.map(one => one.status))"""
    )
    assert loaded == ["loaded"]
    page.close()


@pytest.mark.django_db
def test_the_first_address_redirects_staff_and_names_the_public_pages_to_others(client, settings):
    page = client.get("/").content.decode()
    for address in ("/privacy/", "/requests/", "/concern/", "/cookies/", "/admin/login/"):
        assert f'href="{address}' in page
    client.cookies[settings.SESSION_COOKIE_NAME] = "any"
    assert client.get("/")["Location"] == "/admin/"


@pytest.mark.django_db
def test_an_error_page_of_staff_links_to_the_console_and_others_to_the_public_forms(client):
    pages = [client.get(address).content.decode() for address in ("/accounts/nowhere/", "/nowhere")]
    assert [('href="/admin/"' in page, 'href="/requests/' in page) for page in pages] == [(True, False), (False, True)]
