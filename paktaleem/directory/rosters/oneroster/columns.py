"""The files of OneRoster 1.1 and 1.2 CSV as data: headers in order, required cells, enumerations and references.

`*` marks a required cell, `-` a column that is not needed: its cells are dropped when a row is read (passwords, sex,
race, ethnicity, birthplace, other identifiers). OneRoster also requires givenName and familyName; people with one name
exist, so only both being empty is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
PROFILES = "userProfiles.csv"
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
EXTENDED = "ext:"
"""Prefix of extension values, which 1.2 allows in most enumerations."""


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file: its complete header, and the kept columns with their positions."""

    file: str
    header: tuple[str, ...]
    kept: tuple[str, ...]
    required: tuple[str, ...]
    enumerations: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    dates: tuple[str, ...]
    at: Mapping[str, int] = field(repr=False)
    tolerated: tuple[str, ...]  # columns that some exporters add in any position: ignored
    extensible: frozenset[str]  # columns that allow values with the prefix ext:
    extensions: tuple[str, ...] = ()  # optional metadata columns that are read


def _table(
    file: str,
    columns: str,
    *,
    enumerations: Mapping[str, tuple[str, ...]] | None = None,
    references: Mapping[str, str] | None = None,
    dates: tuple[str, ...] = (),
    tolerated: tuple[str, ...] = (),
    extensible: tuple[str, ...] = (),
    extensions: tuple[str, ...] = (),
) -> Table:
    marked = ["sourcedId*", "status", "dateLastModified", *columns.split()]
    kept = tuple(name.rstrip("*") for name in marked if not name.endswith("-"))
    return Table(
        file=file,
        header=tuple(name.rstrip("*-") for name in marked),
        kept=kept,
        required=tuple(name.rstrip("*") for name in marked if name.endswith("*")),
        enumerations=enumerations or {},
        references=references or {},
        dates=dates,
        at={name: position for position, name in enumerate((*kept, *extensions))},
        tolerated=tolerated,
        extensible=frozenset(extensible),
        extensions=extensions,
    )


def _sessions(*extensible: str) -> Table:
    return _table(
        SESSIONS,
        "title* type* startDate* endDate* parentSourcedId schoolYear*",
        enumerations={"type": ("gradingPeriod", "semester", "schoolYear", "term")},
        references={"parentSourcedId": SESSIONS},
        dates=("startDate", "endDate"),
        extensible=extensible,
    )


def _orgs(*extensible: str) -> Table:
    return _table(
        ORGS,
        "name* type* identifier- parentSourcedId",
        enumerations={"type": ("department", "school", "district", "local", "state", "national")},
        references={"parentSourcedId": ORGS},
        extensible=extensible,
    )


_COURSES = _table(
    COURSES,
    "schoolYearSourcedId title* courseCode- grades- orgSourcedId* subjects- subjectCodes-",
    references={"schoolYearSourcedId": SESSIONS, "orgSourcedId": ORGS},
)


def _classes(*extensible: str) -> Table:
    return _table(
        CLASSES,
        "title* grades- courseSourcedId* classCode- classType* location- schoolSourcedId* "
        "termSourcedIds* subjects- subjectCodes- periods-",
        enumerations={"classType": ("homeroom", "scheduled")},
        references={"courseSourcedId": COURSES, "schoolSourcedId": ORGS, "termSourcedIds": SESSIONS},
        extensible=extensible,
    )


_USERS_1_1 = _table(
    USERS,
    "enabledUser* orgSourcedIds* role* username* userIds- givenName familyName middleName "
    "identifier- email sms phone agentSourcedIds grades- password-",
    enumerations={"enabledUser": BOOLEANS, "role": tuple(_ROLES_1_1)},
    references={"orgSourcedIds": ORGS},
    extensions=(COUNTRY,),
)
_USERS_1_2 = _table(
    USERS,
    "enabledUser* username* userIds- givenName familyName middleName identifier- email sms phone "
    "agentSourcedIds grades- password- userMasterIdentifier- preferredGivenName- preferredMiddleName- "
    "preferredFamilyName- primaryOrgSourcedId pronouns-",
    enumerations={"enabledUser": BOOLEANS},
    references={"primaryOrgSourcedId": ORGS},
    tolerated=("resourceSourcedIds",),  # of 1.2.0
    extensions=(COUNTRY,),
)
_PROFILES = _table(
    PROFILES,
    "userSourcedId* profileType- vendorId- applicationId- description- credentialType- username- password-",
    references={"userSourcedId": USERS},
)
_USER_ROLES = _table(
    USER_ROLES,
    "userSourcedId* roleType* role* beginDate endDate orgSourcedId* userProfileSourcedId",
    enumerations={"roleType": ("primary", "secondary"), "role": tuple(sorted(_ROLES_1_2))},
    references={"userSourcedId": USERS, "orgSourcedId": ORGS, "userProfileSourcedId": PROFILES},
    dates=("beginDate", "endDate"),
    extensible=("role",),
)
_DEMOGRAPHICS = _table(
    DEMOGRAPHICS,
    "birthDate sex- americanIndianOrAlaskaNative- asian- blackOrAfricanAmerican- "
    "nativeHawaiianOrOtherPacificIslander- white- demographicRaceTwoOrMoreRaces- "
    "hispanicOrLatinoEthnicity- countryOfBirthCode- stateOfBirthAbbreviation- cityOfBirth- "
    "publicSchoolResidenceStatus-",
    references={"sourcedId": USERS},
    dates=("birthDate",),
)


def _enrollments(*extensible: str) -> Table:
    return _table(
        ENROLLMENTS,
        "classSourcedId* schoolSourcedId* userSourcedId* role* primary- beginDate endDate",
        enumerations={"role": ("administrator", "proctor", "student", "teacher")},
        references={"classSourcedId": CLASSES, "schoolSourcedId": ORGS, "userSourcedId": USERS},
        dates=("beginDate", "endDate"),
        extensible=extensible,
    )


# Marks and learning material: a package may hold them, but the portal has no purpose for them, so they are
# never opened.
_UNOPENED_1_1 = ("categories", "classResources", "courseResources", "lineItems", "resources", "results")
_UNOPENED_1_2 = (
    *_UNOPENED_1_1,
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "scoreScales",
    "userResources",
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of OneRoster: its tables, ordered so that references point to earlier ones.

    ``needed`` are the files required to list all people.
    """

    number: str
    tables: Mapping[str, Table]
    unopened: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that a package may hold, except the manifest."""
        return (*self.tables, *self.unopened)


def _version(number: str, tables: tuple[Table, ...], unopened: tuple[str, ...], needed: tuple[str, ...]) -> Version:
    return Version(number, {table.file: table for table in tables}, tuple(f"{name}.csv" for name in unopened), needed)


VERSIONS: Mapping[str, Version] = {
    "1.1": _version(
        "1.1",
        (_sessions(), _orgs(), _COURSES, _classes(), _USERS_1_1, _DEMOGRAPHICS, _enrollments()),
        _UNOPENED_1_1,
        (USERS, ORGS),
    ),
    "1.2": _version(
        "1.2",
        (
            _sessions("type"),
            _orgs("type"),
            _COURSES,
            _classes("classType"),
            _USERS_1_2,
            _PROFILES,
            _USER_ROLES,
            _DEMOGRAPHICS,
            _enrollments("role"),
        ),
        _UNOPENED_1_2,
        (USERS, ORGS, USER_ROLES),
    ),
}


def listed(cell: str) -> list[str]:
    """Return the items of a list cell (comma-separated), trimmed, without empty or repeated ones."""
    return list(dict.fromkeys(item for part in cell.split(",") if (item := part.strip(" "))))
