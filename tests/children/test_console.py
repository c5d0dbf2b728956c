"""Inviting guardians in the console; nothing is sent before the counts are confirmed."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from children.guardians.models import Guardianship, Verification
from children.invitations.models import Invitation
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.children.browsers import work
from tests.children.guardians import record_answer, verified_guardian
from tests.console.pages import list_url, row_url
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.signing_in import browser_of

ADD = list_url("invitations/invitation") + "add/"


def asked(cast):
    with in_client(cast.client_id("indus")):
        return list(Invitation.objects.order_by("asked_at"))


def numbers(page):
    found = re.findall(r"<dd>(?:<strong>)?(\d+)", page.text)
    return [int(one) for one in found]


@pytest.mark.parametrize("ids", ["lms-danish\n lms-iqra \n", ""])
def test_the_numbers_are_shown_first_and_no_one_is_asked_before_confirmation(cast, ids):
    browser = browser_of(cast.user("farah"))
    page = browser.post(ADD, {"ids": ids, "beginning": ""})
    assert (numbers(page), asked(cast)) == ([2, 0, 0, 1, 1], [])
    wrong = browser.post(ADD, {"ids": ids, "beginning": "", "confirmed": "7"})
    assert (numbers(wrong), asked(cast)) == ([2, 0, 0, 1, 1], [])
    assert browser.post(ADD, {"ids": ids, "beginning": "", "confirmed": "1"}).status_code == 302
    work()
    [row] = asked(cast)
    assert (row.state, row.actor_id) == ("notice_sent", cast.user_id("farah"))
    assert (len(mail.outbox), numbers(browser.post(ADD, {"ids": ids, "beginning": ""}))) == (1, [2, 0, 1, 1, 0])


def test_the_form_names_the_children_about_whom_no_guardian_is_asked_by_their_reason(cast):
    browser = browser_of(cast.user("farah"))
    browser.post(ADD, {"ids": "lms-danish", "beginning": "", "confirmed": "1"})
    work()
    page = browser.post(ADD, {"ids": "lms-danish\nlms-iqra", "beginning": ""}).text
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
    page = answer.text
    assert re.findall(r"<li>([^<]+: lms-[^<]+)</li>", page) == [
        "No one at this client has this id (2): lms-kiran, lms-nobody",
        "Have left (1): lms-left",
        "Neither a student nor a learner (1): lms-junaid",
        "Of age: they decide for themselves (1): lms-grown",
    ]
    assert "Left out of those chosen by id:" in page
    both = browser.post(ADD, {"ids": "lms-danish\nlms-iqra", "beginning": "", "grade": "4"})
    assert (numbers(both)[0], numbers(both)[-1]) == (1, 1)
    assert "Not in the chosen schools, classes, grades or role (1): lms-iqra" in both.text
    assert "Left out" not in browser.post(ADD, {"ids": "", "beginning": ""}).text


def test_an_officer_says_first_whose_children_are_meant(cast):
    browser = browser_of(cast.user("amina"))
    assert b"Choose a client" in browser.get(ADD).content
    assert b"errorlist" in browser.post(ADD, {"ids": "", "beginning": ""}).content
    chosen = {"client": str(cast.client_id("indus")), "ids": "lms-danish", "beginning": ""}
    assert numbers(browser.post(ADD, chosen))[-1] == 1
    assert (browser.post(ADD, {**chosen, "confirmed": "1"}).status_code, len(asked(cast))) == (302, 1)


def test_the_page_of_a_child_invites_its_guardians_or_says_why_none_can_be_invited(cast):
    browser = browser_of(cast.user("farah"))
    url = row_url("people/subject", cast.subject_id("danish"), "ask-guardians")
    assert (browser.post(url, {"reason": "client_instruction"}).status_code, len(asked(cast))) == (302, 1)
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
    page = browser.get(row_url("invitations/invitation", row.pk)).text
    assert "Guardian invitation" in page
    assert "esra.qureshi" not in page
    assert "Guardian invited" in browser.get(row_url("invitations/invitation", row.pk, "history")).text
    listed = browser.get(list_url("invitations/invitation")).text
    assert "Message sent" in listed


def test_ending_a_guardian_shows_the_effect_takes_a_reason_and_ends_it(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "given", at=now)
    farah, url = browser_of(cast.user("farah")), row_url("guardians/guardianship", row.pk, "end")
    shown = farah.get(url).text
    assert "Now: A guardian has consented. Afterwards: No guardian has answered." in shown
    assert "Guardians whose consent counts afterwards: 0." in shown
    assert farah.post(url, {"reason": ""}).status_code == 200
    assert farah.post(url, {"reason": "correction"}).status_code == 302
    with in_client(cast.client_id("indus")):
        row.refresh_from_db()
    assert row.ends_at is not None


def test_an_answer_from_before_the_notice_is_refused_in_words(cast, now):
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=now)
    given = {"decision": "given", "shares": "", "route": "paper", "evidence": "Form 33 in folder 12"}
    url = row_url("guardians/guardianship", row.pk, "answer")
    page = browser_of(cast.user("farah")).post(url, {**given, "claimed_at_0": "1990-01-01", "claimed_at_1": "10:00"})
    assert "The consent is dated before the first notice" in page.text


MINUTE = timedelta(minutes=1)
AUTHORITY: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": False}
FORM = {"relationship": "parent", "may_consent": "on", "reason": "client_instruction", "method": "", "evidence": ""}
SEEN = {"method": "in_person", "evidence": "Seen at the office on Monday"}


@pytest.fixture
def danish(cast):
    with in_client(cast.client_id("indus")):
        return cast.subject("danish")


def address(child):
    return f"/admin/people/subject/{child.pk}/name-guardian/"


def shown(answer):
    assert answer.status_code == 200
    return answer.text


def test_a_registered_person_is_named_and_verified_in_one_act_and_ended_again(cast, danish):
    farah = browser_of(cast.user("farah"))
    page = shown(farah.get(address(danish)))
    assert "guardians whose consent counts: 0" in page
    answer = farah.post(address(danish), {**FORM, **SEEN, "guardian": "esra qureshi"})
    with in_client(danish.client_id):
        row = Guardianship.objects.get(child=danish)
        proof = Verification.objects.get(guardianship=row)
        assert (row.guardian.external_id, proof.method) == ("lms-esra", "in_person")
    assert answer["Location"] == f"/admin/guardians/guardianship/{row.pk}/change/"
    page = shown(farah.get(answer["Location"]))
    assert "Named and verified. To undo it, use “End guardian” on this page." in page
    assert "guardians whose consent counts: 1" in shown(farah.get(address(danish)))
    farah.post(f"/admin/guardians/guardianship/{row.pk}/end/", {"reason": "correction"})
    assert "guardians whose consent counts: 0" in shown(farah.get(address(danish)))


def test_a_new_person_is_registered_named_and_verified_by_the_signed_form(cast, danish):
    form = SimpleUploadedFile("form.pdf", b"%PDF-1.7 signed by Hina", "application/pdf")
    given = {**FORM, "new_id": "g-77", "full_name": "Hina Malik", "email": "hina@mail.example", "method": "signed_form"}
    assert browser_of(cast.user("farah")).post(address(danish), {**given, "file": form}).status_code == 302
    with in_client(danish.client_id):
        row = Guardianship.objects.get(child=danish)
        assert (row.guardian.external_id, row.guardian.roles) == ("g-77", ("guardian",))
        assert Verification.objects.get(guardianship=row).file is not None
        kinds = set(Entry.objects.filter(subject_id=danish.pk).values_list("kind", flat=True))
    assert {"guardian.named", "guardian.verified"} <= kinds


def test_refused_evidence_leaves_no_new_person_and_no_guardian(cast, danish):
    given = {**FORM, "new_id": "g-77", "full_name": "Hina Malik", **SEEN, "evidence": "CNIC 35202-1234567-1"}
    page = shown(browser_of(cast.user("farah")).post(address(danish), given))
    assert "Do not enter numbers of identity cards" in page
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()
        assert not Subject.objects.filter(external_id="g-77").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Enter a registered person here, or a new person below: one of them."),
        ({"guardian": "x", "new_id": "g-1", "full_name": "H"}, "or a new person below: one of them."),
        ({"guardian": "Nobody Known"}, "No person is registered with this text."),
        ({"guardian": "Omar"}, "Several people match: "),
        ({"guardian": "lms-danish"}, "A person cannot be their own guardian"),
        ({"new_id": "g-1"}, "Enter the full name of the new person."),
        ({"new_id": "lms-omar", "full_name": "Omar"}, "is registered already: enter the id above instead."),
        ({"guardian": "lms-omar", "evidence": "Seen"}, "Choose how you saw the evidence."),
        ({"guardian": "lms-omar", "method": "in_person"}, "State where the evidence is kept, or who saw"),
        ({"guardian": "lms-omar", **SEEN, "may_consent": None}, "They may not decide for this child"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_to_do(cast, danish, now, given, words):
    with in_client(danish.client_id):
        for name in ("omar", "other"):
            person = {"role": "guardian", "full_name": "Omar", "at": now - MINUTE}
            SubjectFactory(client=cast.client("indus"), external_id=f"lms-{name}", **person)
    values = {name: value for name, value in {**FORM, **given}.items() if value is not None}
    assert words in shown(browser_of(cast.user("farah")).post(address(danish), values))
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()


@pytest.mark.parametrize(("text", "found"), [("Nobody Known", 0), ("Esra Qureshi", 1)])
def test_the_search_for_a_guardian_is_recorded_also_if_no_one_is_named(cast, danish, text, found):
    given = {**FORM, "guardian": text, "method": "in_person", "evidence": ""}
    shown(browser_of(cast.user("farah")).post(address(danish), {**given, "relationship": "parent", "may_consent": ""}))
    with in_client(danish.client_id):
        assert not Guardianship.objects.filter(child=danish).exists()
        [entry] = Entry.objects.filter(kind="people.searched")
        assert json.loads(entry.body)["facts"]["found"] == found
