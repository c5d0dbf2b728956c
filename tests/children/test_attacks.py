"""Attempts by a child to decide, and a guardian's contact that may be the child's own."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from children.guardians.contacts import (
    Contact,
    ContactHolders,
    ContactMatch,
    ContactRejection,
    match_emails,
    match_phones,
    why_contact_unusable,
)
from children.guardians.models import Guardianship
from children.guardians.services.answers import NoAuthority, record_service_answer
from children.guardians.services.checks import request_check
from children.guardians.services.guardians import change_guardian, name_guardian
from children.guardians.services.verifications import mark_verification_false, record_verification, verify_guardian
from paktaleem.directory.data_systems.models import Ground, OrderKind
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.people.models import AgeChange, GuardianClaim, Subject
from paktaleem.directory.people.services.age_recomputation import settle_age_change
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import decision_reason, verified_guardian
from tests.children.test_age_changes import bring
from tests.factories import SETTING_UP, SubjectFactory, make_system

MINUTE = timedelta(minutes=1)
GROWN = "1990-01-01"
CLOSED = "guardian_consent_required"
PEOPLE = "/api/v1/subjects"


@pytest.mark.parametrize(
    "said",
    [
        {"birth_date": GROWN},
        {"birth_date": None, "attested_age": 30},
        {"declared_age": 30},
        {"age_check": {"result": "over", "age": 18, "checked_on": "2026-08-01", "provider": "me", "reference": "1"}},
        {"role": "instructor", "birth_date": None},
        {"role": "guardian", "birth_date": None},
        {"birth_date": GROWN, "declared_age": 9},
    ],
)
def test_through_the_platforms_profile_one_by_one_and_in_a_batch(indus_lms, now, said):
    assert indus_lms.put(f"{PEOPLE}/lms-danish", {"role": "student", **said}).status_code == 200
    batch = {"subjects": [{"external_id": "lms-danish", "role": "student", **said}]}
    assert indus_lms.post(f"{PEOPLE}/batch", batch).status_code == 200
    assert indus_lms.reason("lms-danish", "service_delivery") in {CLOSED, "age_unknown"}
    assert indus_lms.get(f"{PEOPLE}/lms-danish").json()["age_gate"]["guardian_decides"]


def test_by_a_second_account_named_as_its_guardian(indus_lms):
    mate = {"external_id": "lms-second", "relationship": "parent", "full_name": "Second Account"}
    assert indus_lms.put(f"{PEOPLE}/lms-danish", {"role": "student", "guardians": [mate]}).status_code == 200
    yes = {"guardian": "lms-second", "decision": "given", "evidence": "He says so"}
    address = f"{PEOPLE}/lms-danish/guardian-authorisations"
    assert indus_lms.post(address, yes).status_code == 409
    named = {"guardian": "lms-second", "relationship": "parent", "may_consent": True, "may_receive_data": True}
    assert indus_lms.post(f"{PEOPLE}/lms-danish/guardians", named).status_code == 201
    refused = indus_lms.post(address, yes)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "guardian-not-verified")
    for one in ("lms-danish", "lms-iqra"):
        assert indus_lms.post(f"{PEOPLE}/lms-danish/guardians", {**named, "guardian": one}).status_code == 409
    assert indus_lms.reason("lms-danish", "service_delivery") == CLOSED


def test_by_a_roster_that_makes_it_grown_and_names_a_guardian(cast, now):
    with in_client(cast.client_id("indus")):
        indus, danish = cast.client("indus"), cast.subject("danish")
        head = "ID,Role,Full name,Birth date,Guardian 1 name,Guardian 1 email,Guardian 1 relationship"
        line = f"lms-danish,student,Danish Khan,{GROWN},A Friend,friend@mail.example,parent"
        bring(indus, f"{head}\n{line}".encode(), cast.actor("farah"), now + MINUTE)
        assert AgeChange.objects.get(subject=danish).route == "roster"
        assert GuardianClaim.objects.filter(child=danish).count() >= 1
        assert not Guardianship.objects.exists()
        assert decision_reason(cast, "lms-danish", now + MINUTE) == CLOSED


def test_the_system_actor_cannot_do_acts_of_staff(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = verified_guardian(danish, esra, at=now)
        itself = person_actor(danish.pk, danish.client_id, acts_for=danish.pk)
        by: dict[str, Any] = {"actor": itself, "at": now}
        authority: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
        proof: dict[str, Any] = {"method": "in_person", "evidence": "I saw me"}
        check: dict[str, Any] = {"provider": "folder", "method": "payment_card", "answer_to": ""}
        told = {"client": cast.client("indus"), "details": {"birth_date": date(1990, 1, 1)}}
        register_subject("lms-danish", **told, actor=SETTING_UP, at=now)
        attempts = [
            lambda: name_guardian(danish, guardian=cast.subject("junaid"), **authority, **by),
            lambda: change_guardian(row, changes={"court_order": True}, ground="The court decided.", **by),
            lambda: verify_guardian(row, **proof, **by),
            lambda: request_check(row, **check, **by),
            lambda: mark_verification_false(_proof(row), **by),
            lambda: register_subject("lms-danish", **told, **by),
            lambda: settle_age_change(AgeChange.objects.get(), approve=True, **by),
            lambda: record_service_answer(danish, guardian=esra, decision="given", route="portal", **by),
        ]
        for attempt in attempts:
            with pytest.raises(NotAllowed):
                attempt()
        assert decision_reason(cast, "lms-danish", now) == CLOSED


def _proof(row):
    told = {"kept": {}, "actor": SETTING_UP, "reason": "review", "at": row.starts_at}
    return record_verification(row, method="school_attested", **told)


def test_by_an_order_to_correct_the_portal_itself_is_not_changed(cast, now):
    """A correction is made in the systems that hold the data; the portal's own age changes only through the school."""
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        make_system(cast.client("indus"), "records", ["credentials"], delivery="by_hand")
        told = OrderSpec(
            kind=OrderKind.CORRECT,
            categories=frozenset({"credentials"}),
            reason=Reason.SUBJECT_REQUEST,
            ground=Ground.RIGHT_OF_THE_PERSON,
            due_at=now + timedelta(days=20),
        )
        issue_orders(danish, told, new_values={"birth_date": GROWN}, actor=SETTING_UP, at=now)
        assert Subject.objects.get(pk=danish.pk).of_age_at == danish.of_age_at
        assert decision_reason(cast, "lms-danish", now) == CLOSED


def test_by_the_guardian_of_a_classmate(cast, now):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        mate = SubjectFactory(client=cast.client("indus"), external_id="lms-mate", birth_date=date(2016, 1, 1), at=now)
        verified_guardian(danish, esra, at=now)
        told = {"route": "paper", "evidence": "Form 33 in folder 12", "actor": SETTING_UP, "at": now}
        with pytest.raises((NoAuthority, LookupError)):
            record_service_answer(mate, guardian=esra, decision="given", **told)
        assert decision_reason(cast, "lms-mate", now) == CLOSED


CHILD = "danish.qureshi@gmail.com"


@pytest.mark.parametrize(
    "written",
    [
        "Danish.Qureshi@Gmail.com",
        "danishqureshi@gmail.com",
        "d.a.n.i.s.h.qureshi@gmail.com",
        "danish.qureshi+father@gmail.com",
        "danish.qureshi@googlemail.com",
        " danish.qureshi@gmail.com ",
        "\uff44anish.qureshi@gmail.com",
    ],
)
def test_one_mailbox_is_the_same_however_it_is_written(written):
    assert match_emails(written, CHILD) == ContactMatch.SAME
    assert match_emails(CHILD, written) == ContactMatch.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("d\u0430nish.qureshi@gmail.com", CHILD),  # Cyrillic a
        ("d\u00e1nish.qureshi@gmail.com", CHILD),
        ("ali1@mail.example", "alil@mail.example"),
        ("nao0r@mail.example", "naoor@mail.example"),
        ("rnaryam@mail.example", "maryam@mail.example"),
        ("ali@school.exarnple", "ali@school.example"),
        ("ali@xn--mil-6cd.example", "ali@mail.example"),  # m-Cyrillic a-il
    ],
)
def test_what_looks_alike_is_alike(one, other):
    assert (match_emails(one, other), match_emails(other, one)) == (ContactMatch.ALIKE, ContactMatch.ALIKE)


@pytest.mark.parametrize(
    "other", ["esra.qureshi@gmail.com", "danish.qureshi@mail.example", "danish.qureshi2@gmail.com"]
)
def test_another_mailbox_is_another(other):
    assert match_emails(other, CHILD) is None


@pytest.mark.parametrize(
    ("domain", "alias", "match"),
    [("icloud.com", "me.com", ContactMatch.SAME), ("icloud.com", "mac.com", ContactMatch.SAME)]
    + [("outlook.com", other, None) for other in ("hotmail.com", "live.com")],
)
def test_true_aliases_of_a_domain_are_one_and_others_are_not(domain, alias, match):
    assert match_emails(f"ali@{alias}", f"ali@{domain}") == match


@pytest.mark.parametrize(
    "written", ["0300 1234567", "+92 (300) 123-4567", "00923001234567", "۰۳۰۰۱۲۳۴۵۶۷", "923001234567"]
)
def test_one_number_is_the_same_however_it_is_written(written):
    assert match_phones(written, "+923001234567", region="PK") == ContactMatch.SAME
    assert match_phones(written, "+923001234568", region="PK") is None


def test_each_reason_has_its_own_text():
    def why(channel, child, guardian, **held):
        known = {"child": child, "guardian": guardian, "holders": ContactHolders(**held)}
        return why_contact_unusable(channel, **known, region="PK")

    esra = Contact(email="esra@mail.example", phone="+923001234567")
    danish = Contact(email="danish@mail.example", phone="0300-1234567")
    assert why("mail", danish, esra) is None
    assert why("text", danish, esra) == ContactRejection.OF_THE_CHILD  # one telephone per household
    assert why("mail", danish, Contact()) == ContactRejection.MISSING
    assert why("mail", danish, Contact(email="Danish+1@mail.example")) == ContactRejection.OF_THE_CHILD
    assert why("mail", danish, Contact(email="dan1sh@mail.example"), children=0) is None
    alike = Contact(email="alil@x.example"), Contact(email="ali1@x.example")
    assert why("mail", *alike) == ContactRejection.LIKE_A_CHILD
    assert why("mail", danish, esra, children=1) == ContactRejection.OF_A_CHILD
    assert why("mail", danish, esra, others=2) is None
    assert why("mail", danish, esra, others=3) == ContactRejection.SHARED


def test_nothing_is_printed():
    assert "danish" not in repr(Contact(email=CHILD))


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_matches_itself_and_matching_is_symmetric(one, other):
    assert (match_emails(one, one), match_emails(one, other)) == (ContactMatch.SAME, match_emails(other, one))
    assert match_phones(one, one, region="PK") == ContactMatch.SAME
