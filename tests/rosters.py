"""Build OneRoster packages for tests: every row, header, member and manifest line can be overridden.

`clean_network()` produces no warnings, `odd_network()` has each oddity once, `school(n)` has n students.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from paktaleem.directory.schools.oneroster import roster
from paktaleem.directory.schools.oneroster.roster import Roster
from paktaleem.directory.schools.oneroster.users import Person

HEADERS = {
    "academicSessions.csv": "sourcedId status dateLastModified title type startDate endDate parentSourcedId schoolYear",
    "orgs.csv": "sourcedId status dateLastModified name type identifier parentSourcedId",
    "courses.csv": "sourcedId status dateLastModified schoolYearSourcedId title courseCode grades "
    "orgSourcedId subjects subjectCodes",
    "classes.csv": "sourcedId status dateLastModified title grades courseSourcedId classCode classType "
    "location schoolSourcedId termSourcedIds subjects subjectCodes periods",
    "users.csv": "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds "
    "givenName familyName middleName identifier email sms phone agentSourcedIds grades password",
    "demographics.csv": "sourcedId status dateLastModified birthDate sex americanIndianOrAlaskaNative asian "
    "blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces "
    "hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth "
    "publicSchoolResidenceStatus",
    "enrollments.csv": "sourcedId status dateLastModified classSourcedId schoolSourcedId userSourcedId role "
    "primary beginDate endDate",
}
HEADERS_1_2 = {
    "users.csv": "sourcedId status dateLastModified enabledUser username userIds givenName familyName middleName "
    "identifier email sms phone agentSourcedIds grades password userMasterIdentifier preferredGivenName "
    "preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns",
    "roles.csv": "sourcedId status dateLastModified userSourcedId roleType role beginDate endDate orgSourcedId "
    "userProfileSourcedId",
    "userProfiles.csv": "sourcedId status dateLastModified userSourcedId profileType vendorId applicationId "
    "description credentialType username password",
}
ABSENT = ("categories", "classResources", "courseResources", "lineItems", "resources", "results")
PACKED_ON = (2026, 9, 1, 0, 0, 0)

type Row = dict[str, str]


def _manifest() -> dict[str, str]:
    bulk = {f"file.{file.removesuffix('.csv')}": "bulk" for file in HEADERS}
    absent = {f"file.{name}": "absent" for name in ABSENT}
    return {"manifest.version": "1.0", "oneroster.version": "1.1", **bulk, **absent}


@dataclass
class RosterPackage:
    """A package under construction: change any part, then `write` it."""

    headers: dict[str, list[str]] = field(default_factory=lambda: {f: h.split() for f, h in HEADERS.items()})
    tables: dict[str, list[Row]] = field(default_factory=lambda: {f: [] for f in HEADERS})
    manifest: dict[str, str] = field(default_factory=_manifest)
    raw: dict[str, bytes] = field(default_factory=dict)  # members that replace or add to the built ones
    manifest_name: str = "manifest.csv"

    def add(self, file: str, source_id: str, **cells: str) -> Row:
        """Add a row; omitted cells are empty."""
        row = {"sourcedId": source_id, **cells}
        self.tables[file].append(row)
        return row

    def user(self, source_id: str, role: str, given: str, family: str, **cells: str) -> Row:
        known = {"enabledUser": "true", "orgSourcedIds": "org-2", "role": role, "username": source_id}
        return self.add("users.csv", source_id, **{**known, "givenName": given, "familyName": family, **cells})

    def born(self, source_id: str, day: str) -> Row:
        return self.add("demographics.csv", source_id, birthDate=day, sex="female", cityOfBirth="Karachi")

    def enroll(self, source_id: str, role: str = "student") -> Row:
        serial = f"enr-{len(self.tables['enrollments.csv']) + 1}"
        places = {"classSourcedId": "cls-1", "schoolSourcedId": "org-2", "userSourcedId": source_id}
        return self.add("enrollments.csv", serial, role=role, **places)

    def row(self, file: str, source_id: str) -> Row:
        return next(row for row in self.tables[file] if row["sourcedId"] == source_id)

    def line(self, file: str, source_id: str) -> int:
        return self.tables[file].index(self.row(file, source_id)) + 2

    def without(self, file: str) -> "RosterPackage":
        del self.tables[file]
        self.manifest[f"file.{file.removesuffix('.csv')}"] = "absent"
        return self

    def as_version_1_2(self) -> "RosterPackage":
        """Convert to version 1.2, in which roles are in a separate file."""
        self.manifest["oneroster.version"] = "1.2"
        for file, header in HEADERS_1_2.items():
            self.headers[file] = header.split()
            self.tables.setdefault(file, [])
            self.manifest[f"file.{file.removesuffix('.csv')}"] = "bulk"
        for row in self.tables["users.csv"]:
            self.give_role(row["sourcedId"], {"administrator": "siteAdministrator"}.get(row["role"], row["role"]))
        return self

    def give_role(self, source_id: str, role: str, role_type: str = "primary") -> Row:
        places = {"userSourcedId": source_id, "orgSourcedId": "org-2", "roleType": role_type, "role": role}
        return self.add("roles.csv", f"rol-{len(self.tables['roles.csv']) + 1}", **places)

    def as_delta(self, **changes: str) -> "RosterPackage":
        """Reduce to these rows of users.csv, by sourcedId, and the rows that refer to them, each with its status."""
        for file in [*self.tables]:
            key = "userSourcedId" if file in {"roles.csv", "userProfiles.csv"} else "sourcedId"
            kept = [row for row in self.tables[file] if row.get(key) in changes]
            for row in kept:
                row |= {"status": changes[row[key]], "dateLastModified": "2026-10-01T08:00:00Z"}
            if kept:
                self.tables[file] = kept
                self.manifest[f"file.{file.removesuffix('.csv')}"] = "delta"
            else:
                self.without(file)
        return self

    def text(self, file: str) -> bytes:
        header = self.headers[file]
        return _csv([header, *([row.get(name, "") for name in header] for row in self.tables[file])])

    def members(self) -> dict[str, bytes]:
        manifest = _csv([["propertyName", "value"], *([k, v] for k, v in self.manifest.items())])
        built = {self.manifest_name: manifest, **{file: self.text(file) for file in self.tables}}
        return {**built, **self.raw}

    def write(self, path: Path) -> Path:
        return packed(self.members(), path)


def packed(members: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, PACKED_ON), data, zipfile.ZIP_DEFLATED)
    return path


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _network() -> RosterPackage:
    package = RosterPackage()
    package.add("orgs.csv", "org-2", name="Lyari School", type="school", parentSourcedId="org-1")
    package.add("orgs.csv", "org-1", name="Indus Network", type="district")
    dates = {"startDate": "2026-08-01", "endDate": "2027-05-31", "schoolYear": "2027"}
    package.add("academicSessions.csv", "ses-1", title="2026-27", type="schoolYear", **dates)
    package.add("courses.csv", "crs-1", title="Grade 4", orgSourcedId="org-1", schoolYearSourcedId="ses-1")
    places = {"courseSourcedId": "crs-1", "schoolSourcedId": "org-2", "termSourcedIds": "ses-1"}
    package.add("classes.csv", "cls-1", title="4-A", classType="homeroom", **places)
    return package


def clean_network() -> RosterPackage:
    """Return one school: Celia leads, Farhan teaches Danish, aged 9, whose mother is Esra."""
    package = _network()
    package.user("celia", "administrator", "Celia", "Farooqi", email="celia@school.example")
    package.user("farhan", "teacher", "Farhan", "Iqbal", email="farhan@school.example")
    package.user("esra", "parent", "Esra", "Khan", email="esra@mail.example", sms="+92 300 1234567")
    package.user("danish", "student", "Danish", "Khan", agentSourcedIds="esra", password="s3cret-danish")
    package.born("danish", "2017-03-14")
    package.enroll("danish")
    package.enroll("farhan", "teacher")
    return package


def odd_network() -> RosterPackage:
    """Return the clean network with every oddity of real exports, once each."""
    package = clean_network()
    package.user("ghalib", "guardian", "Ghalib", "Jatoi", phone="021-34567890", agentSourcedIds="hina")
    package.user("iman", "relative", "Iman", "Jatoi", email="iman@mail.example", sms="0300 7654321")
    package.user("hina", "student", "Hina", "Jatoi", email="Iman@mail.example", agentSourcedIds="iman,ghalib")
    package.born("hina", "2012-02-29")
    package.user("kamal", "student", "Kamal", "Lodhi", sms="03007654321", agentSourcedIds="iman")
    package.born("kamal", "2010-01-01")
    package.user("junaid", "student", "Junaid", "Mirza", enabledUser="false", email="junaid at home")
    package.born("junaid", "2011-05-05")
    package.user("laiba", "student", "Laiba", "Niazi", phone="ask Iman", agentSourcedIds="iman,farhan,0300-1111111")
    return package


def school(students: int, seed: int = 11) -> RosterPackage:
    """Return a network of n students with one or two guardians each, deterministic for a seed."""
    package = _network()
    package.user("celia", "administrator", "Celia", "Farooqi", email="celia@school.example")
    chance = random.Random(seed)  # noqa: S311 -- nothing secret
    for number in range(students):
        guardians = list(_guardians(package, number, chance))
        email = f"student{number}@students.example"
        student = f"stu-{number:06d}"
        package.user(student, "student", f"Noor {number}", "Shah", email=email, agentSourcedIds=",".join(guardians))
        package.born(student, (date(2008, 9, 1) + timedelta(days=chance.randrange(5000))).isoformat())
        package.enroll(student)
    return package


def _guardians(package: RosterPackage, number: int, chance: random.Random) -> Iterator[str]:
    for which in range(chance.choice((1, 1, 2))):
        source_id = f"par-{number:06d}-{which}"
        phone = f"+9230{which}{number + 1:07d}"
        package.user(source_id, "parent", f"Rabia {number}", "Shah", email=f"{source_id}@mail.example", sms=phone)
        yield source_id


@contextmanager
def open_roster(path: Path) -> Iterator[Roster]:
    with path.open("rb") as file, roster.open_roster(file) as opened:
        yield opened


def people_of(opened: Roster) -> list[Person]:
    return [person for _, person in opened.placed_people()]
