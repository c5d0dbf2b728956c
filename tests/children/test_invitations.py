"""Asking guardians: one letter for siblings, never by the child's own contact, not too often, and not for ever."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from children.contacts import Unusable
from children.invitations.models import Invitation
from children.invitations.selectors import children_to_ask_about, count_missing
from children.invitations.services import (
    ASK_MANY,
    AlreadyDecided,
    ContactRefused,
    NoGuardian,
    NotAChild,
    TooManyInvitations,
    forget_old_contacts,
    invite_guardian,
    invite_guardians_of,
)
from children.invitations.states import NEXT, OPEN, State, may_become
from children.models import Guardianship
from children.services import end_guardian, verify_guardian
from paktaleem.accounts.actors import NotAllowed, system_actor
from paktaleem.jobs import enqueue_job
from paktaleem.ledger.by import Reason
from paktaleem.ledger.models import Entry
from paktaleem.subjects.models import Subject
from paktaleem.subjects.services import claim_guardian, erase_subject, register_subject
from paktaleem.tenancy.context import in_client
from tests.children.making import answered, verified
from tests.children.visiting import PORTAL, follow, latest_link, work
from tests.factories import BORN, SETTING_UP, SubjectFactory

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It is a morning; letters and codes are of that day."""
    time_machine.move_to(AT, tick=False)
    return time_machine


@pytest.fixture
def indus(cast):
    """Everything here happens at Indus."""
    with in_client(cast.client_id("indus")):
        yield cast


def asked(cast, child="danish", guardian="esra", at=AT, by="farah"):
    return invite_guardian(
        cast.subject(child), guardian=cast.subject(guardian), portal=PORTAL, actor=cast.actor(by), at=at
    )


def family(cast, name, *, guardian=None, **contacts):
    """A child of nine, and a guardian whom the roster claims."""
    client = cast.client("indus")
    child = SubjectFactory(client=client, external_id=f"lms-{name}", birth_date=BORN["child"], **contacts)
    if guardian is not None:
        claim_guardian(child, guardian=guardian, relationship="parent", actor=SETTING_UP, at=AT)
    return Subject.objects.select_related("client").get(pk=child.pk)


def parent(cast, name, **contacts):
    return SubjectFactory(client=cast.client("indus"), external_id=f"lms-{name}", role="guardian", **contacts)


def entries(kind):
    return [json.loads(one.body)["facts"] for one in Entry.objects.filter(kind=kind)]


# Asking


def test_a_guardian_of_the_roster_is_asked_by_a_letter_that_names_no_child(indus):
    row = asked(indus)
    assert (row.state, row.channel, row.asked_at) == ("notice_sent", "mail", AT)
    work()
    [letter] = mail.outbox
    assert letter.to == ["esra.qureshi@mail.example"]
    assert "Indus Schools Network" in letter.subject
    assert "Danish" not in letter.subject + str(letter.body)
    assert latest_link().startswith("/g/")
    assert len(latest_link()) == len("/g//") + 43
    standing = Guardianship.objects.get(child=row.child, guardian=row.guardian)
    assert (standing.source, standing.may_consent) == ("roster", True)
    [entry] = entries("guardian.invited")
    assert entry["guardian"] == str(indus.subject_id("esra"))


def test_asked_again_the_same_invitation_stands_and_no_second_letter_goes(indus):
    first, second = asked(indus), asked(indus, at=AT + timedelta(hours=1))
    work()
    assert first.pk == second.pk
    assert len(mail.outbox) == 1


def test_a_guardian_without_mail_is_asked_by_a_short_message(indus, settings, tmp_path):
    settings.MAIL_FOLDER, settings.TEXT_PROVIDER = str(tmp_path), "paktaleem.mail.texting.FolderProvider"
    father = parent(indus, "yusuf", phone="0333 7654321")
    row = invite_guardian(
        family(indus, "zara", guardian=father), guardian=father, portal=PORTAL, actor=indus.actor("farah"), at=AT
    )
    assert row.channel == "text"
    work()
    [file] = tmp_path.iterdir()
    text = file.read_text()
    assert text.startswith("To: +923337654321")
    assert "/g/" in text
    assert "Zara" not in text
    assert len(text) < 300


def test_siblings_are_asked_about_in_one_letter(indus):
    mother = indus.subject("esra")
    children = [indus.subject("danish"), family(indus, "sister", guardian=mother)]
    rows = invite_guardians_of(children, portal=PORTAL, actor=indus.actor("farah"), at=AT)
    work()
    assert {row.child_id for row in rows} == {one.pk for one in children}
    assert len({row.letter for row in rows}) == len(mail.outbox) == 1


# Not by the child's own contact


@pytest.mark.parametrize(
    ("child", "guardian", "why"),
    [
        ({"email": "one@mail.example"}, {"email": "One+mum@mail.example"}, Unusable.OF_THE_CHILD),
        ({"email": "a.li@gmail.com"}, {"email": "ali@googlemail.com"}, Unusable.OF_THE_CHILD),
        ({"email": "ali1@mail.example"}, {"email": "alil@mail.example"}, Unusable.LIKE_A_CHILD),
        ({"phone": "0300 5550001"}, {"phone": "+92 300 555 0001"}, Unusable.OF_THE_CHILD),
        ({}, {}, Unusable.MISSING),
        ({}, {"email": "hamza.lodhi@students.example"}, Unusable.OF_A_CHILD),
    ],
)
def test_a_contact_that_could_be_that_of_the_child_is_refused(indus, child, guardian, why):
    if why == Unusable.OF_A_CHILD:
        family(indus, "other", email="hamza.lodhi@students.example")
    mother = parent(indus, "mother", **guardian)
    ward = family(indus, "ward", guardian=mother, **child)
    with pytest.raises(ContactRefused) as refused:
        invite_guardian(ward, guardian=mother, portal=PORTAL, actor=indus.actor("farah"), at=AT)
    assert refused.value.why == why
    work()
    assert mail.outbox == []


def test_a_household_with_one_telephone_is_asked_by_mail_if_there_is_one(indus):
    mother = parent(indus, "mother", phone="03005550001", email="mother@mail.example")
    ward = family(indus, "ward", guardian=mother, phone="0300-5550001")
    row = invite_guardian(ward, guardian=mother, portal=PORTAL, actor=indus.actor("farah"), at=AT)
    assert row.channel == "mail"


def test_an_office_mailbox_that_many_share_asks_nobody(indus):
    people = [parent(indus, f"p{number}", email="office@school.example") for number in range(4)]
    ward = family(indus, "ward", guardian=people[0])
    with pytest.raises(ContactRefused) as refused:
        invite_guardian(ward, guardian=people[0], portal=PORTAL, actor=indus.actor("farah"), at=AT)
    assert refused.value.why == Unusable.SHARED


def test_of_many_who_cannot_be_asked_the_school_is_told_why(indus):
    mother = parent(indus, "mother", phone="03005550001")
    ward = family(indus, "ward", guardian=mother, phone="03005550001")
    [row] = invite_guardians_of([ward], portal=PORTAL, actor=indus.actor("farah"), at=AT)
    assert (row.state, row.problem) == ("contact_pending", "of_the_child")
    assert "paper" in row.get_problem_display()


# Whom one may ask


def test_who_is_no_guardian_is_not_asked(indus):
    stranger, neighbour = parent(indus, "stranger", email="s@mail.example"), family(indus, "neighbour")
    for child, guardian in ((indus.subject("danish"), stranger), (neighbour, indus.subject("esra"))):
        with pytest.raises(NoGuardian):
            invite_guardian(child, guardian=guardian, portal=PORTAL, actor=indus.actor("farah"), at=AT)


def test_an_ended_guardian_is_not_brought_back_by_a_roster_that_still_names_them(indus):
    row = asked(indus)
    standing = Guardianship.objects.get(child=row.child, guardian=row.guardian)
    end_guardian(standing, actor=SETTING_UP, at=AT + DAY)
    with pytest.raises(NoGuardian):
        asked(indus, at=AT + 2 * DAY)


def test_adults_decide_for_themselves(indus):
    claim_guardian(
        indus.subject("junaid"), guardian=indus.subject("esra"), relationship="relative", actor=SETTING_UP, at=AT
    )
    with pytest.raises(NotAChild):
        asked(indus, child="junaid")


def test_who_said_yes_is_not_asked_again(indus):
    verified(indus.subject("danish"), indus.subject("esra"), at=AT)
    answered(indus.subject("danish"), indus.subject("esra"), "given", at=AT)
    with pytest.raises(AlreadyDecided):
        asked(indus, at=AT + DAY)


def test_the_wrong_role_asks_nobody(indus):
    for name in ("bilal", "sana"):
        with pytest.raises(NotAllowed):
            asked(indus, by=name)


def test_the_database_refuses_an_invitation_to_the_child_and_a_second_open_one(indus):
    row = asked(indus)
    values = {field.attname: getattr(row, field.attname) for field in Invitation._meta.fields if field.name != "id"}
    for broken in ({**values, "guardian_id": row.child_id}, values):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation(**broken).save(force_insert=True)


# Not too often


def test_one_contact_has_at_most_three_letters_a_day_and_the_fourth_goes_the_next(indus, clock):
    mother = indus.subject("esra")
    for number in range(4):
        ward = family(indus, f"ward{number}", guardian=mother)
        row = invite_guardian(ward, guardian=mother, portal=PORTAL, actor=indus.actor("farah"), at=AT)
    work()
    assert len(mail.outbox) == 3
    assert (row.state, row.problem) == ("contact_pending", "too_many")
    clock.shift(DAY)
    follow(indus, AT + DAY)
    row.refresh_from_db()
    assert (row.state, row.problem) == ("notice_sent", "")
    assert len(mail.outbox) == 4


def test_one_contact_is_asked_at_most_ten_times_an_hour(indus, clock):
    for _ in range(10):
        asked(indus)
    with pytest.raises(TooManyInvitations):
        asked(indus)
    clock.shift(timedelta(hours=1))
    asked(indus, at=AT + timedelta(hours=1))


# What becomes of it


def test_reminders_go_weekly_three_times_then_the_contact_is_forgotten(indus, clock):
    row = asked(indus)
    work()
    links = {latest_link()}
    for week in range(1, 4):
        clock.move_to(AT + week * 7 * DAY, tick=False)
        follow(indus, AT + week * 7 * DAY)
        follow(indus, AT + week * 7 * DAY)
        links.add(latest_link())
    row.refresh_from_db()
    assert (row.reminders, len(mail.outbox), len(links)) == (3, 4, 4)
    clock.move_to(AT + 28 * DAY, tick=False)
    follow(indus, AT + 28 * DAY - timedelta(seconds=1))
    row.refresh_from_db()
    assert row.state == "notice_sent"
    follow(indus, AT + 28 * DAY)
    row.refresh_from_db()
    esra = indus.subject("esra")
    assert (row.state, esra.email, esra.phone, esra.full_name) == ("expired", None, None, None)
    assert entries("guardian.contact_forgotten") == [{"why": "never answered"}]
    assert len(mail.outbox) == 4


def test_whoever_an_invitation_alone_made_known_is_erased(cast):
    answer = invite_by_api(cast, guardian=GUARDIAN)
    assert answer.status_code == 201
    with in_client(cast.client_id("indus")):
        guardian = Subject.objects.get(external_id=answer.json()["guardian"])
        follow(cast, AT + 28 * DAY)
        guardian.refresh_from_db()
    assert guardian.erased_at is not None


def test_a_verified_guardians_contact_is_kept(indus):
    asked(indus)
    verified_row = Guardianship.objects.get(child_id=indus.subject_id("danish"))
    verify_guardian(verified_row, method="in_person", evidence="Seen", actor=SETTING_UP, at=AT)
    follow(indus, AT + 28 * DAY)
    assert indus.subject("esra").email is not None


def test_an_answer_on_paper_ends_the_invitation(indus):
    row = asked(indus)
    standing = Guardianship.objects.get(child=row.child)
    verify_guardian(standing, method="signed_form", evidence="Folder", actor=SETTING_UP, at=AT)
    answered(row.child, row.guardian, "given", at=AT + DAY)
    follow(indus, AT + DAY)
    row.refresh_from_db()
    assert (row.state, row.answered_at) == ("given", AT + DAY)


def test_no_letter_goes_on_about_a_child_who_is_erased_or_of_age(indus):
    row = asked(indus)
    work()
    erase_subject(row.child, actor=indus.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT + DAY)
    follow(indus, AT + 7 * DAY)
    row.refresh_from_db()
    assert (row.state, row.reminders, len(mail.outbox)) == ("expired", 0, 1)


def test_guardians_whom_nobody_asked_are_forgotten_in_time(indus, settings):
    esra = indus.subject("esra")
    late = esra.changed_at + timedelta(days=settings.GUARDIAN_CONTACT_DAYS)
    worker = system_actor("tests")
    assert forget_old_contacts(esra.client_id, actor=worker, at=late - timedelta(seconds=1)) == 0
    assert forget_old_contacts(esra.client_id, actor=worker, at=late) == 1
    assert indus.subject("esra").email is None
    assert forget_old_contacts(esra.client_id, actor=worker, at=late + DAY) == 0


def test_the_machine_moves_forward_only():
    assert set(NEXT) == set(State)
    assert all(not NEXT[state] for state in State if state not in OPEN)
    assert not may_become("viewed", "notice_sent")


# Many at once


def test_numbers_come_first_and_the_job_asks_about_all_that_miss_one(indus):
    children = children_to_ask_about(indus.client("indus"), actor=indus.actor("farah"), at=AT)
    before = count_missing(children)
    assert (before.children, before.answered, before.asked, before.nobody_named, before.to_ask) == (2, 0, 0, 1, 1)
    farah = indus.actor("farah")
    enqueue_job(ASK_MANY, client=str(farah.client_id), beginning="", user=str(farah.id), role=farah.role, portal=PORTAL)
    work()
    after = count_missing(children)
    assert (after.asked, after.to_ask) == (1, 0)
    assert len(mail.outbox) == 1


# By the API

GUARDIAN = {
    "full_name": "Omar Qureshi",
    "email": "omar@mail.example",
    "relationship": "parent",
    "language": "ur",
}


def invite_by_api(cast, client="indus", subject="lms-danish", guardian=None, **headers):
    return Client().post(
        "/api/v1/guardian-invitations",
        {"subject": subject, "guardian": guardian or {"external_id": "lms-esra"}},
        content_type="application/json",
        headers={"Authorization": f"Bearer {cast.key(client)}", **headers},
    )


def test_the_platform_asks_a_guardian_by_contact_and_finds_them_again(cast):
    answer = invite_by_api(cast, guardian=GUARDIAN)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["channel"], told["subject"]) == ("notice_sent", "mail", "lms-danish")
    assert invite_by_api(cast, guardian=GUARDIAN).json()["id"] == told["id"]
    work()
    assert [letter.to for letter in mail.outbox] == [["omar@mail.example"]]
    assert "رازداری" in str(mail.outbox[0].body) or "فیصلہ" in str(mail.outbox[0].body)
    shown = Client().get(
        f"/api/v1/guardian-invitations/{told['id']}", headers={"Authorization": f"Bearer {cast.key('indus')}"}
    )
    assert shown.json() == told


def test_the_platform_is_told_why_a_contact_is_refused_and_nobody_is_registered(cast):
    with in_client(cast.client_id("indus")):
        register_subject(
            "lms-danish",
            client=cast.client("indus"),
            details={"email": "danish@mail.example"},
            actor=SETTING_UP,
            at=AT,
        )
        before = Subject.objects.count()
    answer = invite_by_api(cast, guardian={**GUARDIAN, "email": "Danish+papa@mail.example"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:paktaleem:problem:contact-refused"
    assert "paper" in answer.json()["errors"][0]["detail"]
    with in_client(cast.client_id("indus")):
        assert Subject.objects.count() == before


def test_another_clients_child_and_guardian_are_not_there(cast):
    assert invite_by_api(cast, client="khyber").status_code == 404
    assert invite_by_api(cast, guardian={"external_id": "lms-kiran"}).status_code == 404
    row = invite_by_api(cast).json()["id"]
    other = Client().get(
        f"/api/v1/guardian-invitations/{row}", headers={"Authorization": f"Bearer {cast.key('khyber')}"}
    )
    assert other.status_code == 404


@pytest.mark.parametrize(
    "guardian",
    [
        {},
        {"full_name": "Omar"},
        {"external_id": "lms-esra", "email": "x@mail.example"},
        {**GUARDIAN, "email": "neither"},
        {**GUARDIAN, "role": "guardian"},
    ],
)
def test_what_is_missing_or_wrong_is_named(cast, guardian):
    answer = invite_by_api(cast, guardian=guardian or {"x": 1})
    assert answer.status_code == 400
    assert answer.json()["errors"]
