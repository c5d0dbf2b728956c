"""People whom no institution knows, from first contact to the certificate: visitors, writers of emails, former staff.

People act on the public pages, officers in the console, the worker in its tasks.
"""

import json
import re
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from children.invitations.models import Invitation
from consent.agreements.models import ClientContact
from consent.agreements.selectors import list_contacts
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    carry_out_by_hand,
    complete_order,
    hand_over,
)
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import replay_erasures
from paktaleem.directory.people.tasks import forget_in_statistics
from paktaleem.directory.staff.former_staff import find_need
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.staff_services import Colleague, end_membership, invite_colleague
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.tasks import continue_all_erasures
from rights.requests.models import RequestPart, RightsRequest
from tests.access_links.visiting import latest_code, send, token_of, visitor
from tests.accounts.officers import second_officer_user
from tests.cast import STAFF as STAFF_OF_CAST
from tests.children.test_invitations import invite_by_api
from tests.console.pages import row_url
from tests.database import template_ready
from tests.keeping import default_period, dispose
from tests.restoring import RestoredDatabase
from tests.rights.cases import AT
from tests.rights.mails import US, made, taken
from tests.rights.packing import data_in, unpacked
from tests.rights.test_every_kind import ERASURE, MODEL, PERSON, TASKS, WAIT
from tests.signing_in import browser_of
from tests.subjects.test_erasure import dump, make_statistics
from tests.traces import forms
from tests.working import work as work_on

DECIDERS = {"paktaleem": "amina", "khyber": "celia", "indus": "farah"}
CONTACT, NAME = "quirina.zabaglione@visitor.example", "Quirina Zabaglione"


def work():
    work_on(TASKS)


class Office:
    """PakTaleem's officers at work, the visitor's browser, and the clock; of one client, with its administrator."""

    def __init__(self, cast, clock, client="paktaleem"):
        self.cast, self.clock, self.origin, self.client = cast, clock, 0, client
        self.client_id = cast.client_id(client)
        self.form = "/requests/" if client == "paktaleem" else f"/requests/{client}/"
        self.gul: Any = None
        self.move(timedelta())

    def move(self, by):
        self.clock.move_to((timezone.now() if self.gul else AT) + by)
        self.amina = browser_of(self.cast.user("amina"))
        self.gul = browser_of(second_officer_user())
        self.decider = browser_of(self.cast.user(DECIDERS[self.client]))

    def visitor(self):
        self.origin += 1
        return visitor(REMOTE_ADDR=f"198.51.100.{self.origin}")

    def request(self):
        with in_client(self.client_id):
            return RightsRequest.objects.latest("received_at", "pk")

    def person(self):
        with in_client(self.client_id):
            return self.request().subject

    def act(self, slug, browser=None, **values):
        return (browser or self.amina).post(row_url(MODEL, self.request().pk, slug), values)

    def write(self, kind, contact=CONTACT, *, is_known=False):
        browser = self.visitor()
        values = {"csrfmiddlewaretoken": token_of(browser.get(self.form)), "kinds": [kind]}
        page = browser.post(self.form, {**values, "contact": contact, "details": "I once wrote to you."})
        assert page.status_code == 200
        work()
        assert (self.request().subject_id is not None) is is_known

    def ask(self, browser, kind):
        self.move(timedelta(minutes=1))
        assert send(browser, "/requests/mine/new/", form_at="/requests/mine/", kinds=kind).status_code == 302

    def register(self, **given):
        assert self.act("register-sender", **given).status_code == 302
        work()
        self.move(WAIT)

    def confirm(self, contact=CONTACT):
        sent = [re.search(r"/requests/link/\S+", str(one.body)) for one in mail.outbox if one.to == [contact]]
        link, browser = next(found[0] for found in reversed(sent) if found), self.visitor()
        assert send(browser, link).status_code == 302
        work()
        assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
        key = str(self.request().pk)
        answer = send(browser, "/requests/mine/answer/", form_at="/requests/mine/", request=key, answer="confirm")
        assert answer.status_code == 302
        assert self.request().identity_method == "code"
        return browser

    def decide(self):
        with in_client(self.client_id):
            undecided = list(RequestPart.objects.filter(request=self.request(), decision=""))
        for part in undecided:
            browser = {"paktaleem": self.amina, "client": self.decider}[part.decider]
            page = self.act("decide", browser, part=str(part.pk), decision="granted")
            assert page.status_code == 302, page.content.decode()
        work()

    def answer_orders(self):
        """Answer the orders to the systems, which know none of these people."""
        with in_client(self.client_id):
            for order in Order.objects.open().filter(client_id=self.client_id).select_related("system"):
                none, at = Answer(Outcome.NOT_APPLICABLE, reason="holds_none"), timezone.now()
                if order.system.delivery == "by_hand":
                    carry_out_by_hand(order, none, actor=self.cast.actor("amina"), at=at)
                    continue
                key = self.cast.key_actor(self.client)
                hand_over([order], system=order.system, client_id=self.client_id, actor=key, at=at)
                complete_order(accept_order(order, actor=key, at=at), none, actor=key, at=at)
        work()

    def close(self):
        if self.request().answered_at is None:
            assert self.act("answer", text="It is done.").status_code == 302
            work()
        assert self.act("close").status_code == 302
        assert self.request().state == "closed"

    def fetch(self, browser):
        url = f"/requests/copy/{self.request().pk}/"
        if send(browser, url).status_code == 302:
            work()
            assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
        return unpacked(b"".join(send(browser, url).streaming_content))

    def erase(self):
        with in_client(self.client_id):
            proposal = ErasureProposal.objects.get(stage="proposed")
        url = row_url(ERASURE, proposal.pk, "approve")
        proposer = self.decider if proposal.requested_role == "client_admin" else self.amina
        assert proposer.post(url, {"reason": "review"}).status_code == 200, "a second person approves"
        assert self.gul.post(url, {"reason": "review"}).status_code == 302
        assert self.act("answer", text="It will be erased.").status_code == 302
        work()
        self.move(WAIT)
        continue_all_erasures(0)
        work()
        self.answer_orders()
        continue_all_erasures(0)
        with in_client(self.client_id):
            assert Certificate.objects.filter(proposal=proposal).exists()


@pytest.fixture
def office(cast, time_machine, settings, tmp_path):
    settings.MAILBOX_ADDRESS, settings.MAIL_FOLDER = US, str(tmp_path)
    return Office(cast, time_machine)


KINDS = ["access", "portability", "rectification", "restriction", "withdrawal", "complaint", "objection"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_of_a_visitor_ends_well(office, kind):
    office.write(kind)
    office.register(full_name=NAME)
    browser = office.confirm()
    if kind == "rectification":
        stated = {"field": "full_name", "old_value": NAME, "new_value": "Quirina Zabaione"}
        assert office.act("add-correction", **stated).status_code == 302
    if kind == "objection":
        with in_client(PAKTALEEM):
            part = RequestPart.objects.get(request=office.request())
        given = {"part": str(part.pk), "decision": "refused", "refusal_code": "outside_scope"}
        assert office.act("decide", **given, reasons="We use it for nothing but your request.").status_code == 302
    office.decide()
    office.answer_orders()
    if kind in {"access", "portability"}:
        assert office.act("answer", text="It is done.").status_code == 302
        data = data_in(office.fetch(browser))
        assert (CONTACT in json.dumps(data), NAME in json.dumps(data)) == (True, True)
    office.close()
    if kind == "rectification":
        url = row_url(PERSON, office.person().pk, "reveal")
        shown = office.amina.post(url, {"fields_wanted": ["full_name"], "reason": "review"})
        assert "Quirina Zabaione" in shown.content.decode()


@pytest.fixture
def kept(committed, time_machine, settings, tmp_path):
    """Provide the office in a database in which transactions commit, so that a dump sees everything."""
    settings.MAILBOX_ADDRESS, settings.MAIL_FOLDER = US, str(tmp_path)
    return Office(committed, time_machine)


def found_after_the_night(*values):
    """Return the values of which the dump has a form once the planner's statistics are new, as they are each night."""
    forget_in_statistics(0)
    return found_in_dump(*values)


def found_in_dump(*values):
    text = dump().lower()
    return [value for value in values if any(form.lower() in text for form in forms(value))]


def test_a_writer_of_emails_is_found_copied_and_erased_with_their_earlier_requests(kept):
    taken(made("I am Quirina, and lost my password.", sender=CONTACT))
    work()
    with in_client(PAKTALEEM):
        part = RequestPart.objects.get(request=kept.request())
    assert kept.act("decide", part=str(part.pk), decision="granted").status_code == 302
    assert kept.act("answer", text="We have no account of yours.", to_contact="on").status_code == 302
    kept.close()
    first = kept.request()
    kept.move(timedelta(minutes=1))
    kept.write("access")
    search = {"text": CONTACT.upper(), "reason": "subject_request", "client": str(PAKTALEEM)}
    page = kept.amina.post(reverse("admin:desk_requesttask_take_in"), search).content.decode()
    assert (first.number in page, kept.request().number in page) == (True, True)
    kept.register(full_name=NAME)
    page = kept.amina.post(reverse("admin:people_subject_find"), {**search, "text": NAME}).content.decode()
    assert str(kept.person().pk) in page
    browser = kept.confirm()
    kept.decide()
    kept.answer_orders()
    assert kept.act("answer", text="Here is your copy.").status_code == 302
    data = data_in(kept.fetch(browser))["sections"]
    words = json.dumps(data)
    assert "lost my password" in words
    assert "We have no account of yours." in words
    assert first.number in words
    kept.close()

    kept.ask(browser, "erasure")
    person = kept.person()
    kept.decide()
    kept.erase()
    kept.close()
    with in_client(PAKTALEEM):
        assert Subject.objects.get(pk=person.pk).erased_at is not None
    dispose("messages")
    dispose("access_links")
    assert found_after_the_night(CONTACT, NAME, "lost my password", "zabaglione") == []


def test_the_schedule_forgets_a_visitor_a_year_after_their_last_request(office):
    office.write("complaint")
    office.register(full_name=NAME)
    office.confirm()
    person = office.person()
    office.decide()
    office.close()
    office.move(default_period("leavers") - timedelta(days=1))
    dispose("leavers")
    with in_client(PAKTALEEM):
        assert Subject.objects.get(pk=person.pk).is_recorded, "a day early"
    office.move(timedelta(days=2))
    assert dispose("leavers") == 1
    office.answer_orders()
    with in_client(PAKTALEEM):
        assert Subject.objects.get(pk=person.pk).erased_at is not None
        assert not RightsRequest.objects.filter(subject_id=person.pk, contact_index__isnull=False).exists()


def test_only_officers_register_a_sender_and_only_at_paktaleem(office):
    office.write("access")
    for name in ("bilal", "sana", "farah"):
        page = browser_of(office.cast.user(name)).post(row_url(MODEL, office.request().pk, "register-sender"))
        assert page.status_code in {403, 404}, name
    assert office.person() is None
    at_indus = office.visitor()
    values = {"csrfmiddlewaretoken": token_of(at_indus.get("/requests/indus/")), "kinds": ["access"]}
    assert at_indus.post("/requests/indus/", {**values, "contact": CONTACT}).status_code == 200
    theirs = office.cast.get(RightsRequest)
    office.amina.post(row_url(MODEL, theirs.pk, "register-sender"))
    office.register()
    office.act("register-sender")
    with in_client(PAKTALEEM):
        assert Subject.objects.filter(role="contact").count() == 1, "the request has a person"
    with in_client(office.cast.client_id("indus")):
        theirs.refresh_from_db()
        assert theirs.subject_id is None
        assert not Subject.objects.filter(role="contact").exists(), "no client sees who belongs to no school"


STAFF, STAFF_NAME = "wolfgang.quist@former.example", "Wolfgang Quist"
"""An auditor of Khyber."""


def invited(office):
    khyber, given = office.cast.client_id("khyber"), Colleague(STAFF, STAFF_NAME)
    with in_client(khyber):
        by = {"role": "client_auditor", "actor": office.cast.actor("amina"), "reason": "onboarding"}
        return invite_colleague(given, client_id=khyber, at=timezone.now(), **by).user


def leave(office, user):
    with in_client(office.cast.client_id("khyber")):
        membership = Membership.objects.get(user=user)
        by = {"actor": office.cast.actor("amina"), "reason": "review", "at": timezone.now()}
        end_membership(membership, **by)


def test_a_member_of_staff_has_a_copy_and_is_erased_once_no_role_needs_the_account(kept):
    user = invited(kept)
    make_statistics("accounts_user")
    kept.write("access", STAFF)
    kept.register()
    browser = kept.confirm(STAFF)
    kept.decide()
    kept.answer_orders()
    assert kept.act("answer", text="Here is your copy.").status_code == 302
    data = data_in(kept.fetch(browser))["sections"]
    assert [row["email"] for row in data["staff_account"]] == [STAFF]
    assert [(row["institution"], row["role"]) for row in data["staff_roles"]] == [
        ("Khyber Institute", "client_auditor")
    ]
    kept.close()

    kept.ask(browser, "erasure")
    with in_client(PAKTALEEM):
        part = RequestPart.objects.get(request=kept.request())
    refused = kept.act("decide", part=str(part.pk), decision="granted")
    assert "They have a role" in refused.content.decode()
    leave(kept, user)
    kept.move(timedelta(hours=1))
    kept.decide()
    kept.erase()
    kept.close()
    with in_global():
        gone = User.objects.get(pk=user.pk)
    assert (str(gone), gone.full_name, gone.is_active) == ("Former staff", "", False)
    dispose("staff_accounts")
    dispose("messages")
    dispose("access_links")
    assert found_in_dump(STAFF) == [STAFF], "the planner's statistics have it until the night"
    assert found_after_the_night(STAFF, STAFF_NAME, "quist") == []


def test_the_schedule_erases_accounts_a_year_after_the_last_role(office):
    user = invited(office)
    office.move(default_period("staff_accounts"))
    assert dispose("staff_accounts") == 0, "the account has a role"
    leave(office, user)
    office.move(default_period("staff_accounts") - timedelta(days=1))
    assert dispose("staff_accounts") == 0, "a day early"
    office.move(timedelta(days=2))
    assert dispose("staff_accounts") == 1
    with in_global():
        assert User.objects.get(pk=user.pk).erased_at is not None
        assert User.objects.filter(erased_at=None).count() >= len(STAFF_OF_CAST), "accounts with a role stay"


# Contacts, signatories and invited guardians, whom no roster names, from first contact to the certificate.


CONTACT_OF_CLIENT, NAME_OF_CONTACT, CORRECTED = (
    "ottoline.quackenbush@contact.example",
    "Ottoline Quackenbush",
    "Ottoline Quackenbos",
)


@pytest.fixture
def office_of(committed, time_machine, settings, tmp_path):
    """Return a function that gives the office of a client in a database in which transactions commit."""
    settings.MAILBOX_ADDRESS, settings.MAIL_FOLDER = US, str(tmp_path)
    return lambda client: Office(committed, time_machine, client)


def copy_of(office, *, is_known=True):
    """Ask for a copy by the contact; return the browser and the sections of the copy."""
    office.move(WAIT)
    office.write("access", CONTACT_OF_CLIENT, is_known=is_known)
    if not is_known:
        office.register(full_name=NAME_OF_CONTACT)
    browser = office.confirm(CONTACT_OF_CLIENT)
    office.decide()
    office.answer_orders()
    assert office.act("answer", text="Here is your copy.").status_code == 302
    sections = data_in(office.fetch(browser))["sections"]
    assert (CONTACT_OF_CLIENT in json.dumps(sections), NAME_OF_CONTACT in json.dumps(sections)) == (True, True)
    office.close()
    return browser, sections


def correct(office, browser):
    office.ask(browser, "rectification")
    stated = {"field": "full_name", "old_value": NAME_OF_CONTACT, "new_value": CORRECTED}
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
    assert found_after_the_night(CONTACT_OF_CLIENT, NAME_OF_CONTACT, CORRECTED, "quackenb") == []


def test_a_contact_of_a_client_is_copied_corrected_and_erased(office_of):
    office = office_of("khyber")
    values = {"kind": "dpo", "full_name": NAME_OF_CONTACT, "email": CONTACT_OF_CLIENT, "reason": "onboarding"}
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
    guardian = {"full_name": NAME_OF_CONTACT, "email": CONTACT_OF_CLIENT, "relationship": "parent"}
    assert invite_by_api(office.cast, guardian=guardian).status_code == 201
    work()
    browser, sections = copy_of(office)
    assert [row["part"] for row in sections["invitations"]] == ["guardian"]
    correct(office, browser)
    erase(office, browser)
    with in_client(office.client_id):
        assert Invitation.objects.get().guardian.erased_at is not None


# Accounts of former staff that an older backup brings back are erased again, as the erasure list demands.
def get_account(user):
    with in_global():
        return User.objects.get(pk=user.pk)


def make_backup():
    return closing(RestoredDatabase(template_ready(), str(connections.databases["default"]["NAME"])))


def ask(restored_office):
    restored_office.write("erasure", STAFF)
    restored_office.register()
    restored_office.confirm(STAFF)


def erase_restored(restored_office):
    restored_office.decide()
    restored_office.erase()


def restore(backup, user):
    assert get_account(user).full_name == ""
    backup.restore()
    assert (get_account(user).email, get_account(user).full_name) == (STAFF, STAFF_NAME)
    reported: list[str] = []
    assert replay_erasures(at=timezone.now(), report=reported.append) == 2, "its start and its end are listed"
    return reported


@pytest.fixture
def restored_office(committed, time_machine):
    return Office(committed, time_machine)


def test_an_account_restored_with_its_owner_is_erased_by_the_replay(restored_office):
    user = invited(restored_office)
    leave(restored_office, user)
    ask(restored_office)
    with make_backup() as backup:
        erase_restored(restored_office)
        assert restore(backup, user)[-1] == "erased"
    assert get_account(user).erased_at is not None


def test_an_account_restored_from_before_its_owner_wrote_is_erased_by_the_replay(restored_office):
    user = invited(restored_office)
    leave(restored_office, user)
    with make_backup() as backup:
        ask(restored_office)
        erase_restored(restored_office)
        assert restore(backup, user)[0] == "never here", "the list names no account, only a mark"
    assert get_account(user).erased_at is not None
    dispose("messages")
    assert found_after_the_night(STAFF, STAFF_NAME) == []


def test_a_role_that_ended_before_its_owner_was_erased_gives_no_access_after_a_restore(restored_office):
    user, cast = invited(restored_office), restored_office.cast
    with make_backup() as backup:
        leave(restored_office, user)
        ask(restored_office)
        erase_restored(restored_office)
        restore(backup, user)
    account = get_account(user)
    assert (account.erased_at is not None, account.is_active) == (True, False)
    assert cast.get(Membership, "khyber", user=user).ends_at is None
    dispose("staff_accounts")
    ended_at = cast.get(Membership, "khyber", user=user).ends_at
    assert cast.has(Entry, "khyber", kind="membership.ended", recorded_at=ended_at), "evidence of the end"


def test_only_a_role_from_before_the_erasure_was_confirmed_counts_as_restored(restored_office):
    user, at = invited(restored_office), timezone.now()
    with in_client(PAKTALEEM):
        assert find_need(user.pk, at + WAIT, confirmed_at=at - WAIT), "given since"
        assert not find_need(user.pk, at + WAIT, confirmed_at=at + WAIT)
