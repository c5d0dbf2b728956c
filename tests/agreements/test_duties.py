"""Contacts of clients, and the duties that a client attests each year."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from consent.agreements.duties import (
    DUTIES,
    TEXT_VERSION,
    compute_due_day,
    compute_valid_until,
    hash_text,
    is_reminder_day,
)
from consent.agreements.models import DutyAttestation
from consent.agreements.selectors import list_contacts, list_duties, list_notice_recipients, list_parts, list_to_do
from consent.agreements.services import add_contact, attest_duties, remind_of_duties
from consent.notices.services.announcements import process_client
from consent.register.models.purposes import Purpose, PurposeCapacity
from consent.register.services import change_register, end_period
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.consent.making import announce
from tests.factories import CAST_AT, SETTING_UP

DAY = timedelta(days=1)
ALL = [duty.code for duty in DUTIES]
LINK = "https://indus.example/privacy"
WORKER = system_actor("test")


def attest(cast: Cast, client: Any, at: Any, duties: Any = ALL, **more: Any) -> list[DutyAttestation]:
    return attest_duties(client, duties, **{"notice_url": LINK, "actor": cast.actor("farah"), "at": at, **more})


def contact(cast: Cast, client: Any, at: Any, kind: str = "notices", name: str = "farah") -> Any:
    person: Any = {"full_name": "Rabia Anwar", "email": "rabia@indus.example"}
    return add_contact(client, kind=kind, **person, actor=cast.actor(name), reason=Reason.ONBOARDING, at=at)


# When a duty is due


def test_a_duty_is_due_thirty_days_after_the_start_and_then_each_year() -> None:
    assert compute_due_day(date(2026, 1, 10), None) == date(2026, 2, 9)
    assert compute_due_day(date(2026, 1, 10), date(2027, 2, 1)) == date(2027, 2, 1)
    assert compute_valid_until(date(2026, 2, 1)) == date(2027, 2, 1)
    assert compute_valid_until(date(2028, 2, 29)) == date(2029, 2, 28)


def test_reminders_come_before_and_after_the_day() -> None:
    due = date(2026, 6, 30)
    days = [left for left in range(31, -22, -1) if is_reminder_day(due, due - timedelta(days=left))]
    assert days == [30, 7, 1, 0, -7, -14, -21]


# Attesting


def test_an_administrator_attests_for_a_year_with_the_version_of_the_text(cast: Cast, indus: Any, now: Any) -> None:
    rows = attest(cast, indus, now)
    assert [row.duty for row in rows] == ALL
    assert {row.text_version for row in rows} == {TEXT_VERSION}
    assert [row.text_hash for row in rows] == [hash_text(duty) for duty in DUTIES]
    assert [row.notice_url for row in rows] == ["", LINK, ""]
    assert {one.attested_until for one in list_duties(indus, at=now)} == {rows[0].valid_until}
    entry = Entry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.kind, entry.actor_id) == ("duty.attested", cast.user_id("farah"))


def test_an_attestation_is_named_by_its_duty_not_by_a_code(cast: Cast, indus: Any, now: Any) -> None:
    rows = attest(cast, indus, now)
    titles = ("Lawful collection", "Users informed", "Law complied with")
    assert {str(row) for row in rows} == {f"{title}, until {rows[0].valid_until}" for title in titles}


def test_what_is_not_attested_stays_open(cast: Cast, indus: Any, now: Any) -> None:
    attest(cast, indus, now, ["law_complied"])
    [found] = list_to_do(at=now, client_id=indus.pk)
    assert [one.duty.code for one in found.duties] == ["lawful_collection", "users_informed"]


def test_an_attestation_runs_out(cast: Cast, indus: Any, now: Any) -> None:
    attest(cast, indus, now)
    [soon] = list_to_do(at=now + 340 * DAY, client_id=indus.pk)
    [fresh] = list_to_do(at=now + 300 * DAY, client_id=indus.pk)
    assert (len(soon.duties), len(fresh.duties)) == (3, 0)


@pytest.mark.parametrize(
    ("duties", "field"), [([], "duties"), (["unheard_of"], "duties"), (["users_informed"], "notice_url")]
)
def test_an_attestation_names_known_duties_and_the_link(
    duties: list[str], field: str, cast: Cast, indus: Any, now: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        attest(cast, indus, now, duties, notice_url="")
    assert field in caught.value.message_dict


def test_a_duty_is_attested_once_a_day(cast: Cast, indus: Any, now: Any) -> None:
    attest(cast, indus, now)
    with pytest.raises(ValidationError, match="today"):
        attest(cast, indus, now, ["law_complied"])


@pytest.mark.parametrize("name", ["amina", "bilal", "sana", "celia"])
def test_only_the_clients_own_administrator_attests(name: str, cast: Cast, indus: Any, now: Any) -> None:
    with pytest.raises(NotAllowed):
        attest(cast, indus, now, actor=cast.actor(name))


def test_the_database_refuses_informed_users_without_a_link(cast: Cast, indus: Any, now: Any) -> None:
    row = DutyAttestation(client_id=indus.pk, duty="users_informed", text_version=1, text_hash="0", attested_at=now)
    row.valid_until, row.attested_by = now.date(), cast.user_id("farah")
    with pytest.raises(IntegrityError, match="informed_by_a_link"), transaction.atomic():
        row.save(force_insert=True)


# Contacts


def test_a_contact_receives_notices_and_is_a_person_with_sealed_data(cast: Cast, indus: Any, now: Any) -> None:
    row = contact(cast, indus, now)
    people = list_notice_recipients(indus.pk, at=now)
    assert row.subject in people
    assert cast.user("farah") in people
    assert row.subject.external_id.startswith("contact-")
    assert "Rabia" not in str(vars(row.subject))
    assert row.history.get().actor_id == cast.user_id("farah")


def test_a_contact_gets_the_emails_about_changed_notices(cast: Cast, now: Any) -> None:
    announce(cast, now, code="privacy_notice")
    with in_client(cast.client_id("indus")):
        row = contact(cast, cast.client("indus"), now)
        process_client(cast.client_id("indus"), actor=SETTING_UP, at=now)
        letters = Letter.objects.filter(kind="notice_announced")
        assert {(one.user_id, one.subject_id) for one in letters} == {
            (cast.user_id("farah"), None),
            (None, row.subject_id),
        }
        process_client(cast.client_id("indus"), actor=SETTING_UP, at=now + timedelta(minutes=1))
        assert letters.count() == 2


def test_an_ended_or_erased_contact_receives_nothing(cast: Cast, indus: Any, now: Any) -> None:
    ended, gone = contact(cast, indus, now), contact(cast, indus, now)
    end_period(ended, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now + DAY)
    erase_subject(gone.subject, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now + DAY)
    assert not list_contacts(indus.pk, at=now + 2 * DAY).exists()


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_the_wrong_role_adds_no_contact(name: str, cast: Cast, indus: Any, now: Any) -> None:
    with pytest.raises(NotAllowed):
        contact(cast, indus, now, name=name)


# The to-do list


def test_officers_see_what_is_missing_at_every_client(cast: Cast, now: Any, django_assert_num_queries: Any) -> None:
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        attest(cast, client, now)
        contact(cast, client, now, "dpo")
        contact(cast, client, now)
    with as_officer(), django_assert_num_queries(4):
        found = {one.client.code: one for one in list_to_do(at=now)}
    assert set(found) == {"indus", "khyber"}
    indus, khyber = found["indus"], found["khyber"]
    assert (indus.duties, indus.needs_privacy_contact, indus.needs_notice_contact) == ((), False, False)
    assert indus.needs_address
    assert (len(khyber.duties), khyber.needs_privacy_contact, khyber.needs_notice_contact) == (3, True, True)


# Reminders


def test_a_reminder_is_sent_once_a_day(cast: Cast, indus: Any) -> None:
    at = CAST_AT + 23 * DAY
    assert remind_of_duties(indus.pk, actor=WORKER, at=at)
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at + timedelta(minutes=1))
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at + DAY)
    assert not mail.outbox
    assert Entry.objects.filter(kind="duty.reminded").count() == 1


def test_an_attested_client_is_not_reminded(cast: Cast, indus: Any) -> None:
    at = CAST_AT + 23 * DAY
    attest(cast, indus, at)
    assert not remind_of_duties(indus.pk, actor=WORKER, at=at)


# PakTaleem's part for each purpose


def test_the_table_of_parts_names_each_purpose_with_its_next_change(cast: Cast, indus: Any, now: Any) -> None:
    purpose = Purpose.objects.get(code="security_integrity", client_id=PAKTALEEM)
    row = PurposeCapacity(client_id=indus.pk, purpose=purpose, capacity="joint_controller", starts_at=now + DAY)
    change_register(row, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    parts = {one.purpose.code: one for one in list_parts(indus.pk, at=now)}
    later = {one.purpose.code: one for one in list_parts(indus.pk, at=now + 2 * DAY)}
    assert "newsletter" in parts
    assert (parts["newsletter"].part, parts["newsletter"].since) == ("processor", None)
    before, after = parts["security_integrity"], later["security_integrity"]
    assert (before.part, before.is_own, before.next_part, before.next_at) == (
        "controller",
        False,
        "joint_controller",
        now + DAY,
    )
    assert (after.part, after.is_own, after.next_part) == ("joint_controller", True, None)
