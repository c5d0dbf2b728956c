"""Children and guardians grow up: the age of consent, full age, and guardians who are minors themselves."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from children.ageing.models import AgeNotice
from children.ageing.services import coming_of_age, end_guardianships_of_adults, send_age_notices, without_notice
from children.ageing.tasks import end_due_guardianships
from children.guardians.models import Guardianship, Verification
from children.guardians.selectors import (
    GuardianshipUnknown,
    get_live_guardianship,
    list_informed_guardians,
    load_child_facts,
)
from children.guardians.services.guardians import StillAChild
from children.guardians.services.verifications import MayNotConsent, end_authority_of_minors_on_file, verify_guardian
from children.invitations.selectors import list_wards
from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy
from consent.consents.services.consent_basis import ChildMayNotGive
from consent.consents.services.recording import Answer, record_answers
from consent.consents.services.revocation import request_renewals
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, key_actor, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.channels.guardians import Wish, record_guardian_request
from rights.requests.models import RequestPart, RightKind
from rights.requests.services.decisions import has_authority
from tests.api.callers import Caller
from tests.children.guardians import decision_reason, guardian_of, make_guardian, record_answer, verified_guardian
from tests.consent.making import shown
from tests.factories import SETTING_UP, SubjectFactory
from tests.laws import law_of_pakistan, period
from tests.signing_in import browser_of

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_a_guardians_consent_is_requested_anew_at_the_exact_time_of_the_birthday(cast, danish, esra, now):
    worker = system_actor("consent.ask_about_renewal")
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
    assert (letters("of_age_guardian"), letters("of_age_person")) == ([cast.subject_id("esra")], [soon.pk])
    notice = AgeNotice.objects.get()
    assert (notice.subject_id, notice.guardians, notice.person) == (soon.pk, 1, True)
    facts = json.loads(Entry.objects.get(kind="subject.age_notice").body)["facts"]
    told = {str(one.pk) for one in Letter.objects.filter(related_id=notice.pk)}
    assert ({*facts["guardians"], facts["person"]}, len(facts["staff"])) == (told, 1)


def test_the_emails_contain_no_name_and_no_date(soon, now):
    send_age_notices(soon.client_id, actor=system_actor("tests"), at=now)
    for one in Letter.objects.filter(kind__startswith="of_age"):
        values = json.loads(decrypt_context(one))
        for channel in {"mail", *(["text"] if one.user_id is None else [])}:
            for language in ("en", "ur"):
                drawn = render(one.kind, language=language, channel=channel, values={**values, "client": "Indus"})
                assert "Sana" not in str(drawn)
                assert str(soon.of_age_at.date()) not in str(drawn)


def test_who_has_no_contact_and_whose_guardian_has_that_of_the_child_are_not_written_to(cast, indus, now):
    born = (now + timedelta(days=20)).date().replace(year=now.year - 13)
    told = {"birth_date": born, "phone": "0300 1234567", "at": now - DAY}
    zara = SubjectFactory(client=indus, external_id="lms-zara", **told)
    his = {"role": "guardian", "phone": "+92 300 1234567", "at": now - DAY}
    father = SubjectFactory(client=indus, external_id="lms-father", **his)
    guardian_of(zara, father, at=now)
    lone = SubjectFactory(client=indus, external_id="lms-lone", birth_date=born, at=now - DAY)
    assert send_age_notices(zara.client_id, actor=system_actor("tests"), at=now) == 2
    assert (letters("of_age_guardian"), letters("of_age_person")) == ([], [zara.pk])
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
    calendar = browser.get("/admin/ageing/comingofage/?when=30").text
    assert "lms-soon" in calendar
    assert "lms-danish" not in calendar
    everybody = browser.get("/admin/ageing/comingofage/").text
    assert everybody.index("lms-soon") < everybody.index("lms-danish")
    assert "Not notified yet" in everybody
    assert "lms-soon" not in browser_of(cast.user("celia")).get("/admin/ageing/comingofage/").text


@pytest.fixture
def omar(indus, now):
    SubjectFactory(
        client=indus, external_id="lms-omar", role="guardian", full_name="Omar", email="omar@mail.example", at=now
    )
    return Subject.objects.select_related("client").get(external_id="lms-omar")


def person(indus, now, years, days=0, at=None):
    """Return a student with an email address who turned ``years`` some days ago; a negative number is still to come."""
    born = (now - timedelta(days=days)).date()
    born = born.replace(year=born.year - years)
    contact = {"email": "zara@mail.example", "full_name": "Zara"}
    SubjectFactory(client=indus, external_id="lms-zara", birth_date=born, at=at or now - 30 * DAY, **contact)
    return Subject.objects.select_related("client").get(external_id="lms-zara")


def ask(child, guardian, at, wish=Wish.COPY):
    by = {"identity": "lms", "channel": "telephone", "actor": SETTING_UP, "at": at}
    return record_guardian_request(child, guardian=guardian, wish=wish, **by)


def test_a_guardian_gets_no_data_of_a_person_of_the_full_age_of_the_country(indus, omar, now, tmp_path):
    zara = person(indus, now, 18, days=-10)
    verified_guardian(zara, omar, at=now)
    made = ask(zara, omar, now)
    assert [row.child_id for row in list_wards(omar, at=now)] == [zara.pk]
    assert has_authority(made, "access", at=now)
    later = now + 11 * DAY
    assert not list_wards(omar, at=later)
    assert not list_informed_guardians(zara, at=later)
    assert not has_authority(made, "access", at=later)
    for wish in (Wish.COPY, Wish.DELETION, Wish.KEEP):
        with pytest.raises(GuardianshipUnknown):
            ask(zara, omar, later, wish)
    with pytest.raises(GuardianshipUnknown):
        get_live_guardianship(zara, omar, at=later)
    with full_age(tmp_path, 21):
        assert list_wards(omar, at=now + 11 * DAY)


def full_age(folder, years):
    return law_of_pakistan(folder / str(years), period("2017-05-30", full_age=f"years = {years}"))


def test_the_worker_ends_guardianships_at_full_age_once_and_notifies_both(indus, omar, now):
    in_childhood = now - 2_500 * DAY
    zara = person(indus, now, 18, days=-10, at=in_childhood)
    verified_guardian(zara, omar, at=in_childhood)
    record_answer(zara, omar, "refused", at=in_childhood)
    worker = system_actor("ageing.end_guardianships")
    assert end_guardianships_of_adults(indus.pk, actor=worker, at=now + DAY) == (None, 0)
    later = now + 11 * DAY
    assert end_guardianships_of_adults(indus.pk, actor=worker, at=later) == (None, 1)
    assert end_guardianships_of_adults(indus.pk, actor=worker, at=later + DAY) == (None, 0)
    assert (Guardianship.objects.get().ends_at, letters("full_age_guardian")) == (later, [omar.pk])
    assert letters("full_age_person") == [zara.pk]
    assert Entry.objects.filter(kind="guardian.ended", subject_id=zara.pk).count() == 1


def test_a_guardianship_of_unknown_age_does_not_end(cast, indus, omar, now):
    verified_guardian(cast.subject("iqra"), omar, at=now)
    worker = system_actor("ageing.end_guardianships")
    assert end_guardianships_of_adults(indus.pk, actor=worker, at=now + 9_000 * DAY) == (None, 0)


def test_the_client_decides_about_a_copy_of_a_young_persons_data(indus, omar, now):
    zara = person(indus, now, indus.thresholds.of(""), days=-10)
    verified_guardian(zara, omar, at=now)
    made = ask(zara, omar, now + 11 * DAY)
    assert {part.decision for part in RequestPart.objects.filter(request=made)} == {""}
    assert not Order.objects.filter(kind="collect").exists()
    assert made.state == "with_client"
    letter = Letter.objects.get(kind="rights_of_guardian")
    assert json.loads(decrypt_context(letter))["rights"] == str(RightKind.ACCESS.label)


@pytest.mark.parametrize("age", [18, 22])
def test_the_api_knows_no_guardian_of_a_person_of_full_age(cast, now, age):
    lms, url = Caller(cast.key("indus")), "/api/v1/subjects/lms-zara/guardians"
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        zara, omar = person(indus, now, age, days=1), make_guardian(indus, "omar", at=now)
        if age == 18:  # named in time, and the task that ends it has not run
            verified_guardian(zara, omar, at=now - 20 * DAY)
    named = {"guardian": omar.external_id, "relationship": "parent", "may_consent": True, "may_receive_data": True}
    for answer in (lms.get(url), lms.post(url, named)):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:paktaleem:problem:guardian-unknown")
    with in_client(indus.pk):
        assert Guardianship.objects.count() == (age == 18)


def test_the_full_age_of_the_country_decides_for_the_api_too(cast, now, tmp_path):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        person(indus, now, 20)
    with full_age(tmp_path, 21):
        assert Caller(cast.key("indus")).get("/api/v1/subjects/lms-zara/guardians").status_code == 200


def test_a_young_person_hears_of_each_request_and_a_child_does_not(indus, omar, now):
    threshold = indus.thresholds.of("")
    zara = person(indus, now, threshold, days=-10)
    verified_guardian(zara, omar, at=now)
    ask(zara, omar, now)
    assert letters("rights_of_guardian") == []
    later = now + 11 * DAY
    made = ask(zara, omar, later, Wish.RECTIFICATION)
    assert letters("rights_of_guardian") == [zara.pk]
    assert Letter.objects.get(kind="rights_of_guardian").related_id == made.pk
    ask(zara, omar, later + DAY, Wish.RECTIFICATION)
    assert letters("rights_of_guardian") == [zara.pk]
    ask(zara, omar, later + DAY, Wish.DELETION)
    assert len(letters("rights_of_guardian")) == 2


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("age", [{"attested_age": 14}, {"birth_date": date(2008, 10, 2)}])
def test_no_one_below_full_age_is_named(cast, indus, danish, now, age):
    teen = SubjectFactory(client=indus, external_id="lms-teen", role="student", at=now, **age)
    with pytest.raises(StillAChild):
        guardian_of(danish, teen, at=now)
    assert not Guardianship.objects.exists()


def test_full_age_is_that_of_the_country_and_never_below_the_age_of_consent(cast, indus, danish, now, tmp_path):
    grown = SubjectFactory(client=indus, external_id="lms-aunt", role="guardian", attested_age=19, at=now)
    with full_age(tmp_path, 20), pytest.raises(StillAChild):
        guardian_of(danish, grown, at=now)
    assert guardian_of(danish, grown, at=now)
    full_ages = Thresholds(16, {"DE": 21, "IN": 13}, "PK").to_full_ages({"AE": 21, "IN": 12})
    assert [full_ages.of(country) for country in ("", "DE", "IN", "AE", "GB")] == [18, 21, 13, 21, 18]


def say(child, at, **by):
    token = shown(child.client_id, at)
    return record_answers(child, answers=[Answer("newsletter", ConsentState.GIVEN)], shown=token, at=at, **by)


@pytest.mark.parametrize("born", ["2014-03-01", "2010-03-01"])
def test_a_guardian_who_turns_out_to_be_a_minor_loses_authority(cast, now, born):
    lms = Caller(cast.key("indus"))
    with in_client(cast.client_id("indus")):
        danish, omar = cast.subject("danish"), make_guardian(cast.client("indus"), "omar", at=now)
        row = verified_guardian(danish, omar, at=now)
        record_answer(danish, omar, "given", shares=True, at=now)
        assert load_child_facts(danish).standing(now).persons == {omar.pk}
    assert lms.put("/api/v1/subjects/lms-omar", {"role": "guardian", "birth_date": born}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert load_child_facts(danish).standing(now + MINUTE).persons == frozenset()
        assert Verification.objects.get().ended_at is not None
        with pytest.raises(MayNotConsent):
            verify_guardian(row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=now + MINUTE)
    [guardian] = lms.get("/api/v1/subjects/lms-danish/guardians").json()["guardians"]
    assert guardian["has_authority"] is False
    assert decision_reason(cast, "lms-danish", now + MINUTE) != "permitted"


def test_the_daily_task_ends_the_authority_of_minors_on_file(indus, danish, now):
    esra, omar = make_guardian(indus, "esra-2", at=now), make_guardian(indus, "omar", at=now)
    for guardian in (esra, omar):
        verified_guardian(danish, guardian, at=now)
    for name, year in (("esra-2", 1980), ("omar", 2010)):
        lms = {"client": indus, "external_id": f"lms-{name}", "role": "guardian", "birth_date": date(year, 3, 1)}
        SubjectFactory(**lms, at=now)
    with connection.cursor() as cursor:  # as on file before authority ended with the birth date
        cursor.execute("UPDATE guardians_verification SET ended_at = NULL")
    assert load_child_facts(danish).standing(now).persons == {esra.pk, omar.pk}
    worker = system_actor("ageing.end_guardianships")
    assert end_authority_of_minors_on_file(indus.pk, actor=worker, at=now) == (None, 1)
    assert end_authority_of_minors_on_file(indus.pk, actor=worker, at=now) == (None, 0)
    assert load_child_facts(danish).standing(now + MINUTE).persons == {esra.pk}


def test_the_daily_task_checks_the_guardians_of_every_client(cast, now):
    with in_client(cast.client_id("indus")):
        omar, danish = make_guardian(cast.client("indus"), "omar", at=now), cast.subject("danish")
        verified_guardian(danish, omar, at=now)
        lms = {"client": cast.client("indus"), "external_id": "lms-omar", "role": "guardian"}
        SubjectFactory(**lms, birth_date=date(2010, 3, 1), at=now)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE guardians_verification SET ended_at = NULL")
    end_due_guardianships(0)
    with in_client(cast.client_id("indus")):
        assert load_child_facts(danish).guardians[0].verified == ()


def test_a_guardian_who_is_a_child_consents_neither_for_another_nor_alone(cast, indus, danish, now):
    omar = make_guardian(indus, "omar", at=now)
    verified_guardian(danish, omar, at=now)
    lms = {"client": indus, "external_id": "lms-omar", "role": "guardian", "birth_date": date(2014, 3, 1)}
    omar = SubjectFactory(**lms, at=now)
    with pytest.raises(StillAChild):
        say(danish, now, given_by=GivenBy.GUARDIAN, guardian=omar, actor=SETTING_UP)
    with pytest.raises(ChildMayNotGive):
        say(omar, now, actor=SETTING_UP)


def test_the_refusal_of_a_guardian_who_turns_out_to_be_a_minor_stays(cast, indus, danish, now):
    omar = make_guardian(indus, "omar", at=now)
    verified_guardian(danish, omar, at=now)
    record_answer(danish, omar, "refused", at=now)
    SubjectFactory(client=indus, external_id="lms-omar", role="guardian", birth_date=date(2014, 3, 1), at=now)
    assert load_child_facts(danish).standing(now).state == "refused"
