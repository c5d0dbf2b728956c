"""Packages as schools export them, of three systems and both versions, give the same people; oddities are listed."""

from datetime import date

import pytest

from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person
from tests.rosters import RosterPackage, clean_network, odd_network, open_roster, packed, people_of
from tests.subjects.oneroster import forms
from tests.subjects.oneroster.forms import FORMS, Form
from tests.subjects.oneroster.systems import SYSTEMS


def formed(form: Form | None, version: str) -> RosterPackage:
    package = clean_network() if version == "1.1" else clean_network().as_version_1_2()
    if form is not None:
        form(package)
    return package


def read(package, tmp_path):
    with open_roster(package.write(tmp_path / "roster.zip")) as roster:
        return roster, people_of(roster), list(roster.relations())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_each_form_gives_the_same_people_and_is_listed(tmp_path, form, version):
    _, *expected = read(formed(None, version), tmp_path)
    roster, *found = read(formed(form, version), tmp_path)
    assert found == expected
    assert set(roster.oddities) >= FORMS[form]
    assert set(roster.oddities) <= set(ODDITY_TEXTS)
    assert FORMS[form] or set(roster.oddities) <= {"file_ignored"}


TOGETHER = (
    forms.booleans_in_capitals,
    forms.roles_in_capitals,
    forms.status_in_capitals,
    forms.date_of_change_in_another_form,
    forms.columns_reversed,
    forms.misspelt_columns_that_are_not_read,
    forms.unknown_columns,
    forms.other_values_that_are_not_used,
    forms.references_to_nothing,
    forms.usernames_empty,
    forms.ids_repeated_where_nobody_is_named,
    forms.courses_absent,
    forms.unknown_files,
)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_many_forms_at_once_give_the_same_people(tmp_path, version):
    _, *expected = read(formed(None, version), tmp_path)
    package = formed(None, version)
    for form in TOGETHER:
        form(package)
    roster, *found = read(package, tmp_path)
    assert found == expected
    assert set(roster.oddities) > {"value_spelling", "column_ignored", "file_ignored"}


def test_an_oddity_is_placed_counted_and_says_how_it_was_read(tmp_path):
    package = clean_network()
    package.row("users.csv", "danish")["enabledUser"] = "TRUE"
    package.headers["users.csv"].append("homeroom")
    roster, _, _ = read(package, tmp_path)
    assert roster.oddities == {"column_ignored": 1, "value_spelling": 1}
    ignored, spelling = roster.oddity_sample
    assert (ignored.file, ignored.row, ignored.column) == ("users.csv", 1, "homeroom")
    assert ignored.message == "A column that the portal does not know. Not read."
    assert (spelling.file, spelling.row, spelling.column) == ("users.csv", 5, "enabledUser")
    assert spelling.message == "Another spelling of an allowed value (TRUE → true). Read as the allowed value."


def test_passwords_are_never_read_kept_or_shown(tmp_path):
    package = clean_network().as_version_1_2()
    for name in ("password", "passwordHint", "metadata.pin"):
        package.headers["users.csv"] += [name] if name not in package.headers["users.csv"] else []
        package.row("users.csv", "danish")[name] = "s3cret"
    package.add("userProfiles.csv", "p-1", userSourcedId="danish", username="dkhan", password="s3cret")
    roster, people, relations = read(package, tmp_path)
    assert "s3cret" not in repr([vars(roster), people, relations])


def test_a_row_of_data_in_place_of_the_header_is_not_quoted(tmp_path):
    package = clean_network()
    package.raw["classes.csv"] = b"Danish Khan,14 March 2017\r\n"
    roster, people, _ = read(package, tmp_path)
    assert len(people) == 4
    assert "Danish" not in repr(roster.oddity_sample)
    assert roster.oddities["file_unreadable"] == 1


def test_an_oddity_quotes_ids_and_names_of_files_and_columns_only(tmp_path):
    package = odd_network()
    forms.references_to_nothing(package)
    forms.other_values_that_are_not_used(package)
    package.row("classes.csv", "cls-1")["classType"] = "Danish Khan"
    package.row("enrollments.csv", "enr-1")["endDate"] = "born 14 March 2017"
    roster, _, _ = read(package, tmp_path)
    ids = {row["sourcedId"] for row in package.tables["users.csv"]}
    quoted = {part for oddity in roster.oddity_sample for part in oddity.value.split(", ")} - {""}
    assert quoted <= ids | set(package.tables)


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
    assert roster.mentions == [DeltaRelation(3, "danish", "esra", None)]
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
