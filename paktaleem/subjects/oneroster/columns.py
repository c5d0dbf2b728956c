"""The files of OneRoster 1.1 CSV as data: headers in order, required cells, enumerations and references.

`*` marks a cell that must not be empty, `-` a column we do not need: its cells are dropped when a row is
read and reach nothing else (passwords, sex, race, ethnicity, birthplace, other identifiers). OneRoster also
requires givenName and familyName; people with one name exist, so only both being empty is refused.
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

STUDENT = "student"
RELATIONSHIPS = ("parent", "guardian", "relative")
ROLES: Mapping[str, str] = {
    "administrator": "administrator",
    "aide": "instructor",
    "guardian": "guardian",
    "parent": "guardian",
    "proctor": "instructor",
    "relative": "guardian",
    "student": "student",
    "teacher": "instructor",
}
BOOLEANS = ("true", "false")


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file: its whole header, and the columns kept of it, by their position among the kept."""

    file: str
    header: tuple[str, ...]
    kept: tuple[str, ...]
    required: tuple[str, ...]
    enumerations: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    dates: tuple[str, ...]
    at: Mapping[str, int] = field(repr=False)


def _table(
    file: str,
    columns: str,
    *,
    enumerations: Mapping[str, tuple[str, ...]] | None = None,
    references: Mapping[str, str] | None = None,
    dates: tuple[str, ...] = (),
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
        at={name: position for position, name in enumerate(kept)},
    )


TABLES: Mapping[str, Table] = {
    table.file: table
    for table in (
        _table(
            SESSIONS,
            "title* type* startDate* endDate* parentSourcedId schoolYear*",
            enumerations={"type": ("gradingPeriod", "semester", "schoolYear", "term")},
            references={"parentSourcedId": SESSIONS},
            dates=("startDate", "endDate"),
        ),
        _table(
            ORGS,
            "name* type* identifier- parentSourcedId",
            enumerations={"type": ("department", "school", "district", "local", "state", "national")},
            references={"parentSourcedId": ORGS},
        ),
        _table(
            COURSES,
            "schoolYearSourcedId title* courseCode- grades- orgSourcedId* subjects- subjectCodes-",
            references={"schoolYearSourcedId": SESSIONS, "orgSourcedId": ORGS},
        ),
        _table(
            CLASSES,
            "title* grades- courseSourcedId* classCode- classType* location- schoolSourcedId* "
            "termSourcedIds* subjects- subjectCodes- periods-",
            enumerations={"classType": ("homeroom", "scheduled")},
            references={"courseSourcedId": COURSES, "schoolSourcedId": ORGS, "termSourcedIds": SESSIONS},
        ),
        _table(
            USERS,
            "enabledUser* orgSourcedIds* role* username* userIds- givenName familyName middleName "
            "identifier- email sms phone agentSourcedIds grades- password-",
            enumerations={"enabledUser": BOOLEANS, "role": tuple(ROLES)},
            references={"orgSourcedIds": ORGS},
        ),
        _table(
            DEMOGRAPHICS,
            "birthDate sex- americanIndianOrAlaskaNative- asian- blackOrAfricanAmerican- "
            "nativeHawaiianOrOtherPacificIslander- white- demographicRaceTwoOrMoreRaces- "
            "hispanicOrLatinoEthnicity- countryOfBirthCode- stateOfBirthAbbreviation- cityOfBirth- "
            "publicSchoolResidenceStatus-",
            references={"sourcedId": USERS},
            dates=("birthDate",),
        ),
        _table(
            ENROLLMENTS,
            "classSourcedId* schoolSourcedId* userSourcedId* role* primary- beginDate endDate",
            enumerations={"role": ("administrator", "proctor", "student", "teacher")},
            references={"classSourcedId": CLASSES, "schoolSourcedId": ORGS, "userSourcedId": USERS},
            dates=("beginDate", "endDate"),
        ),
    )
}

NEEDED = (USERS, ORGS)
# Marks and learning material: a package may hold them, and this portal has no purpose for them, so they are
# never opened.
UNOPENED = (
    "categories.csv",
    "classResources.csv",
    "courseResources.csv",
    "lineItems.csv",
    "resources.csv",
    "results.csv",
)
FILES = (*TABLES, *UNOPENED)


def listed(cell: str) -> list[str]:
    """Return the items of a list cell (comma-separated), trimmed, without empty or repeated ones."""
    return list(dict.fromkeys(item for part in cell.split(",") if (item := part.strip(" "))))
