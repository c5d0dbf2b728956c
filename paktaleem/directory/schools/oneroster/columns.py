"""The files of OneRoster 1.1 and 1.2 CSV as data: headers in order, required cells, enumerations and references.

`!` marks a column that decides (who a person is, the role, birth date, contact or guardian): the file must have it and
its cells must be readable. Anything wrong with another column is an oddity. `*` marks a cell that OneRoster requires,
`-` a column whose cells are dropped when a row is read (passwords, sex, race, birthplace, other identifiers). Of
givenName and familyName one is enough: people with one name exist.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.schools.oneroster.problems import ProblemLog
from paktaleem.foundation.text.countries import is_country

MANIFEST = "manifest.csv"
MANIFEST_HEADER = ("propertyName", "value")
USERS = "users.csv"
ORGS = "orgs.csv"
CLASSES = "classes.csv"
COURSES = "courses.csv"
SESSIONS = "academicSessions.csv"
ENROLLMENTS = "enrollments.csv"
DEMOGRAPHICS = "demographics.csv"
USER_ROLES = "roles.csv"
COUNTRY = "metadata.country"
"""Country of residence (ISO 3166). OneRoster itself has only the country of birth."""

STUDENT = "student"
RELATIONSHIPS = ("parent", "guardian", "relative")
_SHARED_ROLES: Mapping[str, str] = {
    "aide": "instructor",
    "guardian": "guardian",
    "parent": "guardian",
    "proctor": "instructor",
    "relative": "guardian",
    "student": "student",
    "teacher": "instructor",
}
_ROLES_1_1: Mapping[str, str] = {"administrator": "administrator", **_SHARED_ROLES}
_ROLES_1_2: Mapping[str, str] = {
    **_SHARED_ROLES,
    "counselor": "instructor",
    "districtAdministrator": "administrator",
    "principal": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
}
ROLES: Mapping[str, str] = {**_ROLES_1_1, **_ROLES_1_2}
"""OneRoster roles of both versions, mapped to the portal's roles."""
BOOLEANS = ("true", "false")
_BOOLEAN_SPELLINGS: Mapping[str, str] = {
    **dict.fromkeys(("1", "yes", "y", "t"), "true"),
    **dict.fromkeys(("0", "no", "n", "f"), "false"),
}
EXTENDED = "ext:"
"""Prefix of extension values, which 1.2 allows in most enumerations."""


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file: its complete header, and the kept columns with their positions."""

    file: str
    header: tuple[str, ...]
    kept: tuple[str, ...]
    required: frozenset[str]
    decisive: frozenset[str]
    enumerations: Mapping[str, tuple[str, ...]]
    spellings: Mapping[str, Mapping[str, str]]  # by column: a value in lower case, and the value it stands for
    references: Mapping[str, str]
    strict_references: frozenset[str]
    dates: tuple[str, ...]
    at: Mapping[str, int] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)  # a column name in lower case, and the column
    extensible: frozenset[str]  # columns that allow values with the prefix ext:
    extensions: tuple[str, ...] = ()  # optional metadata columns that are read

    @property
    def is_about_people(self) -> bool:
        """True if the file states who people are; a fault in it refuses the package."""
        return bool(self.decisive)


def _table(
    file: str,
    columns: str,
    *,
    key: str = "sourcedId*",
    enumerations: Mapping[str, tuple[str, ...]] | None = None,
    spellings: Mapping[str, Mapping[str, str]] | None = None,
    references: Mapping[str, str] | None = None,
    strict_references: tuple[str, ...] = (),
    dates: tuple[str, ...] = (),
    tolerated: tuple[str, ...] = (),
    extensible: tuple[str, ...] = (),
    extensions: tuple[str, ...] = (),
) -> Table:
    marked = [key, "status", "dateLastModified-", *columns.split()]
    header = tuple(name.rstrip("*-!") for name in marked)
    kept = tuple(name.rstrip("*!") for name in marked if not name.endswith("-"))
    spelled = {
        column: {**(spellings or {}).get(column, {}), **{value.casefold(): value for value in allowed}}
        for column, allowed in (enumerations or {}).items()
    }
    return Table(
        file=file,
        header=header,
        kept=kept,
        required=frozenset(name.rstrip("*!") for name in marked if "*" in name),
        decisive=frozenset(name.rstrip("*!") for name in marked if "!" in name),
        enumerations=enumerations or {},
        spellings=spelled,
        references=references or {},
        strict_references=frozenset(strict_references),
        dates=dates,
        at={name: position for position, name in enumerate((*kept, *extensions))},
        names={name.casefold(): name for name in (*header, *tolerated, *extensions)},
        extensible=frozenset(extensible),
        extensions=extensions,
    )


_SESSIONS = _table(
    SESSIONS,
    "title* type* startDate* endDate* parentSourcedId schoolYear*",
    enumerations={"type": ("gradingPeriod", "semester", "schoolYear", "term")},
    references={"parentSourcedId": SESSIONS},
    dates=("startDate", "endDate"),
    extensible=("type",),
)
_ORGS = _table(
    ORGS,
    "name* type* identifier- parentSourcedId",
    enumerations={"type": ("department", "school", "district", "local", "state", "national")},
    references={"parentSourcedId": ORGS},
    extensible=("type",),
)
_COURSES = _table(
    COURSES,
    "schoolYearSourcedId title* courseCode- grades- orgSourcedId* subjects- subjectCodes-",
    references={"schoolYearSourcedId": SESSIONS, "orgSourcedId": ORGS},
)
_CLASSES = _table(
    CLASSES,
    "title* grades courseSourcedId* classCode- classType* location- schoolSourcedId* "
    "termSourcedIds* subjects- subjectCodes- periods-",
    enumerations={"classType": ("homeroom", "scheduled")},
    references={"courseSourcedId": COURSES, "schoolSourcedId": ORGS, "termSourcedIds": SESSIONS},
    extensible=("classType",),
)
_ROLE_SPELLINGS: Mapping[str, str] = {role.casefold(): role for role in ROLES}
_USERS_1_1 = _table(
    USERS,
    "enabledUser*! orgSourcedIds* role*! username* userIds- givenName! familyName! middleName! "
    "identifier- email! sms! phone! agentSourcedIds! grades password-",
    key="sourcedId*!",
    enumerations={"enabledUser": BOOLEANS, "role": tuple(_ROLES_1_1)},
    spellings={"enabledUser": _BOOLEAN_SPELLINGS, "role": _ROLE_SPELLINGS},
    references={"orgSourcedIds": ORGS},
    extensions=(COUNTRY,),
)
_USERS_1_2 = _table(
    USERS,
    "enabledUser*! username* userIds- givenName! familyName! middleName! identifier- email! sms! phone! "
    "agentSourcedIds! grades password- userMasterIdentifier- preferredGivenName- preferredMiddleName- "
    "preferredFamilyName- primaryOrgSourcedId pronouns-",
    key="sourcedId*!",
    enumerations={"enabledUser": BOOLEANS},
    spellings={"enabledUser": _BOOLEAN_SPELLINGS},
    references={"primaryOrgSourcedId": ORGS},
    tolerated=("resourceSourcedIds",),  # of 1.2.0
    extensions=(COUNTRY,),
)
_USER_ROLES = _table(
    USER_ROLES,
    "userSourcedId*! roleType*! role*! beginDate endDate orgSourcedId* userProfileSourcedId-",
    enumerations={"roleType": ("primary", "secondary"), "role": tuple(sorted(_ROLES_1_2))},
    spellings={"role": _ROLE_SPELLINGS},
    references={"userSourcedId": USERS, "orgSourcedId": ORGS},
    strict_references=("userSourcedId",),
    dates=("beginDate", "endDate"),
    extensible=("role",),
)
_DEMOGRAPHICS = _table(
    DEMOGRAPHICS,
    "birthDate! sex- americanIndianOrAlaskaNative- asian- blackOrAfricanAmerican- "
    "nativeHawaiianOrOtherPacificIslander- white- demographicRaceTwoOrMoreRaces- "
    "hispanicOrLatinoEthnicity- countryOfBirthCode- stateOfBirthAbbreviation- cityOfBirth- "
    "publicSchoolResidenceStatus-",
    key="sourcedId*!",
    references={"sourcedId": USERS},
    dates=("birthDate",),
)
_ENROLLMENTS = _table(
    ENROLLMENTS,
    "classSourcedId* schoolSourcedId* userSourcedId* role* primary- beginDate endDate",
    enumerations={"role": ("administrator", "proctor", "student", "teacher")},
    references={"classSourcedId": CLASSES, "schoolSourcedId": ORGS, "userSourcedId": USERS},
    dates=("beginDate", "endDate"),
    extensible=("role",),
)

# Marks, learning material and sign-in credentials: a package may hold them, but the portal has no purpose for them, so
# they are never opened.
_UNOPENED_1_1 = ("categories", "classResources", "courseResources", "lineItems", "resources", "results")
_UNOPENED_1_2 = (
    *_UNOPENED_1_1,
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of OneRoster: its tables, referring to earlier ones; ``needed`` are required to list people."""

    number: str
    tables: Mapping[str, Table]
    unopened: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.tables, *self.unopened)

    def is_about_people(self, file: str) -> bool:
        return file in self.tables and self.tables[file].is_about_people


def _version(number: str, people: tuple[Table, ...], unopened: tuple[str, ...], needed: tuple[str, ...]) -> Version:
    tables = (_SESSIONS, _ORGS, _COURSES, _CLASSES, *people, _DEMOGRAPHICS, _ENROLLMENTS)
    return Version(number, {table.file: table for table in tables}, tuple(f"{name}.csv" for name in unopened), needed)


VERSIONS: Mapping[str, Version] = {
    "1.1": _version("1.1", (_USERS_1_1,), _UNOPENED_1_1, (USERS,)),
    "1.2": _version("1.2", (_USERS_1_2, _USER_ROLES), _UNOPENED_1_2, (USERS, USER_ROLES)),
}


def listed(cell: str) -> list[str]:
    """Return the items of a list cell, without repeated ones; spreadsheet programs may write semicolons for commas."""
    return list(dict.fromkeys(item for part in cell.replace(";", ",").split(",") if (item := part.strip(" "))))


ID_LIMIT = 255
NAME_LIMIT = 300
EMAIL_LIMIT = 254
FIRST_BIRTH_YEAR = 1900

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIDNIGHT = re.compile(r"(?:[T ]00:00(?::00(?:\.0{1,6})?)?| 12:00(?::00)? ?AM)\Z")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[A-Za-z]){_LABEL}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_ROUNDED = re.compile(r"\+?[0-9]{1,3}0{7,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_NAME = frozenset({"N/A", "#N/A"})
_PHONE_SEPARATORS = re.compile(r"[\s().\-/]+")
# Direction overrides could make one name look like another. Joiners are kept: Urdu needs them.
_UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


def external_id_fault(text: str) -> str | None:
    if len(text) > ID_LIMIT:
        return f"longer than {ID_LIMIT} characters"
    if "@" in text:
        return "contains an @: an email address is personal data and not an id"
    if _CONTROL.search(text):
        return "holds a control character"
    return None


def full_name(given: str, middle: str, family: str) -> str:
    """Return the three parts as one name in NFC, each gap one space; empty if given and family both are."""
    given, middle, family = ("" if part.strip().upper() in _NO_NAME else part for part in (given, middle, family))
    if not (given.strip() or family.strip()):
        return ""
    words = f"{given} {middle} {family}".split()
    return unicodedata.normalize("NFC", _UNSEEN.sub("", " ".join(words))).strip()


def plausible_email(text: str) -> str | None:
    """Return the address, "" for an empty cell, or None if it is not a plausible email address."""
    if not text:
        return ""
    return text if len(text) <= EMAIL_LIMIT and _EMAIL.fullmatch(text) else None


def plausible_phone(text: str) -> str | None:
    """Return the number without separators, "" for an empty cell, or None if it is not plausible.

    Spreadsheet programs write a number with ``.0`` after it, or round a long one: its last digits are zeros then.
    """
    if not text:
        return ""
    number = _PHONE_SEPARATORS.sub("", text.removesuffix(".0"))
    return number if _PHONE.fullmatch(number) and not _ROUNDED.fullmatch(number) else None


def merge_contacts(first: str | None, second: str | None) -> str | None:
    """Return the first of two email addresses or phone numbers; None if there is none and one cannot be read."""
    return first or second or (None if first is None or second is None else "")


def country(text: str) -> str | None:
    """Return a country as two capitals (ISO 3166), "" for an empty cell, or None if there is none of this code."""
    code = text.strip().upper()
    return code if not code or is_country(code) else None


def without_midnight(text: str) -> str:
    """Remove the time midnight, which spreadsheet programs add. A time with an offset may be another day: it stays."""
    return _MIDNIGHT.sub("", text)


def day(text: str) -> date | None:
    text = without_midnight(text)
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_grades(text: str) -> list[str]:
    """Return the grades of a cell in their one form; what is no grade is left out."""
    return list(dict.fromkeys(found for one in listed(text) if (found := _parse(one))))


def report_grades(text: str, *, file: str, row: int, log: ProblemLog) -> None:
    if any(_parse(one) is None for one in listed(text)):
        log.oddity(file, row, "grades", "grade_unfit")
    if len(read_grades(text)) > 1:
        log.oddity(file, row, "grades", "grades_several" if file == "users.csv" else "class_grades_several")


def _parse(text: str) -> str | None:
    try:
        return parse_grade(text)
    except ValueError:
        return None
