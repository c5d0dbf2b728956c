"""The rows of users.csv: what they say about a person, and what is remembered of them while checking."""

from array import array
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from paktaleem.subjects.oneroster import cells as cell
from paktaleem.subjects.oneroster.checks import Cells, Ids, table_rows
from paktaleem.subjects.oneroster.columns import (
    DEMOGRAPHICS,
    RELATIONSHIPS,
    ROLES,
    STUDENT,
    TABLES,
    USERS,
    listed,
)
from paktaleem.subjects.oneroster.package import Package
from paktaleem.subjects.oneroster.problems import ProblemLog

_ROLE_NAMES = tuple(ROLES)
_ROLE_CODES = {name: code for code, name in enumerate(_ROLE_NAMES)}
_NO_ROLE = 255
_STUDENT_CODE = _ROLE_CODES[STUDENT]
_GUARDIAN_CODES = frozenset(_ROLE_CODES[name] for name in RELATIONSHIPS)


class User(NamedTuple):
    """A row of users.csv, made sense of; `phone` is the cell `sms`, or `phone` where that has no number."""

    external_id: str
    role: str
    full_name: str
    email: str
    phone: str
    enabled: bool
    agents: list[str]


def read_user(cells: Cells) -> User:
    """Return what a row of users.csv says; implausible addresses and numbers are left out."""
    external_id, _, _, enabled, _, role, _, given, family, middle, email, sms, phone, agents = cells
    return User(
        external_id=external_id,
        role=role,
        full_name=cell.full_name(given, middle, family),
        email=cell.plausible_email(email) or "",
        phone=cell.plausible_phone(sms) or cell.plausible_phone(phone) or "",
        enabled=enabled == "true",
        agents=listed(agents),
    )


def user_rows(package: Package) -> Iterator[tuple[int, User]]:
    """Yield (row number, user) of a users.csv that has been checked."""
    for number, cells in table_rows(package, TABLES[USERS], ProblemLog()):
        yield number, read_user(cells)


def check_user(number: int, cells: Cells, user: User, log: ProblemLog) -> None:
    """Log what is wrong or odd about one person."""
    _check_identity(number, user, log)
    at = TABLES[USERS].at
    if cells[at["email"]] and not user.email:
        message = "not one plausible mail address; taken as empty"
        log.oddity(USERS, number, "email", "email_implausible", message)
    for column in ("sms", "phone"):
        if cell.plausible_phone(cells[at[column]]) is None:
            message = "not a plausible telephone number (7 to 15 digits); taken as empty"
            log.oddity(USERS, number, column, "phone_implausible", message)
    if user.role in RELATIONSHIPS and not user.email:
        message = f"guardian {_named(user)} has no mail address, so cannot be asked by mail"
        log.oddity(USERS, number, "email", "guardian_without_email", message)
    if not user.enabled:
        log.oddity(USERS, number, "enabledUser", "user_disabled", f"user {_named(user)} is disabled")


def _check_identity(number: int, user: User, log: ProblemLog) -> None:
    fault = cell.external_id_fault(user.external_id)
    if fault:
        log.fatal(USERS, number, "sourcedId", "external_id_unfit", fault)
    if not user.full_name:
        message = "givenName and familyName must not both be empty"
        log.fatal(USERS, number, "givenName", "name_empty", message)
    elif len(user.full_name) > cell.NAME_LIMIT:
        message = f"given, middle and family name together are longer than {cell.NAME_LIMIT} characters"
        log.fatal(USERS, number, "givenName", "name_too_long", message)


def _named(user: User) -> str:
    return "" if cell.external_id_fault(user.external_id) else user.external_id


class UserRegister:
    """What is remembered of every user, by the ordinal of the row: some 40 bytes beside the id.

    Mailboxes and phones are kept as fingerprints (0: none), enough to see that two people share one.
    Birth dates are kept as proleptic ordinals (0: none).
    """

    def __init__(self) -> None:
        self.roles = bytearray()
        self.rows = array("l")
        self.mailboxes = array("q")
        self.phones = array("q")
        self.births = array("l")

    def add(self, number: int, user: User) -> None:
        """Remember the next user."""
        self.roles.append(_ROLE_CODES.get(user.role, _NO_ROLE))
        self.rows.append(number)
        self.mailboxes.append(hash(user.email.casefold()))
        self.phones.append(hash(user.phone))
        self.births.append(0)

    def birth_date(self, ordinal: int) -> date | None:
        """Return the birth date of a user, or None if the package does not tell."""
        born = self.births[ordinal]
        return date.fromordinal(born) if born else None

    def students(self) -> Iterator[int]:
        """Yield the ordinals of all students."""
        return (ordinal for ordinal, role in enumerate(self.roles) if role == _STUDENT_CODE)

    def relation(self, one: int, other: int) -> tuple[int, int] | None:
        """Return the two as (student, guardian), or None if they are not one of each."""
        for child, guardian in ((one, other), (other, one)):
            if self.roles[child] == _STUDENT_CODE and self.roles[guardian] in _GUARDIAN_CODES:
                return child, guardian
        return None

    def relationship(self, guardian: int) -> str:
        """Return the kind of relation, which only the guardian's own role tells."""
        return _ROLE_NAMES[self.roles[guardian]]

    def count_by_role(self) -> dict[str, int]:
        """Return the number of users by our role."""
        counts = dict.fromkeys(ROLES.values(), 0)
        for name, role in ROLES.items():
            counts[role] += self.roles.count(_ROLE_CODES[name])
        return counts


def record_birth(number: int, cells: Cells, ids: Ids, register: UserRegister, log: ProblemLog) -> None:
    """Remember the birth date in a row of demographics.csv."""
    table = TABLES[DEMOGRAPHICS]
    born = cell.day(cells[table.at["birthDate"]])
    if born is None:
        return
    if born.year < cell.FIRST_BIRTH_YEAR:
        message = f"must not be before {cell.FIRST_BIRTH_YEAR}"
        log.fatal(table.file, number, "birthDate", "birth_date_too_early", message)
    elif cells[0] in ids:
        register.births[ids[cells[0]]] = born.toordinal()
