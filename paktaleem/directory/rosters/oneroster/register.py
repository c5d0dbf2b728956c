"""What is remembered of the people of a package while it is checked: ids, roles, birth dates, fingerprints."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from paktaleem.directory.rosters.oneroster.columns import RELATIONSHIPS, ROLES, STUDENT

_ROLE_NAMES = tuple(ROLES)
_ROLE_CODES = {name: code for code, name in enumerate(_ROLE_NAMES)}
_NONE = 255
_RELATIONSHIP_CODES = frozenset(_ROLE_CODES[name] for name in RELATIONSHIPS)
# Of several roles a person is held in one: a primary one before a secondary one, and then the one that protects most.
_PROTECTING = ("student", "instructor", "administrator", "guardian")
_SECONDARY = 10


def _rank(role: str, *, primary: bool) -> int:
    return _PROTECTING.index(ROLES[role]) + (0 if primary else _SECONDARY)


@dataclass(slots=True)
class Elsewhere:
    """What a delta says of somebody whose row is not in its users.csv: where, and a new role or birth date."""

    file: str
    row: int
    role: str = ""
    rank: int = _NONE
    born: int = 0

    def take_role(self, role: str, *, primary: bool) -> None:
        """Keep the role if it comes before the one known."""
        if (rank := _rank(role, primary=primary)) < self.rank:
            self.role, self.rank = role, rank


@dataclass(slots=True)
class UserRegister:
    """What is remembered of every user, by the ordinal of the row: some 40 bytes beside the id.

    Mailboxes and phones are kept as fingerprints (0: none), enough to see that two people share one. Birth dates are
    kept as proleptic ordinals (0: none). ``elsewhere`` has whom a delta names in other files only, by sourcedId.
    """

    roles: bytearray = field(default_factory=bytearray)
    ranks: bytearray = field(default_factory=bytearray)
    kin: bytearray = field(default_factory=bytearray)  # as whose parent, guardian or relative one may stand
    are_students: bytearray = field(default_factory=bytearray)
    gone: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=lambda: array("l"))
    mailboxes: array[int] = field(default_factory=lambda: array("q"))
    phones: array[int] = field(default_factory=lambda: array("q"))
    births: array[int] = field(default_factory=lambda: array("l"))
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)

    def add(self, row: int, *, email: str, phone: str, gone: bool) -> int:
        """Remember the next user; returns the ordinal."""
        for column in (self.roles, self.ranks, self.kin):
            column.append(_NONE)
        self.are_students.append(False)
        self.gone.append(gone)
        self.rows.append(row)
        self.mailboxes.append(hash(email.casefold()))
        self.phones.append(hash(phone))
        self.births.append(0)
        return len(self.rows) - 1

    def add_role(self, ordinal: int, role: str, *, primary: bool = True) -> None:
        """Remember one role of a user; what is none of OneRoster's own is passed over."""
        code = _ROLE_CODES.get(role)
        if code is None:
            return
        if role == STUDENT:
            self.are_students[ordinal] = True
        if code in _RELATIONSHIP_CODES:
            self.kin[ordinal] = code
        if (rank := _rank(role, primary=primary)) < self.ranks[ordinal]:
            self.roles[ordinal], self.ranks[ordinal] = code, rank

    def place_elsewhere(self, external_id: str, file: str, row: int) -> Elsewhere:
        """Return what is remembered of somebody who has no row in this users.csv."""
        return self.elsewhere.setdefault(external_id, Elsewhere(file, row))

    def role(self, ordinal: int) -> str | None:
        """Return our role of a user, or None if the package tells none."""
        code = self.roles[ordinal]
        return None if code == _NONE else ROLES[_ROLE_NAMES[code]]

    def birth_date(self, ordinal: int) -> date | None:
        """Return the birth date of a user, or None if the package does not tell."""
        born = self.births[ordinal]
        return date.fromordinal(born) if born else None

    def students(self) -> Iterator[int]:
        """Yield the ordinals of all students who are not gone."""
        return (n for n, is_one in enumerate(self.are_students) if is_one and not self.gone[n])

    def unreachable_guardians(self) -> Iterator[int]:
        """Yield the ordinals of those who may stand as a guardian and have no mail address."""
        return (n for n, code in enumerate(self.kin) if code != _NONE and not self.mailboxes[n] and not self.gone[n])

    def relation(self, one: int, other: int) -> tuple[int, int] | None:
        """Return the two as (student, guardian), or None if they are not one of each."""
        for child, guardian in ((one, other), (other, one)):
            if self.are_students[child] and self.kin[guardian] != _NONE:
                return child, guardian
        return None

    def relationship(self, guardian: int) -> str | None:
        """Return the kind of relation, which only the guardian's own role tells; None if none of them does."""
        code = self.kin[guardian]
        return None if code == _NONE else _ROLE_NAMES[code]

    def count_by_role(self) -> Mapping[str, int]:
        """Return the number of users by our role."""
        counts = dict.fromkeys(ROLES.values(), 0)
        for name, role in ROLES.items():
            counts[role] += self.roles.count(_ROLE_CODES[name])
        return counts
