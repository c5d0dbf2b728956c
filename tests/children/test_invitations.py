"""Invitations of guardians: one message for siblings, never to the child's contact, rate limits, and deletion."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from children.guardians.contacts import ContactRejection
from children.guardians.models import Guardianship
from children.guardians.selectors import NotAChild, list_candidates
from children.guardians.services.guardians import end_guardian, name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.models import NEXT, OPEN, Invitation, State
from children.invitations.selectors import count_missing, list_children_to_ask_about
from children.invitations.services.answering import process_invitations
from children.invitations.services.inviting import (
    INVITE_MANY,
    AlreadyDecided,
    ContactRefused,
    NoGuardian,
    TooManyInvitations,
    invite_guardian,
    invite_guardians_of,
    purge_old_contacts,
)
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.extension_points import erasure_holds
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.batches import register_guardians
from paktaleem.directory.people.services.erasure import ErasureInProgress, erase_subject, start_erasure
from paktaleem.directory.people.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.directory.webhooks.models import Message
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.runs.services import begin_run
from retention.schedule.services import HoldScope, place_hold
from tests.api.callers import Caller
from tests.cast import refused_to
from tests.children.browsers import PORTAL, follow, latest_link, work
from tests.children.guardians import record_answer, verified_guardian
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.keeping import default_period
from tests.webhooks.receiving import make_endpoint

HistoricalSubject = Subject.history.model
AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("clock")


def invite(cast, child, guardian, at=AT, by="farah"):
    return invite_guardian(child, guardian=guardian, portal=PORTAL, actor=cast.actor(by), at=at)


def asked(cast, child="danish", guardian="esra", at=AT, by="farah"):
    return invite(cast, cast.subject(child), cast.subject(guardian), at, by)


def family(cast, name, *, guardian=None, **contacts):
    client = cast.client("indus")
    child = SubjectFactory(client=client, external_id=f"lms-{name}", birth_date=BORN["child"], **contacts)
    if guardian is not None:
        claim_guardian(child, guardian=guardian, relationship="parent", actor=SETTING_UP, at=AT)
    return Subject.objects.select_related("client").get(pk=child.pk)


def invite_all(cast, *children, at=AT):
    return invite_guardians_of(children, portal=PORTAL, actor=cast.actor("farah"), at=at)


def purge(person, at):
    return purge_old_contacts(person.client_id, actor=system_actor("tests"), at=at)


def unasked_until(person):
    """Return the time at which the contact of a guardian who was never asked is deleted."""
    return person.changed_at + default_period("guardians_unasked")


def parent(cast, name, **contacts):
    return SubjectFactory(client=cast.client("indus"), external_id=f"lms-{name}", role="guardian", **contacts)


def entries(kind):
    return [json.loads(one.body)["facts"] for one in Entry.objects.filter(kind=kind)]


# Inviting


def test_a_guardian_of_the_roster_is_invited_by_an_email_without_the_name_of_the_child(cast, indus):
    row = asked(cast)
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
    assert entry["guardian"] == str(cast.subject_id("esra"))
    refused_to("bilal sana", lambda name: asked(cast, by=name))


def test_a_repeated_request_keeps_the_invitation_and_sends_no_second_email(cast, indus):
    first, second = asked(cast), asked(cast, at=AT + timedelta(hours=1))
    work()
    assert (first.pk, len(mail.outbox)) == (second.pk, 1)


def test_a_guardian_without_email_is_invited_by_text_message(cast, indus, settings, tmp_path):
    settings.MAIL_FOLDER, settings.TEXT_PROVIDER = (str(tmp_path), "paktaleem.directory.mail.delivery.FolderProvider")
    father = parent(cast, "yusuf", phone="0333 7654321")
    row = invite(cast, family(cast, "zara", guardian=father), father)
    assert row.channel == "text"
    work()
    [file] = tmp_path.iterdir()
    text = file.read_text()
    assert text.startswith("To: +923337654321")
    assert "/g/" in text
    assert "Zara" not in text
    assert len(text) < 300


def test_one_email_asks_about_siblings_together(cast, indus):
    mother = cast.subject("esra")
    children = [cast.subject("danish"), family(cast, "sister", guardian=mother)]
    rows = invite_all(cast, *children)
    work()
    assert {row.child_id for row in rows} == {one.pk for one in children}
    assert len({row.letter for row in rows}) == len(mail.outbox) == 1


# Not to the child's own contact


@pytest.mark.parametrize(
    ("child", "guardian", "why"),
    [
        ({"email": "one@mail.example"}, {"email": "One+mum@mail.example"}, ContactRejection.OF_THE_CHILD),
        ({"email": "ali1@mail.example"}, {"email": "alil@mail.example"}, ContactRejection.LIKE_A_CHILD),
        ({"phone": "0300 5550001"}, {"phone": "+92 300 555 0001"}, ContactRejection.OF_THE_CHILD),
        ({}, {}, ContactRejection.MISSING),
        ({}, {"email": "hamza.lodhi@students.example"}, ContactRejection.OF_A_CHILD),
    ],
)
def test_a_contact_that_could_be_that_of_the_child_is_refused(cast, indus, child, guardian, why):
    if why == ContactRejection.OF_A_CHILD:
        family(cast, "other", email="hamza.lodhi@students.example")
    mother = parent(cast, "mother", **guardian)
    ward = family(cast, "ward", guardian=mother, **child)
    with pytest.raises(ContactRefused) as refused:
        invite(cast, ward, mother)
    assert refused.value.why == why
    work()
    assert mail.outbox == []


def test_a_household_with_one_phone_is_invited_by_email_if_there_is_one(cast, indus):
    mother = parent(cast, "mother", phone="03005550001", email="mother@mail.example")
    ward = family(cast, "ward", guardian=mother, phone="0300-5550001")
    row = invite(cast, ward, mother)
    assert row.channel == "mail"


def test_no_invitation_goes_to_a_mailbox_that_many_share(cast, indus):
    people = [parent(cast, f"p{number}", email="office@school.example") for number in range(4)]
    ward = family(cast, "ward", guardian=people[0])
    with pytest.raises(ContactRefused) as refused:
        invite(cast, ward, people[0])
    assert refused.value.why == ContactRejection.SHARED


def test_the_school_gets_the_reason_for_each_guardian_who_cannot_be_invited(cast, indus):
    mother = parent(cast, "mother", phone="03005550001")
    ward = family(cast, "ward", guardian=mother, phone="03005550001")
    [row] = invite_all(cast, ward)
    assert (row.state, row.problem) == ("contact_pending", "of_the_child")
    assert "paper" in row.get_problem_display()


# Who may be invited


def test_a_person_who_is_no_guardian_is_not_invited(cast, indus):
    stranger, neighbour = parent(cast, "stranger", email="s@mail.example"), family(cast, "neighbour")
    for child, guardian in ((cast.subject("danish"), stranger), (neighbour, cast.subject("esra"))):
        with pytest.raises(NoGuardian):
            invite(cast, child, guardian)


def test_an_ended_guardian_is_not_brought_back_by_a_roster_that_still_names_them(cast, indus):
    row = asked(cast)
    standing = Guardianship.objects.get(child=row.child, guardian=row.guardian)
    end_guardian(standing, actor=SETTING_UP, at=AT + DAY)
    with pytest.raises(NoGuardian):
        asked(cast, at=AT + 2 * DAY)


def end_claims(cast, at):
    register_guardians(cast.subject("danish"), [], client=cast.client("indus"), actor=SETTING_UP, at=at)


def test_a_guardian_no_longer_claimed_is_not_invited_until_claimed_again(cast, indus):
    end_claims(cast, AT)
    with pytest.raises(NoGuardian):
        asked(cast, at=AT + DAY)
    assert invite_all(cast, cast.subject("danish"), at=AT + DAY) == []
    assert not list_candidates(cast.subject("danish"), actor=cast.actor("farah"), at=AT + DAY).exists()
    counts = count_missing(Subject.objects.filter(external_id="lms-danish"))
    assert (counts.nobody_named, counts.to_ask) == (1, 0)
    danish, esra = cast.subject("danish"), cast.subject("esra")
    claim_guardian(danish, guardian=esra, relationship="parent", actor=SETTING_UP, at=AT + DAY)
    assert asked(cast, at=AT + DAY).state == "notice_sent"


def test_a_guardian_invited_before_the_claim_ended_is_not_invited_again(cast, indus):
    row = asked(cast)
    work()
    end_claims(cast, AT + DAY)
    with pytest.raises(NoGuardian):
        asked(cast, at=AT + DAY)
    process_invitations(cast.client_id("indus"), actor=SETTING_UP, at=AT + 8 * DAY)
    work()
    row.refresh_from_db()
    assert (row.state, row.reminders, len(mail.outbox)) == ("expired", 0, 1)
    counts = count_missing(Subject.objects.filter(external_id="lms-danish"))
    assert (counts.nobody_named, counts.to_ask) == (1, 0)
    assert invite_all(cast, cast.subject("danish"), at=AT + 9 * DAY) == []


def test_a_guardian_named_by_the_school_is_invited_without_a_claim(cast, indus):
    terms: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
    name_guardian(cast.subject("danish"), guardian=cast.subject("esra"), **terms, actor=SETTING_UP, at=AT)
    end_claims(cast, AT)
    assert asked(cast, at=AT + DAY).state == "notice_sent"


def test_a_guardian_invited_by_the_platform_stays_when_a_list_leaves_them_out(cast):
    assert invite_by_api(cast, guardian=GUARDIAN).status_code == 201
    with in_client(cast.client_id("indus")):
        end_claims(cast, AT)
        invited = Subject.objects.get(external_id__startswith="guardian-")
        assert invite(cast, cast.subject("danish"), invited, at=AT + DAY).state == "notice_sent"


def test_no_one_is_asked_about_an_adult_or_about_a_child_who_is_being_erased(cast, indus):
    junaid, esra = cast.subject("junaid"), cast.subject("esra")
    claim_guardian(junaid, guardian=esra, relationship="relative", actor=SETTING_UP, at=AT)
    with pytest.raises(NotAChild):
        asked(cast, child="junaid")
    start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    with pytest.raises(ErasureInProgress):
        asked(cast)


def test_a_guardian_who_consented_is_not_invited_again(cast, indus):
    verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
    record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=AT)
    with pytest.raises(AlreadyDecided):
        asked(cast, at=AT + DAY)


def test_the_database_refuses_an_invitation_to_the_child_and_a_second_open_one(cast, indus):
    row = asked(cast)
    values = {field.attname: getattr(row, field.attname) for field in Invitation._meta.fields if field.name != "id"}
    for broken in ({**values, "guardian_id": row.child_id}, values):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation(**broken).save(force_insert=True)


# Rate limits


def test_one_contact_gets_at_most_three_emails_a_day_and_the_fourth_the_next_day(cast, indus, clock):
    mother = cast.subject("esra")
    for number in range(4):
        ward = family(cast, f"ward{number}", guardian=mother)
        row = invite(cast, ward, mother)
    work()
    assert len(mail.outbox) == 3
    assert (row.state, row.problem) == ("contact_pending", "too_many")
    clock.shift(DAY)
    follow(cast, AT + DAY)
    row.refresh_from_db()
    assert (row.state, row.problem) == ("notice_sent", "")
    assert len(mail.outbox) == 4


def test_one_contact_is_invited_at_most_ten_times_an_hour(cast, indus, clock):
    for _ in range(10):
        asked(cast)
    with pytest.raises(TooManyInvitations):
        asked(cast)
    clock.shift(timedelta(hours=1))
    asked(cast, at=AT + timedelta(hours=1))


# Follow-up


def test_reminders_go_weekly_three_times_then_the_contact_is_forgotten(cast, indus, clock):
    row = asked(cast)
    work()
    links = {latest_link()}
    for week in range(1, 4):
        clock.move_to(AT + week * 7 * DAY, tick=False)
        follow(cast, AT + week * 7 * DAY)
        follow(cast, AT + week * 7 * DAY)
        links.add(latest_link())
    row.refresh_from_db()
    assert (row.reminders, len(mail.outbox), len(links)) == (3, 4, 4)
    clock.move_to(AT + 28 * DAY, tick=False)
    follow(cast, AT + 28 * DAY - timedelta(seconds=1))
    row.refresh_from_db()
    assert row.state == "notice_sent"
    follow(cast, AT + 28 * DAY)
    row.refresh_from_db()
    esra = cast.subject("esra")
    assert (row.state, esra.email, esra.phone, esra.full_name) == ("expired", None, None, None)
    assert (entries("guardian.contact_forgotten"), len(mail.outbox)) == ([{"why": "never answered"}], 4)


def test_history_and_emails_of_an_erased_contact_cannot_be_decrypted(cast, indus):
    asked(cast)
    work()
    kept = HistoricalSubject.objects.filter(id=cast.subject_id("esra"), email__isnull=False).first()
    column = "people_subject.email"
    assert sealer_of(cast.subject("esra")).open(kept.email, column=column) == "esra.qureshi@mail.example"
    follow(cast, AT + 28 * DAY)
    esra = cast.subject("esra")
    assert (esra.email, esra.phone, esra.full_name, esra.email_index, esra.phone_index, esra.name_index) == (None,) * 6
    with pytest.raises(CannotOpen):
        sealer_of(esra).open(kept.email, column=column)
    assert not Letter.objects.exclude(context=None).exists()
    assert Invitation.objects.get().state == "expired", "that somebody was asked is evidence"
    assert Entry.objects.filter(kind="subject.key_replaced", subject_id=esra.pk).count() == 1


def test_a_roster_that_brings_a_forgotten_guardian_again_fills_them_again(cast, indus):
    asked(cast)
    follow(cast, AT + 28 * DAY)
    at, details = AT + 29 * DAY, {"full_name": "Esra Qureshi", "email": "esra.qureshi@mail.example"}
    register_subject("lms-esra", client=cast.client("indus"), details=details, actor=SETTING_UP, at=at)
    shown = reveal_fields(cast.subject("esra"), actor=cast.actor("farah"), reason=Reason.REVIEW, at=at)
    assert shown["email"] == "esra.qureshi@mail.example"


def test_whom_an_answer_rests_on_is_not_forgotten(cast, indus):
    asked(cast)
    mother, danish = cast.subject("esra"), cast.subject("danish")
    verified_row = Guardianship.objects.get(child=danish)
    verify_guardian(verified_row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=AT)
    record_answer(danish, mother, "refused", at=AT + DAY)
    follow(cast, AT + 28 * DAY)
    assert cast.subject("esra").email is not None


def test_a_sibling_without_an_invitation_yet_keeps_the_contact(cast, indus):
    mother = cast.subject("esra")
    family(cast, "sister", guardian=mother)
    asked(cast)
    follow(cast, AT + 28 * DAY)
    assert cast.subject("esra").email is not None


def test_a_person_known_only_by_an_invitation_is_erased(cast):
    answer = invite_by_api(cast, guardian=GUARDIAN)
    assert answer.status_code == 201
    with in_client(cast.client_id("indus")):
        guardian = Subject.objects.get(external_id=answer.json()["guardian"])
        follow(cast, AT + 28 * DAY)
        guardian.refresh_from_db()
    assert guardian.erased_at is not None


def test_the_contact_of_a_teacher_who_never_answers_as_a_parent_is_kept(cast, indus):
    junaid = cast.subject("junaid")
    named = [{"external_id": junaid.external_id, "relationship": "parent"}]
    register_guardians(cast.subject("danish"), named, client=cast.client("indus"), actor=SETTING_UP, at=AT)
    asked(cast, guardian="junaid")
    follow(cast, AT + 28 * DAY)
    junaid = cast.subject("junaid")
    assert (Invitation.objects.get().state, junaid.roles) == ("expired", ("instructor", "guardian"))
    assert None not in {junaid.email, junaid.full_name}


def test_an_answer_on_paper_ends_the_invitation_and_is_sent_as_an_event(cast, indus):
    listening(cast, "guardian.*")
    row = asked(cast)
    standing = Guardianship.objects.get(child=row.child)
    verify_guardian(standing, method="signed_form", evidence="Folder 12, no. 33", actor=SETTING_UP, at=AT)
    record_answer(row.child, row.guardian, "given", at=AT + DAY)
    follow(cast, AT + DAY)
    row.refresh_from_db()
    assert (row.state, row.answered_at) == ("given", AT + DAY)
    [data] = [data for kind, data in told() if kind == "guardian.invitation_answered"]
    assert data["state"] == "given"


@pytest.mark.parametrize("erase", [erase_subject, start_erasure])
def test_no_email_is_sent_about_a_child_who_is_erased_or_of_age(cast, indus, erase):
    row = asked(cast)
    work()
    erase(row.child, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT + DAY)
    follow(cast, AT + 7 * DAY)
    row.refresh_from_db()
    assert (row.state, row.reminders, len(mail.outbox)) == ("expired", 0, 1)


def test_a_guardian_who_is_being_erased_is_left_to_that_erasure(cast, indus, settings):
    esra = cast.subject("esra")
    late = unasked_until(esra)
    start_erasure(esra, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=esra.changed_at)
    purge(esra, late)
    assert cast.subject("esra").is_being_erased


def test_contacts_of_guardians_without_an_invitation_are_deleted_in_time(cast, indus, settings):
    esra = cast.subject("esra")
    late = unasked_until(esra)
    assert (purge(esra, late - timedelta(seconds=1)), purge(esra, late)) == (0, 1)
    assert cast.subject("esra").email is None
    assert purge(esra, late + DAY) == 0


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something once, after a purge has read the holds of all contacts, and before it deletes one."""

    def connect(act):
        waiting = [act]

        def act_once(client_id, people, at):
            if waiting:
                waiting.pop()()
            return []

        monkeypatch.setattr(erasure_holds, "_handlers", [*erasure_holds, act_once])

    return connect


def test_a_hold_placed_while_a_purge_runs_keeps_the_contact(cast, indus, meanwhile):
    esra = cast.subject("esra")
    late = unasked_until(esra)
    hold: dict[str, Any] = {"kind": "legal", "ground": "Case 4/26.", "review_on": (AT + 30 * DAY).date(), "at": AT}
    hold |= {"scope": HoldScope(subject=esra), "actor": cast.actor("farah")}
    meanwhile(lambda: place_hold(esra.client, **hold))
    assert purge(esra, late) == 0
    assert cast.subject("esra").email is not None


def test_an_invitation_sent_while_a_purge_runs_keeps_the_contact(cast, indus, meanwhile):
    esra = cast.subject("esra")
    late = unasked_until(esra)
    meanwhile(lambda: asked(cast))
    assert purge(esra, late) == 0
    assert cast.subject("esra").email is not None


def test_a_purge_reads_the_holds_of_all_contacts_at_once(cast, indus):
    told: dict[str, Any] = {"kind": "legal", "ground": "Case 4/26.", "review_on": (AT + 30 * DAY).date(), "at": AT}

    def hold(person):
        place_hold(person.client, scope=HoldScope(subject=person), actor=cast.actor("farah"), **told)

    def count_queries(at):
        with CaptureQueriesContext(connection) as captured:
            assert purge(esra, at) == 0
        return len(captured)

    esra = cast.subject("esra")
    hold(esra)
    late = max(AT, esra.changed_at) + default_period("guardians_unasked")
    with_one = count_queries(late)
    for number in range(5):
        guardian = parent(cast, f"held-{number}", email=f"held-{number}@mail.example")
        family(cast, f"child-{number}", guardian=guardian)
        hold(guardian)
    last = parent(cast, "free", email="free@mail.example")
    family(cast, "free-child", guardian=last)
    late = max(late, Subject.objects.latest("changed_at").changed_at + default_period("guardians_unasked"))
    assert (purge(esra, late), count_queries(late)) == (1, with_one)
    assert cast.subject("esra").email is not None


def test_the_machine_moves_forward_only():
    assert set(NEXT) == set(State)
    assert all(not NEXT[state] for state in State if state not in OPEN)
    assert State.NOTICE_SENT not in NEXT[State.VIEWED]


# Webhook events


def listening(cast, *events):
    make_endpoint(cast, "indus", at=AT - DAY, events=list(events))


def told():
    return [(one.type, one.data) for one in Message.objects.order_by("pk")]


def test_every_step_of_an_invitation_is_sent_in_its_own_transaction(cast, indus, clock):
    listening(cast, "guardian.*")
    row = asked(cast)
    work()
    follow(cast, AT + timedelta(hours=1))
    clock.move_to(AT + 7 * DAY, tick=False)
    follow(cast, AT + 7 * DAY)
    clock.move_to(AT + 28 * DAY, tick=False)
    follow(cast, AT + 28 * DAY)
    steps = [(kind.removeprefix("guardian."), data["state"]) for kind, data in told() if "invitation" in data]
    assert steps == [
        ("invited", "contact_pending"),
        ("invitation_sent", "notice_sent"),
        ("invitation_delivered", "notice_sent"),
        ("invitation_reminded", "notice_sent"),
        ("invitation_delivered", "notice_sent"),
        ("invitation_expired", "expired"),
    ]
    assert {data["invitation"] for _, data in told() if "invitation" in data} == {str(row.pk)}
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        broken(cast)
    assert len([one for one in told() if one[0] == "guardian.invited"]) == 1, "no act, no message"


def broken(cast):
    father = parent(cast, "father", email="father@mail.example")
    invite(cast, family(cast, "z", guardian=father), father)
    raise ZeroDivisionError


# Many children


def test_numbers_come_first_and_the_job_asks_about_all_that_miss_one(cast, indus):
    children = list_children_to_ask_about(cast.client("indus"), actor=cast.actor("farah"), at=AT)
    before = count_missing(children)
    assert (before.children, before.answered, before.asked, before.nobody_named, before.to_ask) == (2, 0, 0, 1, 1)
    farah = cast.actor("farah")
    run = begin_run(INVITE_MANY, client_id=farah.client_id, total=before.to_ask, actor=farah, at=AT)
    enqueue_job(
        INVITE_MANY,
        client=str(farah.client_id),
        chosen=EVERYONE.to_text(),
        user=str(farah.id),
        role=farah.role,
        portal=PORTAL,
        run=str(run.pk),
    )
    work()
    run.refresh_from_db()
    assert (run.done, run.total, run.ended_at is None) == (1, 1, False)
    after = count_missing(children)
    assert (after.asked, after.to_ask) == (1, 0)
    assert len(mail.outbox) == 1


# API

INVITATIONS = "/api/v1/guardian-invitations"
GUARDIAN = {"full_name": "Omar Qureshi", "email": "omar@mail.example", "relationship": "parent", "language": "ur"}


def invite_by_api(cast, client="indus", subject="lms-danish", guardian=None):
    asked = {"subject": subject, "guardian": guardian or {"external_id": "lms-esra"}}
    return Caller(cast.key(client)).post(INVITATIONS, asked)


def test_the_platform_asks_a_guardian_by_contact_and_finds_them_again(cast):
    answer = invite_by_api(cast, guardian=GUARDIAN)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["channel"], told["subject"]) == ("notice_sent", "mail", "lms-danish")
    assert invite_by_api(cast, guardian=GUARDIAN).json()["id"] == told["id"]
    work()
    assert [letter.to for letter in mail.outbox] == [["omar@mail.example"]]
    assert "رازداری" in str(mail.outbox[0].body) or "فیصلہ" in str(mail.outbox[0].body)
    assert Caller(cast.key("indus")).get(f"{INVITATIONS}/{told['id']}").json() == told


def test_a_refused_contact_returns_the_reason_and_registers_no_one(cast):
    with in_client(cast.client_id("indus")):
        register_subject(
            "lms-danish", client=cast.client("indus"), details={"email": "danish@mail.example"}, actor=SETTING_UP, at=AT
        )
        before = Subject.objects.count()
    answer = invite_by_api(cast, guardian={**GUARDIAN, "email": "Danish+papa@mail.example"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:paktaleem:problem:contact-refused")
    assert "paper" in answer.json()["errors"][0]["detail"]
    assert answer.json()["errors"][0]["pointer"] == "#/guardian/email"
    with in_client(cast.client_id("indus")):
        assert Subject.objects.count() == before


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"email": "no address"}, "#/guardian/email"),
        ({"email": None, "phone": "12"}, "#/guardian/phone"),
        ({"full_name": "x" * 301}, "#/guardian/full_name"),
    ],
)
def test_the_error_about_a_wrong_value_points_to_it(cast, changed, pointer):
    answer = invite_by_api(cast, guardian={**GUARDIAN, **changed})
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (400, [pointer])


def test_a_known_guardian_without_a_contact_is_pointed_at_by_id(cast):
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"actor": SETTING_UP, "at": AT}
        guardian, _ = register_subject("par-9", client=cast.client("indus"), details={"role": "guardian"}, **by)
        claim_guardian(cast.subject("danish"), guardian=guardian, relationship="parent", **by)
    answer = invite_by_api(cast, guardian={"external_id": "par-9"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/guardian/external_id")


def test_another_clients_child_and_guardian_are_not_there(cast):
    assert invite_by_api(cast, client="khyber").status_code == 404
    assert invite_by_api(cast, guardian={"external_id": "lms-kiran"}).status_code == 404
    row = invite_by_api(cast).json()["id"]
    assert Caller(cast.key("khyber")).get(f"{INVITATIONS}/{row}").status_code == 404


@pytest.mark.parametrize(
    "guardian",
    [
        {},
        {"full_name": "Omar"},
        {"external_id": "lms-esra", "email": "x@mail.example"},
        {**GUARDIAN, "role": "guardian"},
    ],
)
def test_what_is_missing_or_wrong_is_named(cast, guardian):
    answer = invite_by_api(cast, guardian=guardian or {"x": 1})
    assert answer.status_code == 400
    assert answer.json()["errors"]
