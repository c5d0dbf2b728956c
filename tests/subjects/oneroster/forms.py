"""The forms in which schools export a package: each changes the clean package without changing who its people are."""

import csv
import io
import re
from collections.abc import Callable

from tests.rosters import RosterPackage

type Form = Callable[[RosterPackage], object]

LATELY = "2026-08-30T10:15:00.000Z"


def _every_cell(package: RosterPackage, column: str, value: str, *, files: tuple[str, ...] = ()) -> None:
    for file in files or tuple(package.tables):
        for row in package.tables[file]:
            row[column] = value


def booleans_in_capitals(package: RosterPackage) -> None:
    for row in package.tables["users.csv"]:
        row["enabledUser"] = row["enabledUser"].upper()


def booleans_as_numbers(package: RosterPackage) -> None:
    for row in package.tables["users.csv"]:
        row["enabledUser"] = {"true": "1", "false": "0"}[row["enabledUser"]]


def roles_in_capitals(package: RosterPackage) -> None:
    for file in ("users.csv", "roles.csv", "enrollments.csv"):
        for row in package.tables.get(file, ()):
            row |= {name: row[name].capitalize() for name in ("role", "roleType") if name in row}


def role_of_the_other_version(package: RosterPackage) -> None:
    is_later = package.manifest["oneroster.version"] == "1.2"
    rows = package.tables["roles.csv" if is_later else "users.csv"]
    rows[0]["role"] = "administrator" if is_later else "districtAdministrator"


def status_filled(package: RosterPackage) -> None:
    _every_cell(package, "status", "active")


def status_in_capitals(package: RosterPackage) -> None:
    _every_cell(package, "status", "Active", files=("users.csv", "demographics.csv"))


def date_of_change_filled(package: RosterPackage) -> None:
    _every_cell(package, "dateLastModified", LATELY)


def date_of_change_in_another_form(package: RosterPackage) -> None:
    _every_cell(package, "dateLastModified", "8/30/2026 10:15 AM")


def columns_reversed(package: RosterPackage) -> None:
    for header in package.headers.values():
        header.reverse()


def headers_in_small_letters(package: RosterPackage) -> None:
    for file, header in package.headers.items():
        package.headers[file] = [name.lower() for name in header]
        for row in package.tables.get(file, ()):
            row |= {name.lower(): value for name, value in [*row.items()]}


def misspelt_columns_that_are_not_read(package: RosterPackage) -> None:
    users, demographics = package.headers["users.csv"], package.headers["demographics.csv"]
    users[users.index("dateLastModified")] = "dataLastModified"
    users[users.index("grades")] = "gradess"
    demographics[demographics.index("nativeHawaiianOrOtherPacificIslander")] = "nativeAmericanOrOtherPacificIslander"
    demographics.remove("white")


def unneeded_columns_absent(package: RosterPackage) -> None:
    for name in ("password", "grades", "userIds", "identifier", "username", "status", "dateLastModified"):
        package.headers["users.csv"].remove(name)


def unknown_columns(package: RosterPackage) -> None:
    package.headers["users.csv"].insert(2, "homeroomTeacher")
    package.headers["users.csv"] += ["metadata.cnic", "passwordHint"]
    _every_cell(package, "passwordHint", "s3cret-hint", files=("users.csv",))


def courses_absent(package: RosterPackage) -> None:
    package.without("courses.csv")


def only_people(package: RosterPackage) -> None:
    for file in ("orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "enrollments.csv"):
        package.without(file)


def courses_declared_and_absent(package: RosterPackage) -> None:
    del package.tables["courses.csv"]


def courses_not_declared(package: RosterPackage) -> None:
    del package.manifest["file.courses"]


def another_class_type(package: RosterPackage) -> None:
    package.row("classes.csv", "cls-1")["classType"] = "Elective"


def other_values_that_are_not_used(package: RosterPackage) -> None:
    package.row("orgs.csv", "org-1")["type"] = "province"
    package.row("academicSessions.csv", "ses-1").update(type="year", startDate="8/1/2026", endDate="31.05.2027")
    package.row("enrollments.csv", "enr-1").update(role="pupil", beginDate="1 Aug 2026")


def references_to_nothing(package: RosterPackage) -> None:
    package.row("classes.csv", "cls-1").update(termSourcedIds="ses-9", courseSourcedId="crs-9")
    package.row("enrollments.csv", "enr-1").update(userSourcedId="nobody", classSourcedId="cls-9")
    _every_cell(package, "orgSourcedIds", "org-9", files=("users.csv",))
    package.born("nobody", "2015-05-05")


def usernames_empty(package: RosterPackage) -> None:
    _every_cell(package, "username", "", files=("users.csv",))


def ids_repeated_where_nobody_is_named(package: RosterPackage) -> None:
    package.add("courses.csv", "crs-1", title="Grade 4 again", orgSourcedId="org-1", schoolYearSourcedId="ses-1")
    for row in package.tables.get("roles.csv", ()):
        row["sourcedId"] = "1"


def ids_absent_where_nobody_is_named(package: RosterPackage) -> None:
    for file in ("enrollments.csv", "roles.csv", "courses.csv"):
        if file in package.headers:
            package.headers[file].remove("sourcedId")


def file_names_in_small_letters(package: RosterPackage) -> None:
    members = package.members()
    package.tables.clear()
    package.raw = {name.lower(): data for name, data in members.items() if name != "manifest.csv"}


def manifest_in_small_letters(package: RosterPackage) -> None:
    package.manifest = {name.lower(): value.capitalize() for name, value in package.manifest.items()}


def manifest_saved_by_a_spreadsheet(package: RosterPackage) -> None:
    package.manifest["manifest.version"] = "1"
    lines = [f"{name},{value},," for name, value in [("PropertyName", "Value"), *package.manifest.items()]]
    package.raw["manifest.csv"] = "\r\n".join(lines).encode()


def manifest_with_other_lines(package: RosterPackage) -> None:
    number = package.manifest["oneroster.version"]
    package.manifest |= {"oneroster.version": f"{number}.1", "source.systemName": "Invented SIS", "file.fees": "bulk"}
    del package.manifest["manifest.version"]
    built = package.members()["manifest.csv"]
    package.raw["manifest.csv"] = built + b"source.systemName,Invented SIS\r\nfile.users,bulk\r\n"


def unknown_files(package: RosterPackage) -> None:
    package.raw |= {"README.txt": b"hello", "__MACOSX/._users.csv": b"\0", "old/users.csv": b"x", "userFlags.csv": b""}


def byte_order_marks(package: RosterPackage) -> None:
    package.raw |= {name: b"\xef\xbb\xbf" + data for name, data in package.members().items()}


def line_feeds(package: RosterPackage) -> None:
    package.raw |= {name: data.replace(b"\r\n", b"\n") for name, data in package.members().items()}


def carriage_returns(package: RosterPackage) -> None:
    package.raw |= {name: data.replace(b"\r\n", b"\r") for name, data in package.members().items()}


def blank_rows(package: RosterPackage) -> None:
    package.raw |= {name: data.replace(b"\r\n", b"\r\n\r\n,,,\r\n \r\n") for name, data in package.members().items()}


def empty_cells_after_the_last_column(package: RosterPackage) -> None:
    for name, data in package.members().items():
        head, _, rows = data.partition(b"\r\n")
        package.raw[name] = head + b"\r\n" + rows.replace(b"\r\n", b",,\r\n")


def empty_cells_after_the_header(package: RosterPackage) -> None:
    for name, data in package.members().items():
        head, _, rows = data.partition(b"\r\n")
        package.raw[name] = head + b",,\r\n" + rows


def empty_cells_after_every_row(package: RosterPackage) -> None:
    package.raw |= {name: data.replace(b"\r\n", b",,\r\n") for name, data in package.members().items()}


def last_cells_missing(package: RosterPackage) -> None:
    for name in package.tables:
        head, _, rows = package.text(name).partition(b"\r\n")
        cut = rb",\r\n" if name in {"users.csv", "demographics.csv", "roles.csv"} else rb",+\r\n"
        package.raw[name] = head + b"\r\n" + re.sub(cut, b"\r\n", rows)


def files_in_a_folder(package: RosterPackage) -> None:
    members = package.members()
    package.tables.clear()
    package.raw = {f"export 2026/{name}": data for name, data in members.items() if name != "manifest.csv"}
    package.manifest_name = "export 2026/manifest.csv"


def utf_16(package: RosterPackage) -> None:
    package.raw |= {name: data.decode().encode("utf-16") for name, data in package.members().items()}


def _delimited(package: RosterPackage, delimiter: str) -> dict[str, bytes]:
    found = {}
    for name, data in package.members().items():
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(data.decode(), newline="")))
        found[name] = out.getvalue().encode()
    return found


def semicolons(package: RosterPackage) -> None:
    package.raw |= _delimited(package, ";")


def tabs(package: RosterPackage) -> None:
    package.raw |= _delimited(package, "\t")


def separator_lines(package: RosterPackage) -> None:
    package.raw |= {name: b"sep=,\r\n" + data for name, data in package.members().items()}


def rows_repeated(package: RosterPackage) -> None:
    for file in ("users.csv", "demographics.csv"):
        package.tables[file][1:1] = [package.tables[file][0]]


def dates_with_midnight(package: RosterPackage) -> None:
    for row in package.tables["demographics.csv"]:
        row["birthDate"] += "T00:00:00"


def profiles_that_repeat_roles(package: RosterPackage) -> None:
    package.raw["userprofiles.csv"] = package.text("roles.csv") if "roles.csv" in package.tables else b"x,y\r\n1,2\r\n"
    package.tables.pop("userProfiles.csv", None)


FORMS: dict[Form, frozenset[str]] = {
    booleans_in_capitals: frozenset({"value_spelling"}),
    booleans_as_numbers: frozenset({"value_spelling"}),
    roles_in_capitals: frozenset({"value_spelling"}),
    role_of_the_other_version: frozenset({"role_other_version"}),
    status_filled: frozenset(),
    status_in_capitals: frozenset({"value_spelling"}),
    date_of_change_filled: frozenset(),
    date_of_change_in_another_form: frozenset(),
    columns_reversed: frozenset(),
    headers_in_small_letters: frozenset(),
    misspelt_columns_that_are_not_read: frozenset({"column_ignored", "column_missing"}),
    unneeded_columns_absent: frozenset({"column_missing"}),
    unknown_columns: frozenset({"column_ignored"}),
    courses_absent: frozenset({"file_absent"}),
    only_people: frozenset({"file_absent"}),
    courses_declared_and_absent: frozenset({"file_missing", "file_absent"}),
    courses_not_declared: frozenset({"file_undeclared", "file_absent"}),
    another_class_type: frozenset({"value_unknown"}),
    other_values_that_are_not_used: frozenset({"value_unknown", "date_form"}),
    references_to_nothing: frozenset({"reference_unknown", "birth_date_of_nobody"}),
    usernames_empty: frozenset({"cell_empty"}),
    ids_repeated_where_nobody_is_named: frozenset({"id_repeated"}),
    ids_absent_where_nobody_is_named: frozenset({"file_unreadable"}),
    file_names_in_small_letters: frozenset(),
    manifest_in_small_letters: frozenset(),
    manifest_saved_by_a_spreadsheet: frozenset(),
    manifest_with_other_lines: frozenset(),
    unknown_files: frozenset({"file_ignored"}),
    byte_order_marks: frozenset(),
    line_feeds: frozenset(),
    carriage_returns: frozenset(),
    blank_rows: frozenset(),
    empty_cells_after_the_last_column: frozenset(),
    profiles_that_repeat_roles: frozenset(),
    empty_cells_after_the_header: frozenset(),
    empty_cells_after_every_row: frozenset(),
    last_cells_missing: frozenset({"row_short"}),
    files_in_a_folder: frozenset({"in_folder"}),
    utf_16: frozenset({"file_form"}),
    semicolons: frozenset({"file_form"}),
    tabs: frozenset({"file_form"}),
    separator_lines: frozenset(),
    rows_repeated: frozenset({"row_repeated"}),
    dates_with_midnight: frozenset({"date_with_midnight"}),
}
"""Each form, and the codes of the oddities that it must be listed as, in both versions."""
