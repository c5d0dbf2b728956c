"""The public form tells nothing, and the person's own page confirms, denies and makes requests."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.models import RESERVED_CODES
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.channels import views
from rights.channels.urls import requests_urls
from rights.requests.models import RightsRequest
from rights.requests.services.intake import MATCH_SENDER
from rights.requests.tasks import match_sender_of_request
from tests.access_links import visiting
from tests.access_links.visiting import issue, latest_code, path_of, send, token_of, visitor
from tests.rights.cases import AT, decided, received
from tests.working import work as work_on

HAMZA = "hamza.lodhi@students.example"


def work():
    work_on({**visiting.TASKS, MATCH_SENDER: match_sender_of_request})


def asked(contact, *kinds, code="indus", browser=None, **given):
    browser = browser or visitor()
    url = f"/requests/{code}/" if code else "/requests/"
    values = {"csrfmiddlewaretoken": token_of(browser.get(url)), "kinds": list(kinds or ["access"]), "contact": contact}
    return browser.post(url, {**values, "details": "Everything about Hamza Lodhi", **given})


def link_in(letter):
    return re.search(r"/requests/link/\S+", str(letter.body))[0]  # type: ignore[index]


def requests_of(cast, code="indus"):
    with in_client(cast.client_id(code)):
        return list(RightsRequest.objects.filter(client_id=cast.client_id(code)).order_by("pk"))


def work_and_bytes(contact, number):
    browser = visitor(REMOTE_ADDR=f"203.0.113.{number}")
    with CaptureQueriesContext(connection) as queries:
        answer = asked(contact, browser=browser)
    shapes = [re.sub(r"'[^']*'|\\\\x[0-9a-f]+|\d+", "?", one["sql"]) for one in queries.captured_queries]
    headers = {key: value for key, value in answer.headers.items() if key != "X-Request-ID"}
    policy = re.sub(r"nonce-[^']+", "", headers.pop("Content-Security-Policy", ""))
    return answer.status_code, headers, policy, answer.content, shapes


def test_known_unknown_child_erased_and_foreign_people_take_the_same_work_and_give_the_same_bytes(cast):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("junaid"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    asked("somebody@mail.example")  # the first request of a process compiles the register, and keeps it
    known = [HAMZA, "junaid.mirza@school.example", "kiran.tareen@mail.example", "esra.qureshi@mail.example"]
    contacts = [*known, "nobody@mail.example"]
    first, *others = [work_and_bytes(contact, number) for number, contact in enumerate(contacts)]
    assert first[0] == 200
    assert b"Hamza" not in first[3]
    for other in others:
        assert other == first


def test_without_a_client_the_request_is_paktaleems(cast):
    assert asked("someone@mail.example", code="").status_code == 200
    [row] = requests_of(cast, "paktaleem")
    assert (row.state, row.channel, row.subject_id) == ("triage", "form", None)
    assert requests_of(cast) == []


def test_the_form_does_not_show_how_often_a_contact_was_used_and_more_than_three_wait_for_an_officer(cast):
    asked("somebody@mail.example")
    first, *others = [work_and_bytes(HAMZA, number) for number in range(5)]
    assert first[0] == 200
    for other in others:
        assert other == first
    work()
    # The jobs run side by side: which three of the five are his is not fixed.
    assert Counter(row.subject_id for row in requests_of(cast)) == {cast.subject_id("hamza"): 3, None: 3}
    assert len(mail.outbox) == 3
    assert asked(HAMZA, code="").status_code == 200


def test_many_requests_from_one_ip_address_are_refused_whatever_the_contact(cast):
    answers = [asked(f"one{one}@mail.example", browser=visitor(REMOTE_ADDR="192.0.2.9")) for one in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]


@pytest.mark.parametrize(
    "given", [{"contact": "not a contact"}, {"contact": ""}, {"details": "x" * 4001}, {"details": "a\x00b"}]
)
def test_wrong_input_is_shown_beside_its_field_and_nothing_is_recorded(cast, given):
    details = {"contact": HAMZA, **given}
    assert asked(**details).status_code == 422
    assert requests_of(cast) == []
    assert visitor().post("/requests/indus/", {"kinds": ["access"]}).status_code == 403
    assert visitor().get("/requests/nobody_here/").status_code == 404


def test_the_person_learns_of_every_request_in_their_name_and_confirms_it_with_a_code(cast):
    asked(HAMZA)
    work()
    [letter] = mail.outbox
    assert letter.to == [HAMZA]
    assert "Everything about" not in letter.body
    [row] = requests_of(cast)
    assert (row.state, row.subject_id) == ("identity_pending", cast.subject_id("hamza"))
    browser, link = visitor(), link_in(letter)
    assert send(browser, link).status_code == 302
    work()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    assert row.number in browser.get("/requests/mine/").content.decode()
    answered = send(browser, "/requests/mine/answer/", form_at="/requests/mine/", request=str(row.pk), answer="confirm")
    assert answered.status_code == 302
    [row] = requests_of(cast)
    assert (row.state, row.identity_method) == ("with_client", "code")


def test_a_request_with_an_unknown_contact_waits_for_an_officer_and_sends_no_email(cast):
    asked("nobody@mail.example")
    work()
    assert mail.outbox == []
    assert requests_of(cast)[0].state == "triage"


def test_an_email_names_the_due_day_as_the_page_does_in_the_clients_time_zone(cast):
    received(cast, at=datetime(2026, 10, 1, 20, tzinfo=UTC))
    work()
    assert "You have an answer by 2026-11-01." in mail.outbox[-1].body
    assert "answer expected by 2026-11-01." in strip_tags(own_page(cast).get("/requests/mine/").content.decode())


def own_page(cast, subject="lms-hamza"):
    browser = visitor()
    assert send(browser, path_of(issue(cast, "indus", subject, page="requests").json()["url"])).status_code == 302
    return browser


def test_the_platform_leads_a_signed_in_person_to_their_own_page(cast):
    browser = own_page(cast)
    made = send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds="erasure", details="Please")
    assert made.status_code == 302
    [row] = requests_of(cast)
    assert (row.channel, row.identity_method, row.state) == ("own_page", "lms", "with_client")
    assert send(browser, "/requests/mine/new/", form_at="/requests/mine/").status_code == 422


def test_a_person_cannot_answer_the_request_of_another_person(cast):
    asked(HAMZA)
    work()
    [row] = requests_of(cast)
    other = own_page(cast, "lms-junaid")
    for key in (str(row.pk), "not-an-id", ""):
        answer = send(other, "/requests/mine/answer/", form_at="/requests/mine/", request=key, answer="deny")
        assert answer.status_code == 404
    assert row.number not in other.get("/requests/mine/").content.decode()
    own = own_page(cast)
    wrong = send(own, "/requests/mine/answer/", form_at="/requests/mine/", request=str(row.pk), answer="perhaps")
    assert wrong.status_code == 400
    denied = send(own, "/requests/mine/answer/", form_at="/requests/mine/", request=str(row.pk), answer="deny")
    assert (denied.status_code, requests_of(cast)[0].state) == (302, "withdrawn")


def test_a_verified_request_is_ended_by_the_person_until_it_is_answered(cast):
    row = received(cast, "rectification")
    browser, ended = own_page(cast), {"request": str(row.pk), "answer": "deny"}
    assert "End this request" in browser.get("/requests/mine/").content.decode()
    send(browser, "/requests/mine/answer/", form_at="/requests/mine/", **ended)
    assert requests_of(cast)[0].state == "withdrawn"
    assert "End this request" not in browser.get("/requests/mine/").content.decode()


def test_a_granted_erasure_is_cancelled_and_its_request_does_not_end(cast):
    row = decided(cast, received(cast, "erasure"))
    browser, ended = own_page(cast), {"request": str(row.pk), "answer": "deny"}
    assert "End this request" not in browser.get("/requests/mine/").content.decode()
    send(browser, "/requests/mine/answer/", form_at="/requests/mine/", **ended)
    assert requests_of(cast)[0].state == row.state


def test_the_job_that_looks_for_the_sender_leaves_a_request_alone_that_has_ended(cast):
    asked(HAMZA)
    with in_client(cast.client_id("indus")):
        RightsRequest.objects.update(state="withdrawn", closed_at=AT)
    work()
    assert (mail.outbox, requests_of(cast)[0].subject_id) == ([], None)


def test_no_client_may_have_a_code_that_leads_to_another_page_than_its_form():
    routes = [str(one.pattern) for one in requests_urls]
    beside_the_form = {route.removesuffix("/") for route in routes if route.count("/") == 1 and "<" not in route}
    assert "mine" in beside_the_form
    assert beside_the_form <= set(RESERVED_CODES)


def test_a_person_sees_the_latest_requests_and_that_there_are_others(cast, monkeypatch):
    monkeypatch.setattr(views, "_SHOWN", 1)
    words, browser = "Only the latest 1 are shown. Ask for a copy of your data to see all.", own_page(cast)
    for number, (kind, is_said) in enumerate((("access", False), ("rectification", True))):
        received(cast, kind, at=AT + timedelta(minutes=number))
        assert (words in browser.get("/requests/mine/").content.decode()) == is_said
