"""Rows about people: what users.csv, roles.csv and demographics.csv state about one person and their guardians.

agentSourcedIds is an untyped list of user ids, of the student's side, the guardian's or both; real exports also hold
teachers and phone numbers there. Only pairs of a student and a parent, guardian or relative are kept. In a delta one of
the two may be in an earlier file: such a pair is a mention.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from functools import cache
from itertools import groupby
from typing import NamedTuple

from paktaleem.directory.schools.oneroster import columns as cell
from paktaleem.directory.schools.oneroster.checks import Cells, Ids, is_gone, table_rows
from paktaleem.directory.schools.oneroster.package import Package
from paktaleem.directory.schools.oneroster.problems import ProblemLog, refusal

_BITS: Mapping[str, int] = {role: 1 << place for place, role in enumerate(cell.ROLES)}
# Of several roles one is the main role: primary before secondary, then the most protective one.
_PROTECTING = ("student", "instructor", "administrator", "guardian")


@cache
def _roles_of(bits: int) -> tuple[str, ...]:
    roles = {cell.ROLES[role] for role, bit in _BITS.items() if bits & bit}
    return tuple(role for role in _PROTECTING if role in roles)


@dataclass(slots=True)
class UserRegister:
    """Compact data of every user, by the ordinal of the row: some 40 bytes besides the id.

    Roles of OneRoster are bits; email addresses and phone numbers fingerprints (0: none), enough to see that two people
    share one; birth dates proleptic ordinals (0: none). ``elsewhere`` has the ordinals, which follow the users', of
    people whom a delta names only in other ``files``.
    """

    primary: array[int] = field(default_factory=lambda: array("H"))
    secondary: array[int] = field(default_factory=lambda: array("H"))
    ended: array[int] = field(default_factory=lambda: array("H"))
    gone: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=lambda: array("l"))
    mailboxes: array[int] = field(default_factory=lambda: array("q"))
    phones: array[int] = field(default_factory=lambda: array("q"))
    births: array[int] = field(default_factory=lambda: array("l"))
    elsewhere: dict[str, int] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)

    def add(self, row: int, *, email: str = "", phone: str = "", gone: bool = False) -> int:
        for bits in (self.primary, self.secondary, self.ended):
            bits.append(0)
        self.gone.append(gone)
        self.rows.append(row)
        self.mailboxes.append(hash(email.casefold()))
        self.phones.append(hash(phone))
        self.births.append(0)
        return len(self.rows) - 1

    def add_elsewhere(self, external_id: str, file: str, row: int) -> int:
        if external_id not in self.elsewhere:
            self.elsewhere[external_id] = self.add(row)
            self.files[self.elsewhere[external_id]] = file
        return self.elsewhere[external_id]

    def add_role(self, ordinal: int, role: str, *, primary: bool = True) -> None:
        """Add one role of a user; roles that OneRoster does not define are skipped."""
        bits = self.primary if primary else self.secondary
        bits[ordinal] |= _BITS.get(role, 0)

    def end_role(self, ordinal: int, role: str) -> None:
        self.ended[ordinal] |= _BITS[role]

    def role(self, ordinal: int) -> str | None:
        """Return the portal's role, or None. Of a person ``elsewhere`` only a primary role becomes the main one."""
        secondary = 0 if ordinal in self.files else self.secondary[ordinal]
        return next(iter(_roles_of(self.primary[ordinal] or secondary)), None)

    def other_roles(self, ordinal: int) -> tuple[str, ...]:
        main = self.role(ordinal)
        return tuple(role for role in _roles_of(self._stated(ordinal)) if role != main)

    def ended_roles(self, ordinal: int) -> tuple[str, ...]:
        """Return the portal's roles that have ended, and are not stated again."""
        stated = _roles_of(self._stated(ordinal))
        return tuple(role for role in _roles_of(self.ended[ordinal]) if role not in stated)

    def birth_date(self, ordinal: int) -> date | None:
        born = self.births[ordinal]
        return date.fromordinal(born) if born else None

    def students(self) -> Iterator[int]:
        return (ordinal for ordinal, gone in enumerate(self.gone) if not gone and self._is_student(ordinal))

    def relation(self, one: int, other: int) -> tuple[int, int] | None:
        """Return the two as (student, guardian), or None if they are not one of each."""
        for child, guardian in ((one, other), (other, one)):
            if self._is_student(child) and self.relationship(guardian):
                return child, guardian
        return None

    def relationship(self, guardian: int) -> str | None:
        """Return the kind of relation, which only the guardian's role states; None if it is not stated."""
        stated = self._stated(guardian)
        return next((role for role in cell.RELATIONSHIPS if stated & _BITS[role]), None)

    def _stated(self, ordinal: int) -> int:
        return self.primary[ordinal] | self.secondary[ordinal]

    def _is_student(self, ordinal: int) -> bool:
        return bool(self._stated(ordinal) & _BITS[cell.STUDENT])


class User(NamedTuple):
    """A parsed row of users.csv; `email` and `phone` (`sms` or `phone`) are None if unreadable, `role` empty in 1.2."""

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


def read_user(cells: Cells, table: cell.Table) -> User:
    at = table.at
    return User(
        external_id=cells[0],
        role=meaning_of(cells, table, "role") if "role" in at else "",
        full_name=cell.full_name(cells[at["givenName"]], cells[at["middleName"]], cells[at["familyName"]]),
        email=cell.plausible_email(cells[at["email"]]),
        phone=cell.merge_contacts(cell.plausible_phone(cells[at["sms"]]), cell.plausible_phone(cells[at["phone"]])),
        enabled=meaning_of(cells, table, "enabledUser") == "true",
        agents=cell.listed(cells[at["agentSourcedIds"]]),
        gone=is_gone(table, cells),
        country=cell.country(cells[at[cell.COUNTRY]]) or None,
        grade=next(iter(cell.read_grades(cells[at["grades"]])), None),
    )


def meaning_of(cells: Cells, table: cell.Table, column: str) -> str:
    """Return the value of OneRoster that a cell stands for, in any spelling; "" if it stands for none."""
    return table.spellings[column].get(cells[table.at[column]].casefold(), "")


def user_rows(package: Package, version: cell.Version, ids: Sequence[str]) -> Iterator[tuple[int, User]]:
    """Yield (row number, user) of a users.csv that has been checked; ``ids`` has each user once, in order."""
    table, ordinal = version.tables[cell.USERS], 0
    for number, cells in table_rows(package, table):
        if ordinal < len(ids) and cells[0] == ids[ordinal]:  # otherwise a row that is repeated
            ordinal += 1
            yield number, read_user(cells, table)


def check_user(number: int, cells: Cells, user: User, table: cell.Table, log: ProblemLog) -> None:
    if fault := cell.external_id_fault(user.external_id):
        log.fatal(cell.USERS, number, "sourcedId", "external_id_unfit", fault)
    if user.gone:
        return
    at = table.at
    _check_name_and_country(number, user, cells[at[cell.COUNTRY]], log)
    if user.email is None:
        log.oddity(cell.USERS, number, "email", "email_implausible")
    for column in ("sms", "phone"):
        if cell.plausible_phone(cells[at[column]]) is None:
            log.oddity(cell.USERS, number, column, "phone_implausible")
    cell.report_grades(cells[at["grades"]], file=cell.USERS, row=number, log=log)
    if user.role in cell.RELATIONSHIPS and not user.email:
        _report_unreachable(number, user.external_id, log)
    if not user.enabled:
        log.oddity(cell.USERS, number, "enabledUser", "user_disabled", value=_safe_id(user.external_id))


def report_guardians(ids: Sequence[str], register: UserRegister, log: ProblemLog) -> None:
    """Log guardians without an email address, if another file than users.csv states who is a guardian."""
    for ordinal, external_id in enumerate(ids):
        is_guardian = register.relationship(ordinal) and not register.gone[ordinal]
        if is_guardian and not register.mailboxes[ordinal]:
            _report_unreachable(register.rows[ordinal], external_id, log)


def _report_unreachable(number: int, external_id: str, log: ProblemLog) -> None:
    log.oddity(cell.USERS, number, "email", "guardian_without_email", value=_safe_id(external_id))


def _check_name_and_country(number: int, user: User, country: str, log: ProblemLog) -> None:
    if not user.full_name:
        message = "givenName and familyName must not both be empty"
        log.fatal(cell.USERS, number, "givenName", "name_empty", message)
    elif len(user.full_name) > cell.NAME_LIMIT:
        message = f"given, middle and family name together are longer than {cell.NAME_LIMIT} characters"
        log.fatal(cell.USERS, number, "givenName", "name_too_long", message)
    if cell.country(country) is None:
        log.fatal(cell.USERS, number, cell.COUNTRY, "country_unfit", "must be two letters of ISO 3166, such as PK")


def _safe_id(external_id: str) -> str:
    return "" if cell.external_id_fault(external_id) else external_id


class StatedRoles(Enum):
    MAIN = auto()
    """the main role, and perhaps others; it cannot say that a person has no others (OneRoster 1.1, spreadsheets)"""
    ALL = auto()
    """all roles (a complete OneRoster 1.2 package)"""
    CHANGES = auto()
    """roles that were added or ended (a delta of OneRoster 1.2)"""


@dataclass(frozen=True, slots=True)
class Person:
    """A person in a roster, by the id in the school's system; `gone` if declared deleted at the source.

    `role` is the main role, `ended_roles` those that a delta declares deleted. None: the roster does not state the
    field; empty: it states that there is no value. `texts` are other text fields of the registry of fields.
    """

    external_id: str
    role: str | None = None
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    enabled: bool | None = None
    language: str | None = None
    country: str | None = None
    gone: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    other_roles: tuple[str, ...] = ()
    ended_roles: tuple[str, ...] = ()
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class GuardianRelation:
    """A school's claim that `guardian` is the `relationship` of `child`: neither consent nor proof."""

    child: str
    guardian: str
    relationship: str


MENTION_LIMIT = 4_000_000
_COLUMN = "agentSourcedIds"
_SHIFT = 32
_MASK = (1 << _SHIFT) - 1

type Pairs = array[int]  # student's ordinal in the upper 32 bits, guardian's in the lower; sorted, no repeats


@dataclass(frozen=True, slots=True)
class DeltaRelation:
    """A delta row naming an agent of unstated role; `relationship` is what the package states for either of the two."""

    row: int
    user: str
    agent: str
    relationship: str | None


def find_relations(
    package: Package, version: cell.Version, ids: Ids, register: UserRegister, log: ProblemLog, *, whole: bool
) -> tuple[Pairs, list[DeltaRelation]]:
    """Read users.csv again; return the pairs of its people, and mentions of people from earlier files.

    Logs agents that make no relation. Raises RosterInvalid if there are more than 4,000,000 mentions.
    """
    pairs, mentions = array("q"), list[DeltaRelation]()
    for ordinal, (number, user) in enumerate(user_rows(package, version, tuple(ids))):
        for agent in () if user.gone else user.agents:
            other = ids.get(agent)
            relation = None if other is None else register.relation(ordinal, other)
            if relation is not None:
                pairs.append(relation[0] << _SHIFT | relation[1])
            elif whole:
                log.oddity(cell.USERS, number, _COLUMN, "agent_unknown" if other is None else "agent_not_guardian")
            else:
                of_agent = None if other is None else register.relationship(other)
                relationship = register.relationship(ordinal) or of_agent
                mentions.append(DeltaRelation(number, user.external_id, agent, relationship))
        if len(pairs) + len(mentions) > MENTION_LIMIT:
            message = f"more than {MENTION_LIMIT:,} agents in all rows together"
            raise refusal(cell.USERS, "too_many_relations", message, row=number)
    return array("q", sorted(set(pairs))), mentions


def unpack(pair: int) -> tuple[int, int]:
    return pair >> _SHIFT, pair & _MASK


def report_students(ids: Sequence[str], pairs: Pairs, register: UserRegister, log: ProblemLog, *, whole: bool) -> None:
    """Log students who share a guardian's email or phone; in a full roster also missing guardians and birth dates."""
    with_guardian = bytearray(len(ids))
    for child, group in groupby(map(unpack, pairs), key=lambda pair: pair[0]):
        with_guardian[child] = True
        guardians = [guardian for _, guardian in group]
        for column, prints in (("email", register.mailboxes), ("phone", register.phones)):
            same = next((one for one in guardians if prints[child] and prints[one] == prints[child]), None)
            if same is not None:
                both = f"{ids[child]}, {ids[same]}"
                log.oddity(cell.USERS, register.rows[child], column, "mailbox_shared_with_guardian", value=both)
    for child in register.students() if whole else ():
        row = register.rows[child]
        if not with_guardian[child]:
            log.oddity(cell.USERS, row, _COLUMN, "student_without_guardian", value=ids[child])
        if not register.births[child]:
            log.oddity(cell.USERS, row, None, "birth_date_missing", value=ids[child])
