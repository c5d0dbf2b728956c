"""Printed receipts: plain text in both languages, and a code that cannot be forged."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given as drawn
from hypothesis import strategies as st

from consent.consents.models import ConsentEvent
from consent.receipts.receipt import RECEIPT_CODE, find_event_id, make_receipt_code
from consent.receipts.views import receipt_key
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link, latest_code, send, visitor, work
from tests.api.callers import Caller
from tests.console.pages import refused_by_policy
from tests.signing_in import browser_of

KEY = b"k" * 32


@drawn(st.uuids())
def test_a_code_leads_back_to_its_event_however_it_is_typed(event):
    code = make_receipt_code(event, KEY)
    assert re.fullmatch(RECEIPT_CODE, code)
    assert find_event_id(code, KEY) == event
    assert find_event_id(f" {code[:9].lower()} {code[9:]}\n", KEY) == event


@drawn(st.text(max_size=40))
def test_whatever_else_is_typed_leads_nowhere(text):
    assert find_event_id(text, KEY) is None


def test_a_code_cannot_be_made_up_or_moved_to_another_event():
    code = make_receipt_code(uuid4(), KEY)
    assert find_event_id(code, b"x" * 32) is None
    assert find_event_id(make_receipt_code(uuid4(), KEY)[:20] + code[20:], KEY) is None


@pytest.fixture
def event(cast):
    caller = Caller(cast.key("khyber"))
    answer = caller.consent("lms-kiran", "newsletter", shown=caller.shown("newsletter", "ur"), language="ur")
    with in_client(cast.client_id("khyber")):
        return ConsentEvent.objects.select_related("notice_version").get(pk=answer.json()["events"][0]["id"])


def page_of(cast, event, name="celia", **query):
    return browser_of(cast.user(name)).get(f"/admin/consent/consentevent/{event.pk}/receipt/", query)


def test_the_receipt_is_in_the_language_of_the_answer_or_in_the_requested_one(cast, event):
    urdu = page_of(cast, event).content.decode()
    english = page_of(cast, event, **{"in": "en"}).content.decode()
    assert '<html lang="ur" dir="rtl">' in urdu
    assert '<html lang="en" dir="ltr">' in english
    assert "Yes, given" in english
    assert "Yes, given" not in urdu
    for page in (urdu, english):  # the shown text stays in its language
        assert event.notice_version.text_ur.splitlines()[0] in page
        assert refused_by_policy(page) == []


def test_its_code_and_its_square_lead_to_the_choices(cast, event):
    page = page_of(cast, event, **{"in": "en"}).content.decode()
    [address] = re.findall(r'href="(https?://[^"]+/choices/khyber/receipt/[^"]+)"', page)
    assert find_event_id(address.rstrip("/").rpartition("/")[2], receipt_key()) == event.pk
    assert "<svg" in page


def test_a_receipt_shows_no_name_and_stays_in_no_cache(cast, event):
    answer = page_of(cast, event)
    assert "no-store" in answer["Cache-Control"]
    assert b"lms-kiran" not in answer.content


def test_a_receipt_and_what_it_leads_to_link_the_clients_own_form_for_requests(cast, event):
    pages = (page_of(cast, event), visitor().get(code_url(event)), visitor().get("/choices/khyber/"))
    for page in pages:
        assert "/requests/khyber/" in page.content.decode()


def test_words_in_urdu_are_separated_by_a_comma_and_a_space(cast, event):
    assert "خود متعلقہ شخص، تعلیمی پلیٹ فارم میں" in page_of(cast, event).content.decode()


def test_another_clients_receipt_is_not_there(cast, event):
    assert page_of(cast, event, "farah").status_code == 404


# From the person's page, and from its code to the choices


def own_url(event):
    return f"/choices/receipt/{event.pk}/"


def test_the_person_prints_their_own_receipt(cast, event):
    browser = by_link(cast, "khyber", "lms-kiran")
    assert own_url(event) in browser.get("/choices/?lang=en").content.decode()
    page = browser.get(own_url(event), {"lang": "en"})
    assert (page.status_code, "Yes, given" in page.content.decode()) == (200, True)
    assert 'href="?lang=ur"' in page.content.decode()


def test_no_one_can_print_the_receipt_of_another_person(cast, event):
    assert visitor().get(own_url(event)).status_code == 403
    assert by_link(cast, "indus", "lms-hamza").get(own_url(event)).status_code == 404


def code_url(event, client="khyber"):
    return f"/choices/{client}/receipt/{make_receipt_code(event.pk, receipt_key())}/"


def test_a_receipts_code_leads_to_the_choices_by_a_code_to_the_known_address(cast, event, mailoutbox):
    browser = visitor()
    looked = browser.get(code_url(event), {"lang": "en"})
    assert (looked.status_code, mailoutbox) == (200, [])
    assert send(browser, code_url(event)).status_code == 302
    work()
    assert len(mailoutbox) == 1
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    assert "Take back" in browser.get("/choices/?lang=en").content.decode()


@pytest.mark.parametrize("code", ["A" * 32, "none", "%00", "ü" * 32])
def test_a_made_up_code_leads_nowhere(cast, code):
    assert visitor().get(f"/choices/khyber/receipt/{code}/").status_code == 404


def test_a_code_leads_nowhere_at_another_school(cast, event):
    assert visitor().get(code_url(event, "indus")).status_code == 404
    assert visitor().post(code_url(event)).status_code == 403  # only with the form's CSRF token


def test_a_receipt_says_where_each_right_is_exercised(cast, event):
    printed = page_of(cast, event, **{"in": "en"}).content.decode()
    [address] = re.findall(r'href="https?://[^/]+(/privacy/khyber/#rights)"', printed)
    policy = Client().get("/privacy/khyber/", {"lang": "en"}).content.decode()
    assert 'id="rights"' in policy
    assert "delete or restrict" in policy
    assert "contact that Khyber" in printed
    assert "your school has on file" not in printed
    assert address.endswith("#rights")
