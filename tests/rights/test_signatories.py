"""Signatories of an agreement, and requesters whom no one registers, from first contact to the certificate."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.agreements.models import AgreementSigning
from consent.agreements.services import end_agreement, sign_agreement
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_client, in_global
from rights.requests.models import RequestPart
from tests.agreements.test_life import add_instruction, agreement_of, draft_of
from tests.factories import make_staff
from tests.keeping import default_period, dispose
from tests.rights.test_people_outside import (
    CONTACT_OF_CLIENT as CONTACT,
    CORRECTED,
    NAME_OF_CONTACT as NAME,
    Office,
    copy_of,
    correct,
    found_after_the_night,
    leave,
    work,
)


@pytest.fixture
def signatory(committed, time_machine):
    """Provide PakTaleem's office, and an administrator of Khyber who signed its agreement, with a copy and corrected.

    Khyber's first agreement ends, and a new one is signed by both sides.
    """
    cast, khyber = committed, committed.client_id("khyber")
    user = make_staff(CONTACT, ("client_admin", khyber), full_name=NAME)
    office = Office(committed, time_machine)
    admin = user_actor(user.pk, "client_admin", khyber)
    with in_client(khyber):
        by, at = {"actor": cast.actor("amina"), "reason": "agreement_change"}, timezone.now()
        end_agreement(agreement_of(cast), **by, at=at)
        draft = draft_of(cast, at, "khyber")
        add_instruction(cast, draft)
        sign_agreement(draft, ground="A new contract.", actor=admin, at=at)
        sign_agreement(draft, actor=cast.actor("amina"), at=at)
    browser, sections = copy_of(office, is_known=False)
    assert [(row["institution"], row["reference"]) for row in sections["signatures"]] == [("Khyber Institute", "NEW-1")]
    correct(office, browser)
    with in_global():
        assert User.objects.get(pk=user.pk).full_name == CORRECTED, "the account has the name too"
    return office, user, draft


def decide(office, decision, **reasons):
    part = office.cast.get(RequestPart, "paktaleem", request=office.request())
    return office.act("decide", part=str(part.pk), decision=decision, **reasons)


def leave_and_end(office, user, draft):
    """End the role and, 30 days later, the agreement; return the end of the time for which the signature is kept."""
    leave(office, user)
    office.move(timedelta(days=30))
    with in_client(draft.client_id):
        end_agreement(draft, actor=office.cast.actor("amina"), reason="agreement_change", at=timezone.now())
    return timezone.now() + default_period("agreement_documents")


def test_a_signatory_is_erased_ten_years_after_the_agreement(signatory):
    office, user, draft = signatory
    office.write("erasure", CONTACT, is_known=True)
    office.confirm(CONTACT)
    assert "They have a role" in decide(office, "granted").content.decode()
    ends_at = leave_and_end(office, user, draft)
    assert "Companies Act 2017, section 220" in decide(office, "granted").content.decode()
    reasons = {"refusal_code": "legal_obligation", "reasons": "Books of account are kept for ten years."}
    assert decide(office, "refused", **reasons).status_code == 302
    office.close()
    office.move(ends_at - timezone.now())
    office.write("erasure", CONTACT, is_known=True)
    office.confirm(CONTACT)
    office.decide()
    office.erase()
    office.close()
    for code in ("messages", "access_links", "staff_accounts"):
        dispose(code)
    assert found_after_the_night(CONTACT, NAME, CORRECTED, "quackenb") == []


def test_the_schedule_forgets_a_signatory_ten_years_after_the_agreement(signatory):
    office, user, draft = signatory
    person, ends_at = office.person(), leave_and_end(office, user, draft)
    for days, kept in ((-1, True), (0, False)):
        office.move(ends_at + timedelta(days=days) - timezone.now())
        dispose("leavers")
        office.answer_orders()
        dispose("staff_accounts")
        assert office.cast.get(Subject, "paktaleem", pk=person.pk).is_recorded is kept
        with in_global():
            assert (User.objects.get(pk=user.pk).full_name == CORRECTED) is kept
    for code in ("messages", "access_links", "request_texts"):
        dispose(code)
    assert found_after_the_night(CONTACT, NAME, CORRECTED, "quackenb") == []
    signing = office.cast.get(AgreementSigning, "khyber", agreement=draft)
    assert signing.requested_by == user.pk, "that somebody signed is kept"


def test_a_requester_whom_no_one_registered_is_found_and_forgotten_by_the_schedule(committed, time_machine):
    office = Office(committed, time_machine, "indus")
    office.write("complaint", CONTACT)
    office.decide()
    search = {"text": CONTACT, "reason": "subject_request", "client": str(office.client_id)}
    page = office.amina.post(reverse("admin:desk_requesttask_take_in"), search).content.decode()
    assert office.request().number in page
    assert office.act("answer", text="We hold nothing of yours.", to_contact="on").status_code == 302
    work()
    office.close()
    ends_at = office.request().closed_at + default_period("request_texts")
    for days, kept in ((-1, True), (1, False)):
        office.move(ends_at + timedelta(days=days) - timezone.now())
        for code in ("request_texts", "messages"):
            dispose(code)
        assert (office.request().wrapped is not None, office.request().contact_index is not None) == (kept, kept)
    assert found_after_the_night(CONTACT, "I once wrote to you", "quackenb") == []
