"""Error pages outside the console: in both languages, with all headers, without database queries."""

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.utils import translation

from paktaleem.foundation.web.public import errors
from paktaleem.foundation.web.public.errors import BareErrorsMiddleware
from paktaleem.foundation.web.public.pages import error_page
from tests.console.pages import refused_by_policy

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
    assert page.status_code == status
    assert page["Content-Language"] == language
    assert page["Cache-Control"] == "no-store"
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
