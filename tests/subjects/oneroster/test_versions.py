"""OneRoster 1.2, and delta packages."""

from datetime import date

import pytest

from paktaleem.directory.schools.oneroster.roster import open_roster
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person
from tests.rosters import clean_network, odd_network, people_of


def read(package, tmp_path):
    with open_roster(package.write(tmp_path / "roster.zip")) as roster:
        return roster, people_of(roster), list(roster.relations())


def places(found):
    return [(p.code, p.file, p.row, p.column) for p in found]


# Version 1.2


@pytest.mark.parametrize("package", [clean_network, odd_network])
def test_both_versions_give_the_same_people(tmp_path, package):
    _, *told = read(package(), tmp_path)
    roster, *told_anew = read(package().as_version_1_2(), tmp_path)
    assert told_anew == told
    assert roster.kind == "OneRoster 1.2"


def test_of_several_primary_roles_the_most_protective_is_the_main_one(tmp_path):
    package = clean_network().as_version_1_2()
    package.give_role("farhan", "parent", "secondary")
    package.give_role("esra", "student")
    package.row("users.csv", "danish")["agentSourcedIds"] = "esra,farhan"
    _, people, relations = read(package, tmp_path)
    roles = {person.external_id: (person.role, person.other_roles) for person in people}
    assert roles["farhan"] == ("instructor", ("guardian",))
    assert roles["esra"] == ("student", ("guardian",))
    assert GuardianRelation("danish", "farhan", "parent") in relations


def test_a_person_with_only_a_custom_role_is_skipped(tmp_path):
    package = clean_network().as_version_1_2()
    package.tables["roles.csv"][1]["role"] = "ext:librarian"
    roster, people, _ = read(package, tmp_path)
    assert "farhan" not in {person.external_id for person in people}
    assert [p.code for p in roster.oddity_sample] == ["role_extended", "role_missing"]


def test_a_column_of_version_1_2_0_is_skipped_in_any_position(tmp_path):
    package = clean_network().as_version_1_2()
    package.headers["users.csv"].insert(17, "resourceSourcedIds")
    package.row("users.csv", "danish")["resourceSourcedIds"] = "res-1"
    _, people, _ = read(package, tmp_path)
    assert people[3].full_name == "Danish Khan"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (("roles.csv", "rol-1", "role", "headmaster"), "value_not_allowed"),
        (("roles.csv", "rol-1", "roleType", "main"), "value_not_allowed"),
        (("roles.csv", "rol-1", "userSourcedId", "nobody"), "reference_unknown"),
    ],
)
def test_a_wrong_cell_of_version_1_2_is_named(refused, cell, code):
    file, source_id, column, value = cell
    package = clean_network().as_version_1_2()
    package.row(file, source_id)[column] = value
    where = (file, package.line(file, source_id), column)
    assert places(refused(package)) == [(code, *where)]


def test_in_version_1_2_only_roles_csv_states_roles(tmp_path, refused):
    package = clean_network().as_version_1_2()
    package.headers["users.csv"] = clean_network().headers["users.csv"]
    package.row("users.csv", "danish")["role"] = "teacher"
    roster, people, _ = read(package, tmp_path)
    assert people[3].role == "student"
    assert ("column_ignored", "users.csv", 1, "role") in places(roster.oddity_sample)
    package = clean_network()
    package.manifest["oneroster.version"] = "1.2"
    assert ("file_needed", "roles.csv", None, None) in places(refused(package))


# Deltas


def test_a_delta_has_new_changed_and_deleted_people(tmp_path):
    roster, people, relations = read(clean_network().as_delta(danish="active", farhan="tobedeleted"), tmp_path)
    assert not roster.is_whole
    assert people == [
        Person("farhan", None, None, None, None, None, enabled=None, gone=True),
        Person("danish", "student", "Danish Khan", "", "", date(2017, 3, 14), enabled=True),
    ]
    assert relations == []
    assert list(roster.mentions()) == [DeltaRelation(3, "danish", "esra", None)]
    assert roster.oddity_sample == ()


def test_a_delta_may_have_only_birth_dates_or_roles(tmp_path):
    package = clean_network().as_version_1_2().as_delta(danish="active")
    package.without("users.csv")
    _, people, _ = read(package, tmp_path)
    assert people == [Person("danish", "student", None, None, None, date(2017, 3, 14), enabled=None)]


def test_each_file_is_declared_as_bulk_or_delta(tmp_path):
    package = clean_network()
    package.manifest["file.demographics"] = "delta"
    package.row("demographics.csv", "danish").update(status="active", dateLastModified="2026-10-01T08:00:00.000Z")
    roster, people, _ = read(package, tmp_path)
    assert roster.is_whole
    assert people[3].birth_date == date(2017, 3, 14)


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"status": ""}, "value_not_allowed", "status"),
        ({"status": "inactive"}, "value_not_allowed", "status"),
        ({"enabledUser": ""}, "required_empty", "enabledUser"),
    ],
)
def test_a_wrong_row_of_a_delta_is_named(refused, cells, code, column):
    package = clean_network().as_delta(danish="active")
    package.row("users.csv", "danish").update(cells)
    assert places(refused(package)) == [(code, "users.csv", 2, column)]


def test_a_deleted_row_needs_only_its_id(tmp_path):
    package = clean_network().as_delta(danish="tobedeleted")
    package.row("users.csv", "danish").update(dict.fromkeys(["username", "role", "orgSourcedIds", "givenName"], ""))
    _, people, _ = read(package, tmp_path)
    assert [(person.external_id, person.gone) for person in people] == [("danish", True)]


def test_a_delta_without_a_status_column_is_refused(refused):
    package = clean_network().as_delta(danish="active")
    package.headers["users.csv"].remove("status")
    assert places(refused(package)) == [("header_wrong", "users.csv", 1, None)]


def test_a_row_that_a_complete_file_marks_as_deleted_is_read_as_deleted(tmp_path):
    package = clean_network()
    package.row("users.csv", "farhan")["status"] = "tobedeleted"
    roster, people, _ = read(package, tmp_path)
    assert [person.external_id for person in people if person.gone] == ["farhan"]
    assert places(roster.oddity_sample) == [("deleted_in_bulk", "users.csv", 3, "status")]
