"""The age of consent: notices in advance; at the birthday guardians' consent ends, and the person is asked once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from children.ageing.models import AgeNotice
from children.ageing.selectors import coming_of_age, without_notice
from children.ageing.services import send_age_notices
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.revocation import request_renewals
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.children.guardians import guardian_of, record_answer, verified_guardian
from tests.factories import SETTING_UP, SubjectFactory
from tests.showing import shown
from tests.signing_in import browser_of

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def test_a_guardians_consent_is_requested_anew_at_the_exact_time_of_the_birthday(cast, now):
    worker = system_actor("consent.ask_about_renewal")
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        verified_guardian(danish, esra, at=now)
        record_answer(danish, esra, "given", at=now)
        given: dict[str, Any] = {"given_by": GivenBy.GUARDIAN, "guardian": esra, "shown": shown(danish.client_id, now)}
        answers = [Answer("newsletter", ConsentState.GIVEN)]
        record_answers(danish, answers=answers, **given, actor=SETTING_UP, at=now)
        birthday = danish.of_age_at
        told: dict[str, Any] = {"actor": worker}
        assert request_renewals(danish.client_id, at=birthday - SECOND, **told) == 0
        assert request_renewals(danish.client_id, at=birthday, **told) == 1
        assert request_renewals(danish.client_id, at=birthday + SECOND, **told) == 0
        row = Consent.objects.get(subject=danish)
        assert (row.state, row.asked_at) == ("given", birthday)
        assert ConsentEvent.objects.filter(subject=danish, state="requested", given_by="organisation").count() == 1


@pytest.fixture
def soon(cast, now):
    """Sana of Indus reaches the age of consent in twenty days; she and her mother have contacts on file."""
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        born = (now + timedelta(days=20)).date()
        born = born.replace(year=born.year - 13)
        told = {"email": "sana@mail.example", "birth_date": born, "full_name": "Sana Qureshi", "at": now - 20 * DAY}
        sana = SubjectFactory(client=client, external_id="lms-sana", **told)
        guardian_of(sana, cast.subject("esra"), at=now - 20 * DAY)
        yield Subject.objects.select_related("client").get(pk=sana.pk)


def letters(kind):
    return [one.subject_id or one.user_id for one in Letter.objects.filter(kind=kind)]


def test_client_guardian_and_young_person_are_notified_in_advance_once_with_proof(cast, soon, now):
    worker, client_id = system_actor("tests"), soon.client_id
    early = soon.of_age_at - timedelta(days=30)
    assert send_age_notices(client_id, actor=worker, at=early - SECOND) == 0
    assert send_age_notices(client_id, actor=worker, at=early) == 1
    assert send_age_notices(client_id, actor=worker, at=early + DAY) == 0
    assert letters("of_age_staff") == [cast.user_id("farah")]
    assert letters("of_age_guardian") == [cast.subject_id("esra")]
    assert letters("of_age_person") == [soon.pk]
    notice = AgeNotice.objects.get()
    assert (notice.subject_id, notice.guardians, notice.person) == (soon.pk, 1, True)
    facts = json.loads(Entry.objects.get(kind="subject.age_notice").body)["facts"]
    told = {str(one.pk) for one in Letter.objects.filter(related_id=notice.pk)}
    assert {*facts["guardians"], facts["person"]} == told
    assert len(facts["staff"]) == 1


def test_the_emails_contain_no_name_and_no_date(soon, now):
    send_age_notices(soon.client_id, actor=system_actor("tests"), at=now)
    for one in Letter.objects.filter(kind__startswith="of_age"):
        values = json.loads(decrypt_context(one))
        for channel in {"mail", *(["text"] if one.user_id is None else [])}:
            for language in ("en", "ur"):
                drawn = render(one.kind, language=language, channel=channel, values={**values, "client": "Indus"})
                assert "Sana" not in str(drawn)
                assert str(soon.of_age_at.date()) not in str(drawn)


def test_who_has_no_contact_and_whose_guardian_has_that_of_the_child_are_not_written_to(cast, now):
    with in_client(cast.client_id("indus")):
        born = (now + timedelta(days=20)).date().replace(year=now.year - 13)
        told = {"birth_date": born, "phone": "0300 1234567", "at": now - DAY}
        zara = SubjectFactory(client=cast.client("indus"), external_id="lms-zara", **told)
        his = {"role": "guardian", "phone": "+92 300 1234567", "at": now - DAY}
        father = SubjectFactory(client=cast.client("indus"), external_id="lms-father", **his)
        guardian_of(zara, father, at=now)
        lone = SubjectFactory(client=cast.client("indus"), external_id="lms-lone", birth_date=born, at=now - DAY)
        assert send_age_notices(zara.client_id, actor=system_actor("tests"), at=now) == 2
        assert letters("of_age_guardian") == []
        assert letters("of_age_person") == [zara.pk]
        assert {one.subject_id: one.guardians for one in AgeNotice.objects.all()} == {zara.pk: 0, lone.pk: 0}


def test_a_birth_date_corrected_by_more_than_half_a_year_is_notified_again(soon, now):
    worker = system_actor("tests")
    send_age_notices(soon.client_id, actor=worker, at=now)
    later = {"birth_date": soon.of_age_at.date().replace(year=soon.of_age_at.year - 12)}
    register_subject("lms-sana", client=soon.client, details=later, actor=SETTING_UP, at=now)
    assert send_age_notices(soon.client_id, actor=worker, at=now) == 0
    moved = Subject.objects.get(pk=soon.pk).of_age_at
    assert moved is not None
    again = moved - timedelta(days=20)
    assert send_age_notices(soon.client_id, actor=worker, at=again) == 1


def test_notice_goes_by_the_threshold_that_is_in_force(soon, now):
    until = now + timedelta(days=30)
    assert [one.pk for one in without_notice(coming_of_age(SETTING_UP, at=now, until=until), soon.client)] == [soon.pk]
    with connection.cursor() as cursor:  # computed for another threshold, and not recomputed yet
        cursor.execute("UPDATE people_subject SET of_age_threshold = 16 WHERE id = %s", [soon.pk])
    assert soon.pk not in [one.pk for one in without_notice(coming_of_age(SETTING_UP, at=now), soon.client)]


def test_notice_follows_the_threshold_of_a_country(soon, now):
    def listed():
        client = Client.objects.get(pk=soon.client_id)
        return soon.pk in [one.pk for one in without_notice(coming_of_age(SETTING_UP, at=now), client)]

    for country, threshold, is_listed in (("AE", 16, False), ("AE", 13, True), (soon.client.country, 16, False)):
        with connection.cursor() as cursor:
            told = [json.dumps({country: threshold}), soon.client_id]
            cursor.execute("UPDATE accounts_client SET country_thresholds = %s WHERE id = %s", told)
            cursor.execute("UPDATE people_subject SET country = 'AE' WHERE id = %s", [soon.pk])
            if country != "AE":
                cursor.execute("UPDATE people_subject SET country = '' WHERE id = %s", [soon.pk])
        assert listed() is is_listed


def test_a_notice_is_evidence_and_another_client_sees_none(cast, soon, now):
    send_age_notices(soon.client_id, actor=system_actor("tests"), at=now)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        AgeNotice.objects.update(guardians=7)


def test_only_who_sees_guardians_sees_the_calendar(now):
    nobody = key_actor(new_id(), PAKTALEEM, ["consents:read"])
    with pytest.raises(NotAllowed):
        coming_of_age(nobody, at=now)


def test_the_first_page_counts_who_soon_reaches_the_age_of_consent_and_links_to_the_calendar(cast):
    browser = browser_of(cast.user("farah"))
    assert b"Reach the age of consent" not in browser.get("/admin/").content
    with in_client(cast.client_id("indus")):
        day = (timezone.now() + timedelta(days=20)).date()
        born = day.replace(year=day.year - 13, day=min(day.day, 28))
        SubjectFactory(client=cast.client("indus"), external_id="lms-soon", birth_date=born)
    assert b"Reach the age of consent" in browser.get("/admin/").content
    calendar = browser.get("/admin/ageing/comingofage/?when=30").content.decode()
    assert "lms-soon" in calendar
    assert "lms-danish" not in calendar
    everybody = browser.get("/admin/ageing/comingofage/").content.decode()
    assert everybody.index("lms-soon") < everybody.index("lms-danish")
    assert "Not notified yet" in everybody
    assert "lms-soon" not in browser_of(cast.user("celia")).get("/admin/ageing/comingofage/").content.decode()
