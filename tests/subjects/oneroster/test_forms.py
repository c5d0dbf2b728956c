"""Packages as schools export them, of three systems and both versions, give the same people; oddities are listed."""

from datetime import date

import pytest

from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person
from tests.rosters import clean_network, odd_network, open_roster, packed, people_of
from tests.subjects.oneroster.conftest import places
from tests.subjects.oneroster.forms import FORMS, other_values_that_are_not_used, references_to_nothing
from tests.subjects.oneroster.systems import SYSTEMS


def formed(form, version):
    package = clean_network() if version == "1.1" else clean_network().as_version_1_2()
    if form is not None:
        FORMS[form][0](package)
    return package


def read(package, tmp_path):
    with open_roster(package.write(tmp_path / "roster.zip")) as roster:
        return roster, people_of(roster), list(roster.relations())


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_people_and_is_listed(tmp_path, form, version):
    _, *expected = read(formed(None, version), tmp_path)
    roster, *found = read(formed(form, version), tmp_path)
    assert found == expected
    assert FORMS[form][1] <= set(roster.oddities) <= set(ODDITY_TEXTS)
    assert FORMS[form][1] or set(roster.oddities) <= {"file_ignored"}


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
    references_to_nothing(package)
    other_values_that_are_not_used(package)
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
    assert (relation.relationship, set(roster.oddities)) == ("parent", {*SYSTEMS[system]})


# Version 1.2


@pytest.mark.parametrize("package", [clean_network, odd_network])
def test_both_versions_give_the_same_people(tmp_path, package):
    _, *told = read(package(), tmp_path)
    roster, *told_anew = read(package().as_version_1_2(), tmp_path)
    assert (told_anew, roster.kind) == (told, "OneRoster 1.2")


def test_of_several_primary_roles_the_most_protective_is_the_main_one(tmp_path):
    package = clean_network().as_version_1_2()
    package.give_role("farhan", "parent", "secondary")
    package.give_role("esra", "student")
    package.row("users.csv", "danish")["agentSourcedIds"] = "esra,farhan"
    _, people, relations = read(package, tmp_path)
    roles = {person.external_id: (person.role, person.other_roles) for person in people}
    assert (roles["farhan"], roles["esra"]) == (("instructor", ("guardian",)), ("student", ("guardian",)))
    assert GuardianRelation("danish", "farhan", "parent") in relations


def test_a_person_with_only_a_custom_role_and_a_column_of_version_1_2_0_are_skipped(tmp_path):
    package = clean_network().as_version_1_2()
    package.tables["roles.csv"][1]["role"] = "ext:librarian"
    package.headers["users.csv"].insert(17, "resourceSourcedIds")
    package.row("users.csv", "danish")["resourceSourcedIds"] = "res-1"
    roster, people, _ = read(package, tmp_path)
    assert [person.full_name for person in people] == ["Celia Farooqi", "Esra Khan", "Danish Khan"]
    assert [p.code for p in roster.oddity_sample] == ["role_extended", "role_missing"]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("role", "headmaster", "value_not_allowed"),
        ("roleType", "main", "value_not_allowed"),
        ("userSourcedId", "nobody", "reference_unknown"),
    ],
)
def test_a_wrong_cell_of_version_1_2_is_named(refused, column, value, code):
    package = clean_network().as_version_1_2()
    package.row("roles.csv", "rol-1")[column] = value
    assert places(refused(package)) == [(code, "roles.csv", package.line("roles.csv", "rol-1"), column)]


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
    assert (relations, roster.mentions) == ([], [DeltaRelation(3, "danish", "esra", None)])
    assert roster.oddity_sample == ()


def test_a_delta_may_have_only_birth_dates_or_roles(tmp_path):
    package = clean_network().as_version_1_2().as_delta(danish="active")
    package.without("users.csv")
    _, people, _ = read(package, tmp_path)
    assert people == [Person("danish", "student", None, None, None, date(2017, 3, 14), enabled=None)]
    package = clean_network()  # each file is declared as bulk or delta
    package.manifest["file.demographics"] = "delta"
    package.row("demographics.csv", "danish").update(status="active", dateLastModified="2026-10-01T08:00:00.000Z")
    roster, people, _ = read(package, tmp_path)
    assert roster.is_whole
    assert people[3].birth_date == date(2017, 3, 14)


@pytest.mark.parametrize(("column", "value"), [("status", ""), ("status", "inactive"), ("enabledUser", "")])
def test_a_wrong_row_of_a_delta_and_one_without_a_status_column_are_named(refused, column, value):
    package = clean_network().as_delta(danish="active")
    package.row("users.csv", "danish")[column] = value
    code = "value_not_allowed" if column == "status" else "required_empty"
    assert places(refused(package)) == [(code, "users.csv", 2, column)]
    package.headers["users.csv"].remove("status")
    assert places(refused(package)) == [("header_wrong", "users.csv", 1, None)]


def test_a_deleted_row_needs_only_its_id(tmp_path):
    package = clean_network().as_delta(danish="tobedeleted")
    package.row("users.csv", "danish").update(dict.fromkeys(["username", "role", "orgSourcedIds", "givenName"], ""))
    _, people, _ = read(package, tmp_path)
    assert [(person.external_id, person.gone) for person in people] == [("danish", True)]


def test_a_row_that_a_complete_file_marks_as_deleted_is_read_as_deleted(tmp_path):
    package = clean_network()
    package.row("users.csv", "farhan")["status"] = "tobedeleted"
    roster, people, _ = read(package, tmp_path)
    assert [person.external_id for person in people if person.gone] == ["farhan"]
    assert places(roster.oddity_sample) == [("deleted_in_bulk", "users.csv", 3, "status")]
