"""Inviting guardians in the console; nothing is sent before the counts are confirmed."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from children.invitations.models import Invitation
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from tests.children.browsers import work
from tests.console.pages import list_url, row_url
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.signing_in import browser_of

ADD = list_url("invitations/invitation") + "add/"


def asked(cast):
    with in_client(cast.client_id("indus")):
        return list(Invitation.objects.order_by("asked_at"))


def numbers(page):
    found = re.findall(r"<dd>(?:<strong>)?(\d+)", page.content.decode())
    return [int(one) for one in found]


@pytest.mark.parametrize("ids", ["lms-danish\n lms-iqra \n", ""])
def test_the_numbers_are_shown_first_and_no_one_is_asked_before_confirmation(cast, ids):
    browser = browser_of(cast.user("farah"))
    page = browser.post(ADD, {"ids": ids, "beginning": ""})
    assert numbers(page) == [2, 0, 0, 1, 1]
    assert asked(cast) == []
    wrong = browser.post(ADD, {"ids": ids, "beginning": "", "confirmed": "7"})
    assert numbers(wrong) == [2, 0, 0, 1, 1]
    assert asked(cast) == []
    assert browser.post(ADD, {"ids": ids, "beginning": "", "confirmed": "1"}).status_code == 302
    work()
    [row] = asked(cast)
    assert (row.state, row.actor_id) == ("notice_sent", cast.user_id("farah"))
    assert len(mail.outbox) == 1
    assert numbers(browser.post(ADD, {"ids": ids, "beginning": ""})) == [2, 0, 1, 1, 0]


def test_the_form_names_the_children_about_whom_no_guardian_is_asked_by_their_reason(cast):
    browser = browser_of(cast.user("farah"))
    browser.post(ADD, {"ids": "lms-danish", "beginning": "", "confirmed": "1"})
    work()
    page = browser.post(ADD, {"ids": "lms-danish\nlms-iqra", "beginning": ""}).content.decode()
    lines = re.findall(r"<dt>(.*?)</dt>\s*<dd>(?:<strong>)?(\d+)", page)
    assert lines == [
        ("Children selected", "2"),
        ("A guardian has answered", "0"),
        ("An invitation is pending", "1"),
        ("No guardian on record", "1"),
        ("To be asked about now", "0"),
    ]
    assert "There is no guardian to ask." in page
    assert 'name="confirmed"' not in page


def test_the_form_names_those_chosen_by_id_about_whom_no_one_is_asked_and_why(cast):
    with in_client(cast.client_id("indus")):
        by = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
        SubjectFactory(client=cast.client("indus"), external_id="lms-left", birth_date=BORN["child"])
        register_subject("lms-left", details={"is_enabled": False}, **by)
        SubjectFactory(client=cast.client("indus"), external_id="lms-grown", birth_date=BORN["adult"])
        register_subject("lms-danish", details={"grade": "4"}, **by)
    browser = browser_of(cast.user("farah"))
    ids = "lms-danish\nlms-grown\nlms-junaid\nlms-left\nlms-nobody\nlms-kiran"
    answer = browser.post(ADD, {"ids": ids, "beginning": ""})
    assert (numbers(answer)[0], numbers(answer)[-1]) == (1, 1)
    page = answer.content.decode()
    assert re.findall(r"<li>([^<]+: lms-[^<]+)</li>", page) == [
        "No one at this client has this id (2): lms-kiran, lms-nobody",
        "Have left (1): lms-left",
        "Neither a student nor a learner (1): lms-junaid",
        "Of age: they decide for themselves (1): lms-grown",
    ]
    assert "Left out of those chosen by id:" in page
    both = browser.post(ADD, {"ids": "lms-danish\nlms-iqra", "beginning": "", "grade": "4"})
    assert (numbers(both)[0], numbers(both)[-1]) == (1, 1)
    assert "Not in the chosen schools, classes, grades or role (1): lms-iqra" in both.content.decode()
    assert "Left out" not in browser.post(ADD, {"ids": "", "beginning": ""}).content.decode()


def test_an_officer_says_first_whose_children_are_meant(cast):
    browser = browser_of(cast.user("amina"))
    assert b"Choose a client" in browser.get(ADD).content
    assert b"errorlist" in browser.post(ADD, {"ids": "", "beginning": ""}).content
    chosen = {"client": str(cast.client_id("indus")), "ids": "lms-danish", "beginning": ""}
    assert numbers(browser.post(ADD, chosen))[-1] == 1
    assert browser.post(ADD, {**chosen, "confirmed": "1"}).status_code == 302
    assert len(asked(cast)) == 1


def test_another_clients_children_are_not_there(cast):
    page = browser_of(cast.user("celia")).post(ADD, {"ids": "lms-danish", "beginning": ""})
    assert numbers(page) == [0, 0, 0, 0, 0]


def test_the_page_of_a_child_invites_its_guardians_or_says_why_none_can_be_invited(cast):
    browser = browser_of(cast.user("farah"))
    url = row_url("people/subject", cast.subject_id("danish"), "ask-guardians")
    assert browser.post(url, {"reason": "client_instruction"}).status_code == 302
    assert len(asked(cast)) == 1
    again = browser.post(url, {"reason": "client_instruction"})
    assert b"No guardian on record is left to ask" in again.content
    with in_client(cast.client_id("indus")):
        lone = SubjectFactory(client=cast.client("indus"), external_id="lms-lone", birth_date=BORN["child"])
    alone = browser.post(row_url("people/subject", lone.pk, "ask-guardians"), {"reason": "client_instruction"})
    assert b"No guardian on record is left to ask" in alone.content


def test_the_row_shows_the_emails_and_the_steps(cast):
    browser = browser_of(cast.user("farah"))
    browser.post(ADD, {"ids": "lms-danish", "beginning": "", "confirmed": "1"})
    work()
    [row] = asked(cast)
    page = browser.get(row_url("invitations/invitation", row.pk)).content.decode()
    assert "Guardian invitation" in page
    assert "esra.qureshi" not in page
    assert "Guardian invited" in browser.get(row_url("invitations/invitation", row.pk, "history")).content.decode()
    listed = browser.get(list_url("invitations/invitation")).content.decode()
    assert "Message sent" in listed
