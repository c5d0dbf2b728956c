"""Packages as schools export them give the same people as the clean package, and every oddity is listed."""

import pytest

from paktaleem.directory.schools.oneroster.problems import ODDITY_TEXTS
from paktaleem.directory.schools.oneroster.roster import open_roster
from tests.rosters import RosterPackage, clean_network, odd_network, people_of
from tests.subjects.oneroster import forms
from tests.subjects.oneroster.forms import FORMS, Form


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
