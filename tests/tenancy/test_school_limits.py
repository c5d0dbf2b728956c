# ruff: noqa: E501, S608 -- SQL reads better in one line; names of our own tables
"""Attacks across the schools of one client by a user who can send any SQL as the role of limited staff.

Danish and his mother Esra belong to the school North, which is part of the district; Hamza belongs to South. Iqra and
Junaid have no school.
"""

import uuid
from datetime import date

import pytest
from django.db import connection
from psycopg import errors

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import ContextSwitchRefused, as_officer, in_client, in_global
from tests.tenancy.connections import become_app, become_client, become_limited, rows

REFUSED = errors.InsufficientPrivilege
PEOPLE = "people_subject"


class Schools:
    """Schools of Indus, written through one connection; ``ids`` by name."""

    def __init__(self, door, people):
        self.door, self.people, self.client = door, people, people.client_id("indus")
        self.ids = {name: uuid.uuid4() for name in ("district", "north", "south")}
        become_client(door, self.client)
        for name, parent in (("district", None), ("north", self.ids["district"]), ("south", None)):
            door.execute(
                "INSERT INTO schools_school (id, client_id, external_id, origin, recorded_at, changed_at, name, kind, parent_id)"
                " VALUES (%s, %s, %s, 'api', now(), now(), %s, 'school', %s)",
                [self.ids[name], self.client, name, name, parent],
            )
            door.execute(
                "INSERT INTO schools_schoolclass (id, client_id, external_id, origin, recorded_at, changed_at, title, kind, school_id)"
                " SELECT gen_random_uuid(), client_id, external_id, origin, recorded_at, changed_at, name, 'homeroom', id"
                " FROM schools_school WHERE id = %s",
                [self.ids[name]],
            )
        self.enrol("danish", "north")
        self.enrol("hamza", "south")

    def enrol(self, person, school, starts_on=date(2026, 8, 1), ends_on=None):
        self.door.execute(
            "INSERT INTO schools_enrolment (id, client_id, school_class_id, subject_id, role, external_id, origin, starts_on, ends_on, recorded_at)"
            " SELECT gen_random_uuid(), client_id, id, %s, 'student', '', 'api', %s, %s, now() FROM schools_schoolclass WHERE external_id = %s",
            [self.people.subject_id(person), starts_on, ends_on, school],
        )

    def limit(self, *names):
        become_limited(self.door, self.client, *(self.ids[name] for name in names))

    def seen(self, *names):
        self.limit(*names)
        found = {one for (one,) in rows(self.door, f"SELECT id FROM {PEOPLE}")}
        become_app(self.door)
        return {name for name in ("danish", "esra", "hamza", "iqra", "junaid") if self.people.subject_id(name) in found}


@pytest.fixture
def schools(app, people):
    return Schools(app, people)


@pytest.fixture
def north(schools):
    schools.limit("north")
    return schools.door


def test_staff_of_a_school_see_its_people_and_their_guardians_only(schools):
    assert schools.seen("north") == schools.seen("district") == {"danish", "esra"}
    assert schools.seen("south") == {"hamza"}
    assert schools.seen("north", "south") == {"danish", "esra", "hamza"}
    assert schools.seen() == set()


def test_who_moves_to_another_school_is_seen_there_and_no_longer_here(schools):
    door, danish = schools.door, schools.people.subject_id("danish")
    schools.enrol("danish", "south", date(2027, 1, 1))
    assert schools.seen("north") == schools.seen("south") - {"hamza"} == {"danish", "esra"}, "in both until one ends"
    door.execute(
        "UPDATE schools_enrolment SET ends_on = '2026-12-31' WHERE subject_id = %s AND starts_on = '2026-08-01'",
        [danish],
    )
    assert (schools.seen("north"), schools.seen("south")) == (set(), {"danish", "esra", "hamza"})
    door.execute(
        "UPDATE schools_enrolment SET ended_at = now(), ends_on = '2027-06-30' WHERE subject_id = %s", [danish]
    )
    assert schools.seen("south") == {"danish", "esra", "hamza"}, "the last school keeps who left"
    door.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'south'", [schools.ids["north"]])
    assert (schools.seen("district"), schools.seen("south")) == ({"danish", "esra", "hamza"}, set())
    door.execute("UPDATE schools_school SET parent_id = NULL WHERE id = %s", [schools.ids["north"]])
    assert (schools.seen("north"), schools.seen("district")) == ({"danish", "esra", "hamza"}, set())
    door.execute("UPDATE people_guardianclaim SET ends_at = now() WHERE child_id = %s", [danish])
    door.execute("UPDATE guardians_guardianship SET ends_at = now() WHERE child_id = %s", [danish])
    door.execute("DELETE FROM schools_enrolment WHERE subject_id = %s", [schools.people.subject_id("hamza")])
    assert schools.seen("north") == {"danish", "esra"}, "a guardian stays in the school of the last child"
    door.execute("UPDATE schools_enrolment SET ended_at = now(), ends_on = starts_on WHERE subject_id = %s", [danish])
    schools.enrol("danish", "district", date(2028, 1, 1))
    assert (schools.seen("north"), schools.seen("district")) == (set(), {"danish", "esra"})


def test_no_one_writes_the_schools_of_a_person(north, people):
    wider = f"UPDATE {PEOPLE} SET school_ids = school_ids || gen_random_uuid() WHERE id = %s"
    forged = f"INSERT INTO {PEOPLE} (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at, school_ids) VALUES (gen_random_uuid(), %s, 'x', 'student', 'en', true, now(), now(), (SELECT tenancy_schools()))"
    for become in (lambda _: None, become_app):
        become(north)
        for statement, value in ((wider, people.subject_id("danish")), (forged, people.client_id("indus"))):
            with pytest.raises(REFUSED, match="follow from enrolments only"), north.transaction():
                north.execute(statement, [value])
        with pytest.raises(REFUSED, match="permission denied for function"), north.transaction():
            north.execute("SELECT school_limits_recompute('{}')")


def test_a_limit_is_neither_widened_nor_given_away(schools, people):
    own, farah = [schools.ids["north"]], people.user_id("farah")
    schools.door.execute("UPDATE accounts_membership SET school_ids = %s WHERE user_id = %s", [own, farah])
    schools.limit("north")
    assert rows(schools.door, "SELECT user_id FROM accounts_membership") == [(farah,)]
    give = "INSERT INTO accounts_membership (id, client_id, user_id, role, starts_at, school_ids) VALUES (gen_random_uuid(), %s, %s, 'client_auditor', now(), %s)"
    for wider in (None, [schools.ids["south"]], [*own, schools.ids["south"]]):
        with pytest.raises(REFUSED, match="row-level security"), schools.door.transaction():
            schools.door.execute("UPDATE accounts_membership SET school_ids = %s", [wider])
        with pytest.raises(REFUSED, match="row-level security"), schools.door.transaction():
            schools.door.execute(give, [schools.client, people.user_id("celia"), wider])
    assert schools.door.execute(give, [schools.client, people.user_id("celia"), own]).rowcount == 1
    become_app(schools.door)
    with pytest.raises(errors.CheckViolation, match="membership_limit_names_schools"):
        schools.door.execute("UPDATE accounts_membership SET school_ids = '{}' WHERE user_id = %s", [farah])


@pytest.mark.parametrize("setting", ["", None])
def test_the_limited_role_without_schools_is_refused(app, people, setting):
    become_client(app, people.client_id("indus"))
    if setting is not None:
        app.execute("SELECT set_config('paktaleem.schools', %s, true)", [setting])
    app.execute("SELECT set_config('role', 'paktaleem_limited', true)")
    with pytest.raises(REFUSED, match="no schools"):
        rows(app, f"SELECT * FROM {PEOPLE}")


def test_a_context_inside_a_limited_one_stays_limited(cast, db):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        assert Subject.objects.count() > 0
    with in_client(client_id, schools=frozenset({uuid.uuid4()})):
        with in_client(client_id):
            assert Subject.objects.count() == 0
        with in_global():
            assert settings_now() == ("paktaleem_app", "")
        assert (Subject.objects.count(), settings_now()[0]) == (0, "paktaleem_limited")
        with pytest.raises(ContextSwitchRefused), in_client(client_id, schools=frozenset({uuid.uuid4()})):
            pass
        with pytest.raises(ContextSwitchRefused), as_officer():
            pass
    with in_client(client_id):
        assert Subject.objects.count() > 0


def settings_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('paktaleem.client', true)")
        return cursor.fetchone()
