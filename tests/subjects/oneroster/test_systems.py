"""Packages of three widely used school systems are read, and what is unusual in them is listed."""

from datetime import date

import pytest

from paktaleem.directory.schools.oneroster.roster import open_roster
from tests.rosters import packed, people_of
from tests.subjects.oneroster.systems import SYSTEMS

PEOPLE = [
    ("administrator", "Celia Farooqi", "celia@school.example", None),
    ("instructor", "Farhan Iqbal", "farhan@school.example", None),
    ("guardian", "Esra Khan", "esra@mail.example", None),
    ("student", "Danish Khan", "", date(2017, 3, 14)),
]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.__name__)
def test_the_package_of_a_school_system_is_read(tmp_path, system):
    with open_roster(packed(system(), tmp_path / "roster.zip")) as roster:
        people = people_of(roster)
        [relation] = roster.relations()
    assert [(one.role, one.full_name, one.email, one.birth_date) for one in people] == PEOPLE
    assert all(one.enabled for one in people)
    assert (relation.child, relation.guardian) == (people[3].external_id, people[2].external_id)
    assert relation.relationship == "parent"
    assert set(roster.oddities) == SYSTEMS[system]
