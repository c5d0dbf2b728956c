"""Contacts, signatories and invited guardians, whom no roster names, from first contact to the certificate."""

import json

import pytest
from django.utils import timezone

from children.invitations.models import Invitation
from consent.agreements.models import ClientContact
from consent.agreements.selectors import list_contacts
from paktaleem.foundation.tenancy.context import in_client
from tests.children.test_invitations import invite_by_api
from tests.console.pages import row_url
from tests.keeping import dispose
from tests.rights.mails import US
from tests.rights.packing import data_in
from tests.rights.test_every_kind import PERSON, WAIT
from tests.rights.test_people_outside import Office, found_in_dump, work

CONTACT, NAME, CORRECTED = "ottoline.quackenbush@contact.example", "Ottoline Quackenbush", "Ottoline Quackenbos"


@pytest.fixture
def office_of(committed, time_machine, settings, tmp_path):
    """Return a function that gives the office of a client in a database in which transactions commit."""
    settings.MAILBOX_ADDRESS, settings.MAIL_FOLDER = US, str(tmp_path)
    return lambda client: Office(committed, time_machine, client)


def copy_of(office):
    """Ask for a copy by the contact; return the browser and the sections of the copy."""
    office.move(WAIT)
    office.write("access", CONTACT, is_known=True)
    browser = office.confirm(CONTACT)
    office.decide()
    office.answer_orders()
    assert office.act("answer", text="Here is your copy.").status_code == 302
    sections = data_in(office.fetch(browser))["sections"]
    assert (CONTACT in json.dumps(sections), NAME in json.dumps(sections)) == (True, True)
    office.close()
    return browser, sections


def correct(office, browser):
    office.ask(browser, "rectification")
    stated = {"field": "full_name", "old_value": NAME, "new_value": CORRECTED}
    assert office.act("add-correction", **stated).status_code == 302
    office.decide()
    office.answer_orders()
    office.close()
    url = row_url(PERSON, office.person().pk, "reveal")
    shown = office.decider.post(url, {"fields_wanted": ["full_name"], "reason": "review"})
    assert CORRECTED in shown.content.decode()


def erase(office, browser):
    office.ask(browser, "erasure")
    office.decide()
    office.erase()
    office.close()
    dispose("messages")
    dispose("access_links")
    assert found_in_dump(CONTACT, NAME, CORRECTED, "quackenb") == []


def test_a_contact_of_a_client_is_copied_corrected_and_erased(office_of):
    office = office_of("khyber")
    values = {"kind": "dpo", "full_name": NAME, "email": CONTACT, "reason": "onboarding"}
    assert office.decider.post("/admin/agreements/clientcontact/add/", values).status_code == 302
    browser, sections = copy_of(office)
    assert [row["kind"] for row in sections["client_contacts"]] == ["dpo"]
    correct(office, browser)
    with in_client(office.client_id):
        assert list_contacts(office.client_id, at=timezone.now()).count() == 1
    erase(office, browser)
    with in_client(office.client_id):
        assert not list_contacts(office.client_id, at=timezone.now()).exists()
        assert ClientContact.objects.get().kind == "dpo", "that somebody was the contact is kept"


def test_a_guardian_known_by_an_invitation_only_is_copied_corrected_and_erased(office_of):
    office = office_of("indus")
    guardian = {"full_name": NAME, "email": CONTACT, "relationship": "parent"}
    assert invite_by_api(office.cast, guardian=guardian).status_code == 201
    work()
    browser, sections = copy_of(office)
    assert [row["part"] for row in sections["invitations"]] == ["guardian"]
    correct(office, browser)
    erase(office, browser)
    with in_client(office.client_id):
        assert Invitation.objects.get().guardian.erased_at is not None
