"""A family from sign-up at 11 to 22: one child lives in Pakistan, the other in Germany."""

from datetime import timedelta

import pytest

from children.invitations.selectors import list_wards
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from tests.children.guardians import decision_reason, make_guardian, verified_guardian
from tests.factories import SubjectFactory

DAY = timedelta(days=1)
CLOSED, OPEN = "guardian_consent_required", "permitted"
# age, a day before or after the birthday; the decision in Pakistan (13, PakTaleem's promise), in Germany (16, GDPR Art.
# 8(1)); whether the mother has access (until 18, Majority Act 1875, section 3)
LIFE = [
    (12, -DAY, CLOSED, CLOSED, True),
    (13, -DAY, CLOSED, CLOSED, True),
    (13, DAY, OPEN, CLOSED, True),
    (16, -DAY, OPEN, CLOSED, True),
    (16, DAY, OPEN, OPEN, True),
    (18, -DAY, OPEN, OPEN, True),
    (18, DAY, OPEN, OPEN, False),
    (22, DAY, OPEN, OPEN, False),
]


@pytest.fixture
def family(cast, now):
    with in_client(cast.client_id("indus")):
        indus = Client.objects.get(pk=cast.client_id("indus"))
        born = (now - DAY).date().replace(year=now.year - 11, day=1)
        mother = make_guardian(indus, "mother", at=now)
        for name, country in (("home", ""), ("abroad", "DE")):
            facts = {"external_id": name, "birth_date": born, "country": country}
            child = SubjectFactory(client=indus, role="student", at=now, **facts)
            verified_guardian(child, mother, at=now)
        yield mother, born


@pytest.mark.parametrize("stage", LIFE)
def test_who_decides_follows_the_law_where_the_child_lives(cast, now, family, stage):
    age, shift, home, abroad, has_access = stage
    mother, born = family
    at = now.replace(year=born.year + age, month=born.month, day=born.day) + shift
    assert [decision_reason(cast, name, at) for name in ("home", "abroad")] == [home, abroad]
    wards = {row.child.external_id for row in list_wards(mother, at=at)}
    assert wards == ({"home", "abroad"} if has_access else set())
    assert Subject.objects.get(external_id="abroad").of_age_threshold == 16
