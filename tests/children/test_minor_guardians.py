"""A guardian must be of full age; authority ends when it becomes known that one is not."""

from datetime import date, timedelta

import pytest
from django.db import connection

from children.ageing.tasks import end_due_guardianships
from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.selectors import load_child_facts
from children.guardians.services.guardians import StillAChild
from children.guardians.services.verifications import MayNotConsent, end_authority_of_minors_on_file, verify_guardian
from consent.consents.models import ConsentState, GivenBy
from consent.consents.services.consent_basis import ChildMayNotGive
from consent.consents.services.recording import Answer, record_answers
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.thresholds import Thresholds
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.children.guardians import decision_reason, guardian_of, make_guardian, record_answer, verified_guardian
from tests.factories import SETTING_UP, SubjectFactory
from tests.showing import shown

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("age", [{"attested_age": 14}, {"birth_date": date(2008, 10, 2)}])
def test_no_one_below_full_age_is_named(cast, indus, danish, now, age):
    teen = SubjectFactory(client=indus, external_id="lms-teen", role="student", at=now, **age)
    with pytest.raises(StillAChild):
        guardian_of(danish, teen, at=now)
    assert not Guardianship.objects.exists()


def test_full_age_is_that_of_the_country_and_never_below_the_age_of_consent(cast, indus, danish, now, settings):
    grown = SubjectFactory(client=indus, external_id="lms-aunt", role="guardian", attested_age=19, at=now)
    settings.FULL_AGES = {"PK": 20}
    with pytest.raises(StillAChild):
        guardian_of(danish, grown, at=now)
    settings.FULL_AGES = {}
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
