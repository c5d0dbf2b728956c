"""Open a OneRoster package: check all of it, then stream its people and relations.

Values that decide about people (roles, ages, guardians) are read strictly. The others are read in many forms, and each
oddity is listed. A school or class that cannot be read is left out and listed; the file then does not count as
complete, so that no membership ends because a row could not be read.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, replace
from typing import IO

from paktaleem.directory.schools import rows as stated
from paktaleem.directory.schools.oneroster import columns as cell, users
from paktaleem.directory.schools.oneroster.checks import Cells, Ids, RowCheck, TableReader, is_gone, table_rows
from paktaleem.directory.schools.oneroster.package import Package, open_package, read_manifest
from paktaleem.directory.schools.oneroster.problems import ProblemLog, RosterInvalid
from paktaleem.directory.schools.rows import GivenRows

PARTS: Mapping[str, str] = {
    cell.ORGS: stated.SCHOOLS,
    cell.SESSIONS: stated.TERMS,
    cell.CLASSES: stated.CLASSES,
    cell.ENROLLMENTS: stated.ENROLMENTS,
}
"""The files that state schools, terms, classes and enrolments, and what each states."""

NAME_LIMIT = 255
_OTHER = "other"
_KINDS: Mapping[str, str] = {"schoolYear": "school_year", "gradingPeriod": "grading_period"}
_NAMES: Mapping[str, str] = {cell.ORGS: "name", cell.SESSIONS: "title", cell.CLASSES: "title"}


def check_school_row(table: cell.Table, number: int, cells: Cells, log: ProblemLog) -> bool:
    name = _NAMES.get(table.file)
    if cell.external_id_fault(cells[0]) or (name and not cells[0]):
        log.oddity(table.file, number, "sourcedId", "school_id_unfit")
        return False
    if name and len(cells[table.at[name]]) > NAME_LIMIT:
        log.oddity(table.file, number, name, "name_cut")
    if table.file == cell.CLASSES:
        cell.report_grades(cells[table.at["grades"]], file=cell.CLASSES, row=number, log=log)
    return True


def _read_place(row: int, cells: Cells, table: cell.Table) -> stated.PlaceRow:
    at, name = table.at, _NAMES[table.file]

    def read(column: str) -> str:
        return cells[at[column]] if column in at else ""

    kind = users.meaning_of(cells, table, "classType" if table.file == cell.CLASSES else "type")
    grades = cell.read_grades(read("grades"))
    return stated.PlaceRow(
        row,
        cells[0],
        cells[at[name]][:NAME_LIMIT] or cells[0],
        _KINDS.get(kind, kind) or _OTHER,
        read("schoolSourcedId" if table.file == cell.CLASSES else "parentSourcedId"),
        starts_on=cell.day(read("startDate")),
        ends_on=cell.day(read("endDate")),
        terms=cell.listed(read("termSourcedIds")),
        grade=grades[0] if len(grades) == 1 else "",
        gone=is_gone(table, cells),
    )


def _read_enrolment(row: int, cells: Cells, table: cell.Table) -> stated.EnrolmentRow:
    at = table.at
    return stated.EnrolmentRow(
        row,
        cells[0],
        cells[at["classSourcedId"]],
        cells[at["userSourcedId"]],
        users.meaning_of(cells, table, "role") or _OTHER,
        cell.day(cells[at["beginDate"]]),
        cell.day(cells[at["endDate"]]),
        is_gone(table, cells),
    )


class Roster:
    """An opened package whose every row has been checked.

    `is_whole` is True if people not in it are not at the school; `stated_roles` says whether it states all roles;
    `columns` maps fields to column names. `mentions` are agents in a delta whose relationship depends on earlier files.
    """

    columns: Mapping[str, str] = {
        "external_id": "sourcedId",
        "role": "role",
        "full_name": "givenName",
        "email": "email",
        "phone": "sms",
        "agents": "agentSourcedIds",
        "birth_date": "birthDate",
        "country": cell.COUNTRY,
    }

    def __init__(self, package: Package) -> None:
        """Check the tables, referred to ones first. Raises RosterInvalid with the first 1,000 problems."""
        self._package, self._log, self._register = package, ProblemLog(), users.UserRegister()
        self._known: dict[str, Ids] = {}  # of files read completely
        self._partly: set[str] = set()  # files about schools and classes of which not every row can be read
        self._pairs: users.Pairs = array("q")
        self.mentions: list[users.DeltaRelation] = []
        self._manifest = manifest = read_manifest(package, self._log)
        self.kind = f"OneRoster {manifest.version.number}"
        self.is_whole = manifest.is_whole(cell.USERS)
        self.stated_roles = users.StatedRoles.ALL if manifest.is_whole(cell.USER_ROLES) else users.StatedRoles.CHANGES
        if "role" in manifest.version.tables[cell.USERS].at:
            self.stated_roles = users.StatedRoles.MAIN
        self._check()
        self._ids = tuple(self._known.get(cell.USERS, {}))
        if cell.USERS in manifest.files:
            self._relate()
        self._known.clear()  # they are of no further use, and large
        self.oddity_sample, self.oddities = self._log.oddity_sample(), self._log.oddity_totals()
        self.relation_count = len(self._pairs)

    @property
    def size(self) -> int:
        return len(self._ids) + len(self._register.elsewhere)

    def placed_people(self) -> Iterator[tuple[users.Place, users.Person]]:
        """Yield every person and their place, in the order of users.csv, then those whom only other files name."""
        if cell.USERS in self._manifest.files:
            for ordinal, (number, user) in enumerate(users.user_rows(self._package, self._manifest.version, self._ids)):
                person = self._person(ordinal, user)
                if person.role is not None or user.gone or not self._states_all_roles:
                    yield users.Place(cell.USERS, number), person
        for external_id, ordinal in self._register.elsewhere.items():
            place = users.Place(self._register.files[ordinal], self._register.rows[ordinal])
            yield place, self._with_register(users.Person(external_id), ordinal)

    def relations(self) -> Iterator[users.GuardianRelation]:
        for child, guardian in map(users.unpack, self._pairs):
            relationship = self._register.relationship(guardian)
            if relationship is not None:
                yield users.GuardianRelation(self._ids[child], self._ids[guardian], relationship)

    def schooling(self, *, complete: bool) -> GivenRows:
        """Return what the package states, read again; if ``complete``, what a whole file does not list has ended."""
        stated_files = PARTS.keys() & self._manifest.files.keys()
        whole = (file for file in PARTS if complete and self._manifest.is_whole(file) and file not in self._partly)
        return GivenRows(
            places={PARTS[file]: self._rows(file, _read_place) for file in stated_files - {cell.ENROLLMENTS}},
            enrolments=self._rows(cell.ENROLLMENTS, _read_enrolment) if cell.ENROLLMENTS in stated_files else None,
            complete=frozenset(PARTS[file] for file in whole),
        )

    def _rows[R](self, file: str, read: Callable[[int, Cells, cell.Table], R]) -> Iterator[R]:
        table = self._manifest.version.tables[file]
        log = ProblemLog()  # not shown: the check of the package has logged all oddities
        found = table_rows(self._package, table)
        return (read(row, cells, table) for row, cells in found if check_school_row(table, row, cells, log))

    def birth_date_places(self, external_ids: Mapping[str, object]) -> Iterator[tuple[users.Place, str]]:
        if cell.DEMOGRAPHICS in self._manifest.files:
            for row, cells in table_rows(self._package, self._manifest.version.tables[cell.DEMOGRAPHICS]):
                if cells[0] in external_ids:
                    yield users.Place(cell.DEMOGRAPHICS, row), cells[0]

    @property
    def _states_all_roles(self) -> bool:
        """True if the roster states all roles, so that a user without one has a role the portal does not use (1.2)."""
        return self.is_whole and self._manifest.files.get(cell.USER_ROLES) != "delta"

    def _person(self, ordinal: int, user: users.User) -> users.Person:
        if user.gone:
            return users.Person(user.external_id, gone=True)
        person = users.Person(
            user.external_id,
            full_name=user.full_name,
            email=user.email,
            phone=user.phone,
            enabled=user.enabled,
            country=user.country,
            grade=user.grade,
        )
        return self._with_register(person, ordinal)

    def _with_register(self, person: users.Person, ordinal: int) -> users.Person:
        register = self._register
        return replace(
            person,
            role=register.role(ordinal),
            birth_date=register.birth_date(ordinal),
            other_roles=register.other_roles(ordinal),
            ended_roles=register.ended_roles(ordinal),
        )

    def _check(self) -> None:
        manifest = self._manifest
        for file, table in manifest.version.tables.items():
            if file in manifest.files:
                for column, target in table.references.items():
                    is_needed = column in table.required and not manifest.is_delta(file)
                    if is_needed and target not in manifest.files:
                        self._log.oddity(file, None, column, "file_absent", value=target)
                self._check_table(table)
        if self.is_whole and manifest.is_whole(cell.USER_ROLES):
            for ordinal, row in enumerate(self._register.rows):
                if self._register.role(ordinal) is None and not self._register.gone[ordinal]:
                    self._log.oddity(cell.USERS, row, "sourcedId", "role_missing")
        self._log.raise_if_fatal()

    def _relate(self) -> None:
        version, ids, whole = self._manifest.version, self._known[cell.USERS], self.is_whole
        found = users.find_relations(self._package, version, ids, self._register, self._log, whole=whole)
        self._pairs, self.mentions = found
        if "role" not in version.tables[cell.USERS].at:
            users.report_guardians(self._ids, self._register, self._log)
        users.report_students(self._ids, self._pairs, self._register, self._log, whole=whole)

    def _check_table(self, table: cell.Table) -> None:
        known = {file: ids for file, ids in self._known.items() if self._manifest.is_whole(file)}
        delta = self._manifest.is_delta(table.file)
        try:
            reader = TableReader(self._package, table, self._log, delta=delta)
            collects = table.file != cell.ENROLLMENTS  # repeated ones are found when they are recorded
            check = RowCheck(table, known, self._log, present=reader.present, delta=delta, collects_ids=collects)
            for number, cells in reader.rows():
                if check.admit(number, cells):
                    self._check_meaning(table, number, cells)
        except RosterInvalid as invalid:
            for problem in invalid.problems:
                self._log.fatal(*astuple(problem))
            return
        check.finish()
        if reader.skipped or not reader.present:
            self._partly.add(table.file)
        # no other file refers to these
        is_referred_to = table.file not in {cell.DEMOGRAPHICS, cell.ENROLLMENTS, cell.USER_ROLES}
        if is_referred_to and (reader.present or table.is_about_people):
            self._known[table.file] = check.ids

    def _check_meaning(self, table: cell.Table, number: int, cells: Cells) -> None:
        if table.file == cell.USERS:
            user = users.read_user(cells, table)
            users.check_user(number, cells, user, table, self._log)
            ordinal = self._register.add(number, email=user.email or "", phone=user.phone or "", gone=user.gone)
            self._register.add_role(ordinal, user.role)
        elif table.file == cell.USER_ROLES:
            self._take_role(table, number, cells)
        elif table.file == cell.DEMOGRAPHICS:
            self._take_birth_date(table, number, cells)
        elif table.file in PARTS and not check_school_row(table, number, cells, self._log):
            self._partly.add(table.file)

    def _take_role(self, table: cell.Table, number: int, cells: Cells) -> None:
        user, role = cells[table.at["userSourcedId"]], users.meaning_of(cells, table, "role")
        if is_gone(table, cells):
            self._log.oddity(table.file, number, "role", "role_ended")
            if role and (ordinal := self._find(user, table, number, "userSourcedId")) is not None:
                self._register.end_role(ordinal, role)
        elif cells[table.at["role"]].casefold().startswith(cell.EXTENDED):
            self._log.oddity(table.file, number, "role", "role_extended")
        elif role and (ordinal := self._find(user, table, number, "userSourcedId")) is not None:
            self._register.add_role(ordinal, role, primary=users.meaning_of(cells, table, "roleType") == "primary")

    def _take_birth_date(self, table: cell.Table, number: int, cells: Cells) -> None:
        born = cell.day(cells[table.at["birthDate"]])
        if born is None or is_gone(table, cells):
            return
        if born.year < cell.FIRST_BIRTH_YEAR:
            message = f"must not be before {cell.FIRST_BIRTH_YEAR}: this cannot be the person’s birth date"
            self._log.fatal(table.file, number, "birthDate", "birth_date_too_early", message)
        elif (ordinal := self._find(cells[0], table, number, "sourcedId")) is not None:
            self._register.births[ordinal] = born.toordinal()

    def _find(self, user: str, table: cell.Table, number: int, column: str) -> int | None:
        """Return a person's ordinal, also of one whom only another file of a delta names; None, logged, for a fault."""
        ids = self._known.get(cell.USERS, {})
        if user in ids:
            return ids[user]
        if self.is_whole or not user:  # already refused
            return None
        if fault := cell.external_id_fault(user):
            self._log.fatal(table.file, number, column, "external_id_unfit", fault)
            return None
        return self._register.add_elsewhere(user, table.file, number)


@contextmanager
def open_roster(file: IO[bytes]) -> Iterator[Roster]:
    with open_package(file) as package:
        yield Roster(package)
