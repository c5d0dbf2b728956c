"""The page of the reasons of a decision, to which the remedies of refusals link."""

import re

import pytest
from django.test import Client

from consent.decisions.reasons import Reason, remedy_for
from tests.api.callers import Caller
from tests.console.pages import refused_by_policy


def page(address: str, **query: str) -> str:
    response = Client().get(address, query)
    assert response.status_code == 200, address
    return response.content.decode()


def test_the_documentation_of_every_remedy_is_a_section_of_a_page_that_is_served():
    for reason in Reason:
        remedy = remedy_for(reason)
        if remedy is not None:
            address, _, section = remedy.documentation.partition("#")
            assert f'<h2 id="{section}">{reason.value}</h2>' in page(address)


def test_a_refusal_leads_to_the_section_of_its_reason(cast):
    decision = Caller(cast.key("indus")).ask("lms-nobody", "service_delivery")
    address, _, section = decision["context"]["remedy"]["documentation"].partition("#")
    assert section == decision["context"]["reason"] == "subject_unknown"
    assert f'<h2 id="{section}">' in page(address)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_page_is_english_text_in_the_readers_frame(language):
    html = page("/docs/reasons/", lang=language)
    assert f'<html lang="{language}"' in html
    assert '<div class="text" lang="en" dir="ltr">' in html
    assert "<code>valid_until</code>" in html
    assert "<em>What would help:</em>" in html
    assert len(re.findall("<h1", html)) == 1
    assert refused_by_policy(html) == []
    assert "<script" not in html


def test_the_page_may_be_cached_and_takes_no_other_method():
    response = Client().get("/docs/reasons/")
    assert response["Cache-Control"] == "public, max-age=300"
    assert Client().post("/docs/reasons/").status_code == 405


def test_the_page_is_served_where_the_documentation_is_not_deployed(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    assert '<h2 id="consent_missing">' in page("/docs/reasons/")
