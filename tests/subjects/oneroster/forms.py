"""The forms in which schools export a package: each changes the clean package without changing who its people are."""

import csv
import io
import re
from collections.abc import Callable

from tests.rosters import RosterPackage

type Form = Callable[[RosterPackage], object]

USERS, DEMOGRAPHICS = "users.csv", "demographics.csv"


def _every_cell(column: str, value: str | Callable[[str], str], *files: str) -> Form:
    def form(package: RosterPackage) -> None:
        for row in (row for file in files or tuple(package.tables) for row in package.tables[file]):
            row[column] = value if isinstance(value, str) else value(row[column])

    return form


def _every_file(change: Callable[[bytes], bytes]) -> Form:
    return lambda package: package.raw.update({name: change(data) for name, data in package.members().items()})


def _below_the_header(change: Callable[[bytes], bytes], after_header: bytes = b"") -> Form:
    def rewrite(data: bytes) -> bytes:
        head, _, rows = data.partition(b"\r\n")
        return head + after_header + b"\r\n" + change(rows)

    return _every_file(rewrite)


def _delimited(delimiter: str) -> Form:
    def rewrite(data: bytes) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(data.decode(), newline="")))
        return out.getvalue().encode()

    return _every_file(rewrite)


def _without(*files: str) -> Form:
    return lambda package: [package.without(file) for file in files]


def roles_in_capitals(package: RosterPackage) -> None:
    for file in (USERS, "roles.csv", "enrollments.csv"):
        for row in package.tables.get(file, ()):
            row |= {name: row[name].capitalize() for name in ("role", "roleType") if name in row}


def role_of_the_other_version(package: RosterPackage) -> None:
    is_later = package.manifest["oneroster.version"] == "1.2"
    rows = package.tables["roles.csv" if is_later else USERS]
    rows[0]["role"] = "administrator" if is_later else "districtAdministrator"


def columns_reversed(package: RosterPackage) -> None:
    for header in package.headers.values():
        header.reverse()


def headers_in_small_letters(package: RosterPackage) -> None:
    for file, header in package.headers.items():
        package.headers[file] = [name.lower() for name in header]
        for row in package.tables.get(file, ()):
            row |= {name.lower(): value for name, value in [*row.items()]}


def misspelt_columns_that_are_not_read(package: RosterPackage) -> None:
    users, demographics = package.headers[USERS], package.headers[DEMOGRAPHICS]
    users[users.index("dateLastModified")] = "dataLastModified"
    users[users.index("grades")] = "gradess"
    demographics[demographics.index("nativeHawaiianOrOtherPacificIslander")] = "nativeAmericanOrOtherPacificIslander"
    demographics.remove("white")


def unneeded_columns_absent(package: RosterPackage) -> None:
    for name in ("password", "grades", "userIds", "identifier", "username", "status", "dateLastModified"):
        package.headers[USERS].remove(name)


def unknown_columns(package: RosterPackage) -> None:
    package.headers[USERS].insert(2, "homeroomTeacher")
    package.headers[USERS] += ["metadata.cnic", "passwordHint"]
    _every_cell("passwordHint", "s3cret-hint", USERS)(package)


def other_values_that_are_not_used(package: RosterPackage) -> None:
    package.row("orgs.csv", "org-1")["type"] = "province"
    package.row("academicSessions.csv", "ses-1").update(type="year", startDate="8/1/2026", endDate="31.05.2027")
    package.row("enrollments.csv", "enr-1").update(role="pupil", beginDate="1 Aug 2026")


def references_to_nothing(package: RosterPackage) -> None:
    package.row("classes.csv", "cls-1").update(termSourcedIds="ses-9", courseSourcedId="crs-9")
    package.row("enrollments.csv", "enr-1").update(userSourcedId="nobody", classSourcedId="cls-9")
    _every_cell("orgSourcedIds", "org-9", USERS)(package)
    package.born("nobody", "2015-05-05")


def ids_repeated_where_nobody_is_named(package: RosterPackage) -> None:
    package.add("courses.csv", "crs-1", title="Grade 4 again", orgSourcedId="org-1", schoolYearSourcedId="ses-1")
    for row in package.tables.get("roles.csv", ()):
        row["sourcedId"] = "1"


def ids_absent_where_nobody_is_named(package: RosterPackage) -> None:
    for file in ("enrollments.csv", "roles.csv", "courses.csv"):
        if file in package.headers:
            package.headers[file].remove("sourcedId")


def _moved(rename: Callable[[str], str]) -> Form:
    def form(package: RosterPackage) -> None:
        members = package.members()
        package.tables.clear()
        package.raw = {rename(name): data for name, data in members.items() if name != "manifest.csv"}
        package.manifest_name = "manifest.csv" if "/" not in rename("") else rename("manifest.csv")

    return form


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


def last_cells_missing(package: RosterPackage) -> None:
    for name in package.tables:
        head, _, rows = package.text(name).partition(b"\r\n")
        cut = rb",\r\n" if name in {USERS, DEMOGRAPHICS, "roles.csv"} else rb",+\r\n"
        package.raw[name] = head + b"\r\n" + re.sub(cut, b"\r\n", rows)


def rows_repeated(package: RosterPackage) -> None:
    for file in (USERS, DEMOGRAPHICS):
        package.tables[file][1:1] = [package.tables[file][0]]


def profiles_that_repeat_roles(package: RosterPackage) -> None:
    package.raw["userprofiles.csv"] = package.text("roles.csv") if "roles.csv" in package.tables else b"x,y\r\n1,2\r\n"
    package.tables.pop("userProfiles.csv", None)


_PLACES = ("orgs.csv", "academicSessions.csv", "courses.csv", "classes.csv", "enrollments.csv")
_OTHER_FILES = {"README.txt": b"hello", "__MACOSX/._users.csv": b"\0", "old/users.csv": b"x", "userFlags.csv": b""}
_BLANK_ROWS = b"\r\n\r\n,,,\r\n \r\n"

FORMS: dict[str, tuple[Form, set[str]]] = {
    "booleans in capitals": (_every_cell("enabledUser", str.upper, USERS), {"value_spelling"}),
    "booleans as numbers": (_every_cell("enabledUser", lambda text: f"{text == 'true':d}", USERS), {"value_spelling"}),
    "roles in capitals": (roles_in_capitals, {"value_spelling"}),
    "role of the other version": (role_of_the_other_version, {"role_other_version"}),
    "status filled": (_every_cell("status", "active"), set()),
    "status in capitals": (_every_cell("status", "Active", USERS, DEMOGRAPHICS), {"value_spelling"}),
    "date of change filled": (_every_cell("dateLastModified", "2026-08-30T10:15:00.000Z"), set()),
    "date of change in another form": (_every_cell("dateLastModified", "8/30/2026 10:15 AM"), set()),
    "columns reversed": (columns_reversed, set()),
    "headers in small letters": (headers_in_small_letters, set()),
    "misspelt columns": (misspelt_columns_that_are_not_read, {"column_ignored", "column_missing"}),
    "unneeded columns absent": (unneeded_columns_absent, {"column_missing"}),
    "unknown columns": (unknown_columns, {"column_ignored"}),
    "courses absent": (_without("courses.csv"), {"file_absent"}),
    "only people": (_without(*_PLACES), {"file_absent"}),
    "courses declared and absent": (lambda package: package.tables.pop("courses.csv"), {"file_missing", "file_absent"}),
    "courses not declared": (lambda package: package.manifest.pop("file.courses"), {"file_undeclared", "file_absent"}),
    "another class type": (_every_cell("classType", "Elective", "classes.csv"), {"value_unknown"}),
    "other values that are not used": (other_values_that_are_not_used, {"value_unknown", "date_form"}),
    "references to nothing": (references_to_nothing, {"reference_unknown", "birth_date_of_nobody"}),
    "usernames empty": (_every_cell("username", "", USERS), {"cell_empty"}),
    "ids repeated where nobody is named": (ids_repeated_where_nobody_is_named, {"id_repeated"}),
    "ids absent where nobody is named": (ids_absent_where_nobody_is_named, {"file_unreadable"}),
    "file names in small letters": (_moved(str.lower), set()),
    "files in a folder": (_moved("export 2026/{}".format), {"in_folder"}),
    "manifest in small letters": (manifest_in_small_letters, set()),
    "manifest saved by a spreadsheet": (manifest_saved_by_a_spreadsheet, set()),
    "manifest with other lines": (manifest_with_other_lines, set()),
    "unknown files": (lambda package: package.raw.update(_OTHER_FILES), {"file_ignored"}),
    "byte order marks": (_every_file(lambda data: b"\xef\xbb\xbf" + data), set()),
    "line feeds": (_every_file(lambda data: data.replace(b"\r\n", b"\n")), set()),
    "carriage returns": (_every_file(lambda data: data.replace(b"\r\n", b"\r")), set()),
    "blank rows": (_every_file(lambda data: data.replace(b"\r\n", _BLANK_ROWS)), set()),
    "empty cells after the last column": (_below_the_header(lambda rows: rows.replace(b"\r\n", b",,\r\n")), set()),
    "empty cells after the header": (_below_the_header(lambda rows: rows, b",,"), set()),
    "empty cells after every row": (_every_file(lambda data: data.replace(b"\r\n", b",,\r\n")), set()),
    "profiles that repeat roles": (profiles_that_repeat_roles, set()),
    "last cells missing": (last_cells_missing, {"row_short"}),
    "UTF-16": (_every_file(lambda data: data.decode().encode("utf-16")), {"file_form"}),
    "semicolons": (_delimited(";"), {"file_form"}),
    "tabs": (_delimited("\t"), {"file_form"}),
    "separator lines": (_every_file(lambda data: b"sep=,\r\n" + data), set()),
    "rows repeated": (rows_repeated, {"row_repeated"}),
    "dates with midnight": (_every_cell("birthDate", "{}T00:00:00".format, DEMOGRAPHICS), {"date_with_midnight"}),
}
"""Each form, and the codes of the oddities that it must be listed as, in both versions."""

_TOGETHER = [
    *("booleans in capitals", "roles in capitals", "status in capitals", "date of change in another form"),
    *("columns reversed", "misspelt columns", "unknown columns", "other values that are not used"),
    *("references to nothing", "usernames empty", "ids repeated where nobody is named", "courses absent"),
    "unknown files",
]
FORMS["many forms at once"] = (
    lambda package: [FORMS[name][0](package) for name in _TOGETHER],
    {"value_spelling", "column_ignored", "file_ignored", "value_unknown"},
)
