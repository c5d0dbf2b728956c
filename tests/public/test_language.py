"""Language of a page: chosen in the URL; stored for staff only."""

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from paktaleem.foundation.web.public.pages import LanguageMiddleware, page_url, public_page, redirect_to_page
from tests.console.pages import refused_by_policy

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


@pytest.mark.urls("tests.public.test_language")
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
