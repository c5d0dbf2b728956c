"""Rows about people: what users.csv, roles.csv and demographics.csv state about one person."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.checks import Cells, Ids, is_gone, report_semicolons, table_rows
from paktaleem.directory.oneroster.columns import (
    COUNTRY,
    DEMOGRAPHICS,
    EXTENDED,
    RELATIONSHIPS,
    USER_ROLES,
    USERS,
    Table,
    Version,
    listed,
)
from paktaleem.directory.oneroster.grades import read_grades, report_grades
from paktaleem.directory.oneroster.package import Package
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.oneroster.register import UserRegister


class User(NamedTuple):
    """A parsed row of users.csv; `phone` is the cell `sms`, or `phone` if `sms` has no number.

    `email` and `phone` are None if they cannot be read.

    `role` is empty in 1.2, where another file states it; `gone` marks a user whom a delta declares deleted.
    """

    external_id: str
    role: str
    full_name: str
    email: str | None
    phone: str | None
    enabled: bool
    agents: list[str]
    gone: bool
    country: str | None
    grade: str | None


def read_user(cells: Cells, table: Table) -> User:
    """Return the parsed row of users.csv."""
    at = table.at
    return User(
        external_id=cells[0],
        role=meaning_of(cells, table, "role") if "role" in at else "",
        full_name=cell.full_name(cells[at["givenName"]], cells[at["middleName"]], cells[at["familyName"]]),
        email=cell.plausible_email(cells[at["email"]]),
        phone=cell.merge_contacts(cell.plausible_phone(cells[at["sms"]]), cell.plausible_phone(cells[at["phone"]])),
        enabled=meaning_of(cells, table, "enabledUser") == "true",
        agents=listed(cells[at["agentSourcedIds"]]),
        gone=is_gone(table, cells),
        country=cell.country(cells[at[COUNTRY]]) or None,
        grade=next(iter(read_grades(cells[at["grades"]])), None),
    )


def meaning_of(cells: Cells, table: Table, column: str) -> str:
    """Return the value of OneRoster that a cell stands for, in any spelling; "" if it stands for none."""
    return table.spellings[column].get(cells[table.at[column]].casefold(), "")


def user_rows(package: Package, version: Version, ids: Sequence[str]) -> Iterator[tuple[int, User]]:
    """Yield (row number, user) of a users.csv that has been checked; ``ids`` has each user once, in order."""
    table = version.tables[USERS]
    ordinal = 0
    for number, cells in table_rows(package, table):
        if ordinal < len(ids) and cells[0] == ids[ordinal]:  # otherwise a row that is repeated
            ordinal += 1
            yield number, read_user(cells, table)


def check_user(number: int, cells: Cells, user: User, table: Table, log: ProblemLog) -> None:
    """Log errors and oddities of one person; ``number`` is the row number (the header is 1)."""
    fault = cell.external_id_fault(user.external_id)
    if fault:
        log.fatal(USERS, number, "sourcedId", "external_id_unfit", fault)
    if user.gone:
        return
    _check_name(number, user, log)
    at = table.at
    if user.email is None:
        log.oddity(USERS, number, "email", "email_implausible")
    for column in ("sms", "phone"):
        if cell.plausible_phone(cells[at[column]]) is None:
            log.oddity(USERS, number, column, "phone_implausible")
    report_semicolons(cells, table, "agentSourcedIds", number, log)
    _check_country(number, cells[at[COUNTRY]], log)
    report_grades(cells[at["grades"]], file=USERS, row=number, log=log)
    if user.role in RELATIONSHIPS and not user.email:
        _report_unreachable(number, user.external_id, log)
    if not user.enabled:
        log.oddity(USERS, number, "enabledUser", "user_disabled", value=_safe_id(user.external_id))


def report_guardians(ids: Sequence[str], register: UserRegister, log: ProblemLog) -> None:
    """Log guardians without an email address, if another file than users.csv states who is a guardian."""
    for ordinal in register.unreachable_guardians():
        _report_unreachable(register.rows[ordinal], ids[ordinal], log)


def _report_unreachable(number: int, external_id: str, log: ProblemLog) -> None:
    log.oddity(USERS, number, "email", "guardian_without_email", value=_safe_id(external_id))


def _check_name(number: int, user: User, log: ProblemLog) -> None:
    if not user.full_name:
        message = "givenName and familyName must not both be empty"
        log.fatal(USERS, number, "givenName", "name_empty", message)
    elif len(user.full_name) > cell.NAME_LIMIT:
        message = f"given, middle and family name together are longer than {cell.NAME_LIMIT} characters"
        log.fatal(USERS, number, "givenName", "name_too_long", message)


def _check_country(number: int, text: str, log: ProblemLog) -> None:
    if cell.country(text) is None:
        log.fatal(USERS, number, COUNTRY, "country_unfit", "must be two letters of ISO 3166, such as PK")


def _safe_id(external_id: str) -> str:
    return "" if cell.external_id_fault(external_id) else external_id


class PeopleFiles:
    """The files besides users.csv that describe people, processed while they are read.

    `ids` holds the users of this package, `whole` says whether they are complete; a delta may also describe others.
    """

    def __init__(self, version: Version, ids: Ids, register: UserRegister, log: ProblemLog, *, whole: bool) -> None:
        self._tables, self._ids, self._register, self._log, self._whole = version.tables, ids, register, log, whole

    def take_role(self, number: int, cells: Cells) -> None:
        """Store the role of a row of roles.csv, or that it has ended."""
        table = self._tables[USER_ROLES]
        user, role = cells[table.at["userSourcedId"]], meaning_of(cells, table, "role")
        if is_gone(table, cells):
            self._log.oddity(table.file, number, "role", "role_ended")
            self._end_role(user, role, table, number)
            return
        if cells[table.at["role"]].casefold().startswith(EXTENDED):
            self._log.oddity(table.file, number, "role", "role_extended")
            return
        if not role:  # already refused
            return
        primary = meaning_of(cells, table, "roleType") == "primary"
        if user in self._ids:
            self._register.add_role(self._ids[user], role, primary=primary)
        elif self._is_elsewhere(user, table, number, "userSourcedId"):
            self._register.place_elsewhere(user, table.file, number).take_role(role, primary=primary)

    def _end_role(self, user: str, role: str, table: Table, number: int) -> None:
        if not role:
            return
        if user in self._ids:
            self._register.end_role(self._ids[user], role)
        elif self._is_elsewhere(user, table, number, "userSourcedId"):
            self._register.place_elsewhere(user, table.file, number).end_role(role)

    def take_birth_date(self, number: int, cells: Cells) -> None:
        """Store the birth date of a row of demographics.csv."""
        table = self._tables[DEMOGRAPHICS]
        born = cell.day(cells[table.at["birthDate"]])
        if born is None or is_gone(table, cells):
            return
        if born.year < cell.FIRST_BIRTH_YEAR:
            message = f"must not be before {cell.FIRST_BIRTH_YEAR}: this cannot be the person’s birth date"
            self._log.fatal(table.file, number, "birthDate", "birth_date_too_early", message)
        elif cells[0] in self._ids:
            self._register.births[self._ids[cells[0]]] = born.toordinal()
        elif self._is_elsewhere(cells[0], table, number, "sourcedId"):
            self._register.place_elsewhere(cells[0], table.file, number).born = born.toordinal()

    def _is_elsewhere(self, user: str, table: Table, number: int, column: str) -> bool:
        if self._whole or not user:  # already refused
            return False
        fault = cell.external_id_fault(user)
        if fault:
            self._log.fatal(table.file, number, column, "external_id_unfit", fault)
        return not fault
