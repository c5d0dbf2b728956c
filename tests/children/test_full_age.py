"""Guardianships end at full age, and from the age of consent on a young person is informed of guardians' requests."""

import json
from datetime import timedelta

import pytest

from children.ageing.services import end_guardianships_of_adults
from children.guardians.models.guardians import Guardianship
from children.guardians.selectors import GuardianshipUnknown, get_live_guardianship, list_informed_guardians
from children.invitations.selectors import list_wards
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.channels.guardians import Wish, record_guardian_request
from rights.requests.models import RequestPart, RightKind
from rights.requests.services.decisions import has_authority
from tests.api.callers import Caller
from tests.children.guardians import make_guardian, record_answer, verified_guardian
from tests.factories import SETTING_UP, SubjectFactory

DAY = timedelta(days=1)


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


def letters(kind):
    return [one.subject_id for one in Letter.objects.filter(kind=kind)]


def test_a_guardian_gets_no_data_of_a_person_of_full_age(indus, omar, now):
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


def test_full_age_is_that_of_the_country(indus, omar, now, settings):
    zara = person(indus, now, 18, days=-10)
    verified_guardian(zara, omar, at=now)
    settings.FULL_AGES = {indus.country: 21}
    assert list_wards(omar, at=now + 11 * DAY)


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
    assert Guardianship.objects.get().ends_at == later
    assert letters("full_age_guardian") == [omar.pk]
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


def test_the_full_age_of_the_country_decides_for_the_api_too(cast, now, settings):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        person(indus, now, 20)
    settings.FULL_AGES = {indus.country: 21}
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
