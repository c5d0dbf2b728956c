import stat
import struct
import zipfile

import pytest

from paktaleem.directory.schools.oneroster import package as package_limits, problems, users
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from tests.rosters import clean_network, school
from tests.subjects.oneroster.conftest import places


def codes(found):
    return [p.code for p in found]


# One cell that decides is wrong: (file, row, column, value), code
CELLS = [
    (("users.csv", "celia", "sourcedId", ""), "required_empty"),
    (("users.csv", "esra", "sourcedId", "celia"), "id_repeated"),
    (("users.csv", "celia", "sourcedId", "celia@school.example"), "external_id_unfit"),
    (("users.csv", "celia", "sourcedId", "c" * 256), "external_id_unfit"),
    (("users.csv", "celia", "sourcedId", "ce\x1flia"), "external_id_unfit"),
    (("users.csv", "danish", "status", "inactive"), "value_not_allowed"),
    (("users.csv", "celia", "role", "headmaster"), "value_not_allowed"),
    (("users.csv", "celia", "role", ""), "required_empty"),
    (("users.csv", "danish", "enabledUser", "enabled"), "value_not_allowed"),
    (("users.csv", "danish", "enabledUser", ""), "required_empty"),
    (("demographics.csv", "danish", "birthDate", "14/03/2017"), "date_unreadable"),
    (("demographics.csv", "danish", "birthDate", "2017-03-14T00:00:00Z"), "date_unreadable"),
    (("demographics.csv", "danish", "birthDate", "2017-02-29"), "date_unreadable"),
    (("demographics.csv", "danish", "birthDate", "1899-12-31"), "birth_date_too_early"),
]


@pytest.mark.parametrize(("cell", "code"), CELLS)
def test_a_wrong_cell_is_refused_with_its_place(refused, cell, code):
    file, source_id, column, value = cell
    package = clean_network()
    line = package.line(file, source_id)
    package.row(file, source_id)[column] = value
    found = refused(package)
    assert places(found) == [(code, file, line, column)]
    assert len(value.strip()) < 2 or value not in found[0].message


def test_allowed_values_are_named(refused):
    package = clean_network()
    package.row("users.csv", "danish")["role"] = "pupil"
    [problem] = refused(package)
    allowed = "administrator, aide, guardian, parent, proctor, relative, student, teacher"
    assert problem.message == f"must be one of: {allowed}"


def changed(table, source_id, **cells):
    return lambda package: package.row(table, source_id).update(cells)


def renamed(file, column, other):
    def change(package):
        header = package.headers[file]
        header[header.index(column)] = other

    return change


def member(name, data=b""):
    return lambda package: package.raw.update({name: data})


def stated(name, value):
    return lambda package: package.manifest.update({name: value})


def appended(file, more):
    return lambda package: package.raw.update({file: package.members()[file] + more})


def several_lines_in_a_cell(package):
    package.row("users.csv", "celia")["username"] = "celia\nfarooqi"
    package.row("users.csv", "farhan")["role"] = "headmaster"


def without_user_ids(header=b""):
    """A student's row lacks a middle cell: shifted, its name would be “Khan”; ``header`` adds surplus cells to it."""

    def change(package):
        head, _, rows = package.members()["users.csv"].partition(b"\r\n")
        row = b"zoya,,,true,indus,student,zoya,Zoya,Rind" + b"," * (head.count(b",") - 9)
        package.raw["users.csv"] = head + header + b"\r\n" + rows + row + b"\r\n"

    return change


CHANGES = {
    "a row without a middle cell": (without_user_ids(), "cell_count_wrong", "users.csv"),
    "a row without a middle cell under surplus cells": (without_user_ids(b",,"), "cell_count_wrong", "users.csv"),
    "a row with a comma too many": (
        appended("users.csv", b"zoya,,,true,indus,student,zoya,,Zoya,Ali,Rind,,,zoya@m.example" + b"," * 6 + b"\r\n"),
        "cell_count_wrong",
        "users.csv",
    ),
    "no name": (changed("users.csv", "danish", givenName="", familyName=" ", middleName="Ali"), "name_empty"),
    "a name of 306 characters": (changed("users.csv", "danish", familyName="x" * 300), "name_too_long"),
    "no birth dates": (renamed("demographics.csv", "birthDate", "birthday"), "header_wrong", "demographics.csv", 1),
    "a column twice": (lambda p: p.headers["users.csv"].append("EMAIL"), "header_wrong", "users.csv", 1),
    "an empty file": (member("users.csv"), "header_wrong", "users.csv", 1),
    "a wide row": (
        appended("demographics.csv", b"esra,,,1980-01-01" + b",x" * 20 + b"\r\n"),
        "cell_count_wrong",
        "demographics.csv",
        3,
    ),
    "a cut row": (appended("users.csv", b"zoya,,,true,indus,student,zoya,,Zoya\r\n"), "cell_count_wrong", "users.csv"),
    "a cell of two lines before": (several_lines_in_a_cell, "value_not_allowed", "users.csv", 3),
    "no version": (lambda p: p.manifest.pop("oneroster.version"), "version_unsupported"),
    "another manifest": (stated("manifest.version", "2.0"), "manifest_version_unsupported", "manifest.csv"),
    "an undeclared file": (stated("file.demographics", "absent"), "file_undeclared", "demographics.csv"),
    "a wrong declaration": (stated("file.demographics", "full"), "value_not_allowed", "manifest.csv"),
    "another manifest header": (member("manifest.csv", b"property,value\r\n"), "header_wrong", "manifest.csv", 1),
    "an empty manifest": (member("manifest.csv"), "header_wrong", "manifest.csv", 1),
    "a manifest of bytes": (member("manifest.csv", b"\xff\xfd"), "not_utf8", "manifest.csv", 1),
    "two versions": (appended("manifest.csv", b"oneroster.version,1.2\r\nsource.systemName\r\n"), "property_repeated"),
    "a missing file": (lambda p: p.tables.pop("demographics.csv"), "file_missing", "demographics.csv", None),
    "no users": (lambda p: p.without("users.csv"), "file_needed", "users.csv", None),
    "two names in another case": (member("Users.csv"), "member_repeated", "users.csv", None),
    **{
        f"the path {name}": (member(name), "path_leads_out")
        for name in ("../users.csv", "/users.csv", "a\\users.csv", "a/../users.csv", "c:users.csv")
    },
}


@pytest.mark.parametrize(
    ("change", "code", "place"), [(one, code, place) for one, code, *place in CHANGES.values()], ids=CHANGES
)
def test_a_changed_package_is_refused_with_its_place(refused, change, code, place):
    package = clean_network()
    change(package)
    [problem] = refused(package)
    assert (problem.code, [problem.file, problem.row][: len(place)]) == (code, place)


def test_all_problems_are_reported_together(refused):
    package = clean_network()
    package.row("users.csv", "danish").update(role="pupil", givenName="", familyName="", enabledUser="x")
    package.row("demographics.csv", "danish")["birthDate"] = "14/03/2017"
    expected = ["date_unreadable", "name_empty", "value_not_allowed", "value_not_allowed"]
    assert sorted(codes(refused(package))) == expected


def test_fatal_problems_are_capped_and_the_rest_counted(refused, monkeypatch):
    monkeypatch.setattr(problems, "FATAL_CAP", 10)
    package = school(25)
    for row in package.tables["demographics.csv"]:
        row["birthDate"] = "14/03/2017"
    found = refused(package)
    assert (len(found), found[-1].message) == (11, "and 15 more")


def test_too_many_relations_are_refused(refused, monkeypatch):
    monkeypatch.setattr(users, "MENTION_LIMIT", 3)
    assert codes(refused(school(5))) == ["too_many_relations"]


# Files and headers


DECISIVE = [
    *("sourcedId", "enabledUser", "role", "givenName", "familyName", "middleName"),
    *("email", "sms", "phone", "agentSourcedIds"),
]


@pytest.mark.parametrize("column", DECISIVE)
def test_a_header_without_a_column_that_decides_is_refused(refused, column):
    package = clean_network()
    header = package.headers["users.csv"]
    header[header.index(column)] = f"{column}x"
    [problem] = refused(package)
    assert places([problem]) == [("header_wrong", "users.csv", 1, None)]
    assert f"lacks {column}:" in problem.message
    assert f"{column}x" not in problem.message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'org-3,,,"Name" x,school,,\r\n', "csv_unreadable"),
        (b'org-3,,,"Name,school,,\r\n', "csv_unreadable"),
        (b"org-3,,,a\rb,school,,\r\n", "csv_unreadable"),
        (b"org-3,,," + b"x" * 200_000 + b",school,,\r\n", "csv_unreadable"),
        (b"org-3,,," + b"x" * 2_000_000 + b",school,,\r\n", "record_too_long"),
        (b'org-3,,,"' + b"x\n" * 1_000_000 + b'",school,,\r\n', "csv_unreadable"),
        (b"org-3,,,Gulsh\xe4n,school,,\r\n", "not_utf8"),
        (b"org-3,,,Na\0me,school,,\r\n", "nul_byte"),
    ],
)
def test_an_unreadable_row_is_refused_with_its_place(refused, line, code):
    package = clean_network().without("demographics.csv")
    package.raw["orgs.csv"] = package.text("orgs.csv") + line
    assert places(refused(package)) == [(code, "orgs.csv", 4, None)]


def test_the_field_limit_applies_even_if_the_process_has_a_higher_one(refused, monkeypatch):
    monkeypatch.setattr(package_limits, "FIELD_LIMIT", 1000)
    package = clean_network()
    package.row("orgs.csv", "org-1")["identifier"] = "x" * 1001
    assert places(refused(package)) == [("field_too_long", "orgs.csv", 3, None)]


def test_too_many_rows_are_refused(refused, monkeypatch):
    monkeypatch.setattr(package_limits, "ROW_LIMIT", 20)
    assert ("too_many_rows", "users.csv", 21, None) in places(refused(school(50)))


@pytest.mark.parametrize("version", ["1.3", "1.0", ""])
def test_another_version_is_refused(refused, version):
    package = clean_network()
    package.manifest["oneroster.version"] = version
    [problem] = refused(package)
    assert problem.code == "version_unsupported"
    assert problem.message == "oneroster.version must be one of: 1.1, 1.2; the columns depend on it"


# The zip

BOMB = (b"x" * 100_000 + b"\n") * 120


def test_a_file_that_is_not_a_zip_and_one_without_manifest_are_refused(refused, tmp_path):
    path = tmp_path / "roster.zip"
    path.write_bytes(b"sourcedId,status\r\n")
    assert codes(refused(path)) == ["not_a_zip"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", clean_network().text("users.csv"))
    assert places(refused(path)) == [("manifest_missing", "manifest.csv", None, None)]


def test_a_repeated_member_is_refused(refused, tmp_path):
    path = clean_network().write(tmp_path / "roster.zip")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("users.csv", "")
    assert places(refused(path)) == [("member_repeated", "users.csv", None, None)]


def test_an_encrypted_member_and_a_link_are_refused(refused, tmp_path):
    path = clean_network().write(tmp_path / "roster.zip")
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    path.write_bytes(data)
    assert codes(refused(path)) == ["member_encrypted"]
    path = clean_network().write(tmp_path / "roster.zip")
    link = zipfile.ZipInfo("results.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert ("member_is_link", "results.csv", None, None) in places(refused(path))


def test_a_zip_in_the_zip_and_an_unusual_compression_are_refused(refused, tmp_path):
    package = clean_network()
    package.raw["orgs.csv"] = clean_network().write(tmp_path / "inner.zip").read_bytes()
    assert ("zip_in_zip", "orgs.csv", 1, None) in places(refused(package))
    path = clean_network().write(tmp_path / "roster.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("results.csv", "x", zipfile.ZIP_LZMA)
    assert codes(refused(path)) == ["compression_unsupported"]


def test_a_damaged_member_is_refused(refused, tmp_path):
    path = tmp_path / "roster.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in clean_network().members().items():
            archive.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(b"Lyari School", b"Malir School"))
    assert ("zip_damaged", "orgs.csv") in [(p.code, p.file) for p in refused(path)]


def test_a_member_that_unpacks_to_too_much_is_refused_whatever_the_directory_says(refused, tmp_path):
    package = clean_network()
    package.raw["orgs.csv"] = package.text("orgs.csv") + BOMB
    assert ("ratio_too_high", "orgs.csv") in [(p.code, p.file) for p in refused(package)]
    path = package.write(tmp_path / "roster.zip")
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"orgs.csv") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", data, entry + 20, 2**31)  # a huge compressed size would make the ratio harmless
    path.write_bytes(data)
    assert set(codes(refused(path))) & {"ratio_too_high", "zip_damaged"}


def test_a_members_compressed_size_counts_at_most_as_the_zips(tmp_path):
    path = tmp_path / "roster.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("orgs.csv", BOMB)
    with zipfile.ZipFile(path) as archive, pytest.raises(RosterInvalid) as caught:
        list(package_limits.Package(archive, size=1000).rows("orgs.csv"))
    assert codes(caught.value.problems) == ["ratio_too_high"]


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [("MEMBER_LIMIT", 4_000, "member_too_large"), ("TOTAL_LIMIT", 20_000, "package_too_large")],
)
def test_a_member_and_a_package_over_its_limit_are_refused(refused, monkeypatch, limit, value, code):
    monkeypatch.setattr(package_limits, limit, value)
    assert (code, "users.csv") in [(p.code, p.file) for p in refused(school(200))]
