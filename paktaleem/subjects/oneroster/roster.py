"""Open a OneRoster 1.1 bulk package: check all of it, then let its people and relations be streamed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from paktaleem.subjects.oneroster.checks import Cells, Ids, RowCheck, table_rows
from paktaleem.subjects.oneroster.columns import (
    CLASSES,
    DEMOGRAPHICS,
    ENROLLMENTS,
    ROLES,
    TABLES,
    USERS,
    Table,
)
from paktaleem.subjects.oneroster.manifest import present_files
from paktaleem.subjects.oneroster.package import Package, open_package
from paktaleem.subjects.oneroster.problems import Problem, ProblemLog, RosterInvalid
from paktaleem.subjects.oneroster.relations import Pairs, find_pairs, report_students, unpack
from paktaleem.subjects.oneroster.users import UserRegister, check_user, read_user, record_birth, user_rows


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the school's system; `external_id` is the sourcedId, `role` ours."""

    external_id: str
    role: str
    full_name: str
    email: str
    phone: str
    birth_date: date | None
    enabled: bool


@dataclass(frozen=True, slots=True)
class GuardianRelation:
    """A claim of the school that `guardian` is the `relationship` of `child`: no consent, no proof."""

    child: str
    guardian: str
    relationship: str


class Roster:
    """An opened package whose every row has been checked.

    `problems` are the oddities, at most 1,000 of each code; `oddities` has their exact number by code.
    `counts` has the people by role, the relations, classes and enrollments.
    """

    def __init__(self, package: Package, findings: "_Findings") -> None:
        self.problems: Sequence[Problem] = findings.log.oddities()
        self.oddities: Mapping[str, int] = MappingProxyType(dict(findings.log.oddity_totals()))
        self.counts: Mapping[str, int] = MappingProxyType(findings.counts())
        self._package = package
        self._ids = tuple(findings.ids[USERS])
        self._register = findings.register
        self._pairs = findings.pairs

    def people(self) -> Iterator[Person]:
        """Yield every user in the order of users.csv.

        Raises RosterInvalid if the file can no longer be read as it was when checked.
        """
        for ordinal, (_, user) in enumerate(user_rows(self._package)):
            yield Person(
                external_id=user.external_id,
                role=ROLES[user.role],
                full_name=user.full_name,
                email=user.email,
                phone=user.phone,
                birth_date=self._register.birth_date(ordinal),
                enabled=user.enabled,
            )

    def relations(self) -> Iterator[GuardianRelation]:
        """Yield every relation once, by student and guardian in the order of users.csv."""
        for child, guardian in map(unpack, self._pairs):
            relationship = self._register.relationship(guardian)
            yield GuardianRelation(self._ids[child], self._ids[guardian], relationship)


@contextmanager
def open_roster(path: Path) -> Iterator[Roster]:
    """Open a package and check every row of it before giving it out.

    Raises RosterInvalid with all fatal problems, the first 1,000 and a count of the rest.
    """
    with open_package(path) as package:
        findings = _Findings(package)
        findings.check()
        roster = Roster(package, findings)
        del findings
        yield roster


class _Findings:
    """What one reading of a package found; tables are read in an order in which references point back."""

    def __init__(self, package: Package) -> None:
        self.log = ProblemLog()
        self.ids: dict[str, Ids] = {}  # of the files read to their end
        self.register = UserRegister()
        self.pairs: Pairs
        self._rows: dict[str, int] = {}
        self._package = package

    def check(self) -> None:
        """Check everything. Raises RosterInvalid if the package cannot be imported."""
        present = present_files(self._package, self.log)
        for file, table in TABLES.items():
            if file in present:
                self._check_presence(table, present)
                self._check_table(table)
        self.log.raise_if_fatal()
        self.pairs = find_pairs(self._package, self.ids[USERS], self.register, self.log)
        report_students(tuple(self.ids[USERS]), self.pairs, self.register, self.log)

    def counts(self) -> dict[str, int]:
        """Return the number of people by role, of relations, classes and enrollments."""
        return {
            **self.register.count_by_role(),
            "relations": len(self.pairs),
            "classes": self._rows.get(CLASSES, 0),
            "enrollments": self._rows.get(ENROLLMENTS, 0),
        }

    def _check_presence(self, table: Table, present: frozenset[str]) -> None:
        for column, target in table.references.items():
            if column in table.required and target not in present:
                message = f"must refer to {target}, which is not in the package"
                self.log.fatal(table.file, None, column, "file_needed", message)

    def _check_table(self, table: Table) -> None:
        check = RowCheck(table, self.ids, self.log)
        try:
            for number, cells in table_rows(self._package, table, self.log):
                if check.admit(number, cells):
                    self._check_meaning(table, number, cells)
        except RosterInvalid as invalid:
            self.log.adopt(invalid)
            return
        check.finish()
        self._rows[table.file] = len(check.ids)
        if table.file not in (DEMOGRAPHICS, ENROLLMENTS):  # nothing refers to them
            self.ids[table.file] = check.ids

    def _check_meaning(self, table: Table, number: int, cells: Cells) -> None:
        if table.file == USERS:
            user = read_user(cells)
            check_user(number, cells, user, self.log)
            self.register.add(number, user)
        elif table.file == DEMOGRAPHICS:
            record_birth(number, cells, self.ids.get(USERS, {}), self.register, self.log)
