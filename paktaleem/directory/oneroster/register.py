"""In-memory register of a package's people while it is checked: ids, roles, birth dates, fingerprints."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from paktaleem.directory.oneroster.columns import RELATIONSHIPS, ROLES, STUDENT

_ROLE_NAMES = tuple(ROLES)
_ROLE_CODES = {name: code for code, name in enumerate(_ROLE_NAMES)}
_NONE = 255
_RELATIONSHIP_CODES = frozenset(_ROLE_CODES[name] for name in RELATIONSHIPS)
# Of several roles one is the main role: primary before secondary, then the most protective one.
_PROTECTING = ("student", "instructor", "administrator", "guardian")
_SECONDARY = 10
_BITS = {role: 1 << place for place, role in enumerate(_PROTECTING)}
_ROLES_OF = [tuple(role for role, bit in _BITS.items() if bits & bit) for bits in range(1 << len(_PROTECTING))]
"""The portal's roles for each combination of bits."""


def _rank(role: str, *, primary: bool) -> int:
    return _PROTECTING.index(ROLES[role]) + (0 if primary else _SECONDARY)


def _bit(role: str) -> int:
    """Return the bit of the portal's role for a role of OneRoster."""
    return _BITS[ROLES[role]]


def _others(every: int, main: str | None) -> tuple[str, ...]:
    return _ROLES_OF[every & ~_BITS.get(main or "", 0)]


@dataclass(slots=True)
class PartialUserRecord:
    """A delta's statements about a person who has no row in its users.csv: place, new role, new birth date."""

    file: str
    row: int
    role: str = ""
    rank: int = _NONE
    every: int = 0
    ended: int = 0
    born: int = 0

    def take_role(self, role: str, *, primary: bool) -> None:
        """Add a role; it becomes the main one if it is primary and ranks before the current one."""
        self.every |= _bit(role)
        if primary and (rank := _rank(role, primary=primary)) < self.rank:
            self.role, self.rank = role, rank

    def end_role(self, role: str) -> None:
        """Add a role that has ended."""
        self.ended |= _bit(role)

    @property
    def main_role(self) -> str | None:
        """The portal's role that is stated as primary; None if none is."""
        return ROLES[self.role] if self.role else None

    @property
    def other_roles(self) -> tuple[str, ...]:
        """The portal's other roles."""
        return _others(self.every, self.main_role)

    @property
    def ended_roles(self) -> tuple[str, ...]:
        """The portal's roles that have ended, and are not stated again."""
        return _ROLES_OF[self.ended & ~self.every]


@dataclass(slots=True)
class UserRegister:
    """Compact data of every user, by the ordinal of the row: some 40 bytes besides the id.

    Email addresses and phone numbers are stored as fingerprints (0: none), enough to see that two people share one.
    Birth dates are stored as proleptic ordinals (0: none). ``elsewhere`` maps sourcedIds to people whom a delta names
    only in other files.
    """

    roles: bytearray = field(default_factory=bytearray)
    ranks: bytearray = field(default_factory=bytearray)
    kin: bytearray = field(default_factory=bytearray)  # role code as a parent, guardian or relative
    every: bytearray = field(default_factory=bytearray)  # bits of all roles
    ended: bytearray = field(default_factory=bytearray)  # bits of roles that a delta declares deleted
    are_students: bytearray = field(default_factory=bytearray)
    gone: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=lambda: array("l"))
    mailboxes: array[int] = field(default_factory=lambda: array("q"))
    phones: array[int] = field(default_factory=lambda: array("q"))
    births: array[int] = field(default_factory=lambda: array("l"))
    elsewhere: dict[str, PartialUserRecord] = field(default_factory=dict)

    def add(self, row: int, *, email: str, phone: str, gone: bool) -> int:
        """Add the next user; return its ordinal."""
        for column in (self.roles, self.ranks, self.kin):
            column.append(_NONE)
        for bits in (self.every, self.ended):
            bits.append(0)
        self.are_students.append(False)
        self.gone.append(gone)
        self.rows.append(row)
        self.mailboxes.append(hash(email.casefold()))
        self.phones.append(hash(phone))
        self.births.append(0)
        return len(self.rows) - 1

    def add_role(self, ordinal: int, role: str, *, primary: bool = True) -> None:
        """Add one role of a user; roles that OneRoster does not define are skipped."""
        code = _ROLE_CODES.get(role)
        if code is None:
            return
        self.every[ordinal] |= _bit(role)
        if role == STUDENT:
            self.are_students[ordinal] = True
        if code in _RELATIONSHIP_CODES:
            self.kin[ordinal] = code
        if (rank := _rank(role, primary=primary)) < self.ranks[ordinal]:
            self.roles[ordinal], self.ranks[ordinal] = code, rank

    def end_role(self, ordinal: int, role: str) -> None:
        """Add a role of a user that has ended."""
        self.ended[ordinal] |= _bit(role)

    def other_roles(self, ordinal: int) -> tuple[str, ...]:
        """Return the portal's roles of a user besides the main one."""
        return _others(self.every[ordinal], self.role(ordinal))

    def ended_roles(self, ordinal: int) -> tuple[str, ...]:
        """Return the portal's roles of a user that have ended, and are not stated again."""
        return _ROLES_OF[self.ended[ordinal] & ~self.every[ordinal]]

    def place_elsewhere(self, external_id: str, file: str, row: int) -> PartialUserRecord:
        """Return the record of a person who has no row in this users.csv, creating it if needed."""
        return self.elsewhere.setdefault(external_id, PartialUserRecord(file, row))

    def role(self, ordinal: int) -> str | None:
        """Return the portal's role of a user, or None if the package states none."""
        code = self.roles[ordinal]
        return None if code == _NONE else ROLES[_ROLE_NAMES[code]]

    def birth_date(self, ordinal: int) -> date | None:
        """Return the birth date of a user, or None if the package states none."""
        born = self.births[ordinal]
        return date.fromordinal(born) if born else None

    def students(self) -> Iterator[int]:
        """Yield the ordinals of all students who are not deleted."""
        return (n for n, is_one in enumerate(self.are_students) if is_one and not self.gone[n])

    def unreachable_guardians(self) -> Iterator[int]:
        """Yield the ordinals of possible guardians without an email address."""
        return (n for n, code in enumerate(self.kin) if code != _NONE and not self.mailboxes[n] and not self.gone[n])

    def relation(self, one: int, other: int) -> tuple[int, int] | None:
        """Return the two as (student, guardian), or None if they are not one of each."""
        for child, guardian in ((one, other), (other, one)):
            if self.are_students[child] and self.kin[guardian] != _NONE:
                return child, guardian
        return None

    def relationship(self, guardian: int) -> str | None:
        """Return the kind of relation, which only the guardian's role states; None if it is not stated."""
        code = self.kin[guardian]
        return None if code == _NONE else _ROLE_NAMES[code]

    def count_by_role(self) -> Mapping[str, int]:
        """Return the number of users by the portal's role."""
        counts = dict.fromkeys(ROLES.values(), 0)
        for name, role in ROLES.items():
            counts[role] += self.roles.count(_ROLE_CODES[name])
        return counts
