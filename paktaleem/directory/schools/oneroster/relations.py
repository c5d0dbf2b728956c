"""Guardian relations: agentSourcedIds of students and of guardians, read as one set of pairs.

The column is an untyped list of user ids, filled in on either side or both; real exports also hold teachers and phone
numbers there. Only pairs of a student and a parent, guardian or relative are kept. In a delta one of the two may be in
an earlier file: such a pair is returned as a mention.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from paktaleem.directory.schools.oneroster.checks import Ids
from paktaleem.directory.schools.oneroster.columns import USERS, Version
from paktaleem.directory.schools.oneroster.package import Package
from paktaleem.directory.schools.oneroster.problems import ProblemLog, refusal
from paktaleem.directory.schools.oneroster.users import UserRegister, user_rows

MENTION_LIMIT = 4_000_000
_COLUMN = "agentSourcedIds"
_SHIFT = 32
_MASK = (1 << _SHIFT) - 1

type Pairs = array[int]  # student's ordinal in the upper 32 bits, guardian's in the lower; sorted, no repeats


@dataclass(frozen=True, slots=True)
class DeltaRelation:
    """A delta row that names an agent whose role the package does not state.

    `relationship` is the relationship that the package states for either of the two, if any.
    """

    row: int
    user: str
    agent: str
    relationship: str | None


@dataclass(slots=True)
class Relations:
    """The relations of a package: pairs of its own people, and mentions of people from earlier files."""

    pairs: Pairs = field(default_factory=lambda: array("q"))
    mentions: list[DeltaRelation] = field(default_factory=list)


def find_relations(
    package: Package, version: Version, ids: Ids, register: UserRegister, log: ProblemLog, *, whole: bool
) -> Relations:
    """Read users.csv again and return all relations; log agents that make none.

    Raises RosterInvalid if there are more than 4,000,000 mentions.
    """
    pairs, found = array("q"), Relations()
    for ordinal, (number, user) in enumerate(user_rows(package, version, tuple(ids))):
        for agent in () if user.gone else user.agents:
            other = ids.get(agent)
            relation = None if other is None else register.relation(ordinal, other)
            if relation is not None:
                pairs.append(relation[0] << _SHIFT | relation[1])
            elif whole:
                log.oddity(USERS, number, _COLUMN, "agent_unknown" if other is None else "agent_not_guardian")
            else:
                of_agent = None if other is None else register.relationship(other)
                relationship = register.relationship(ordinal) or of_agent
                found.mentions.append(DeltaRelation(number, user.external_id, agent, relationship))
        if len(pairs) + len(found.mentions) > MENTION_LIMIT:
            message = f"more than {MENTION_LIMIT:,} agents in all rows together"
            raise refusal(USERS, "too_many_relations", message, row=number)
    found.pairs = array("q", sorted(set(pairs)))
    return found


def unpack(pair: int) -> tuple[int, int]:
    """Return the ordinals (student, guardian) of a pair."""
    return pair >> _SHIFT, pair & _MASK


def report_students(ids: Sequence[str], pairs: Pairs, register: UserRegister, log: ProblemLog, *, whole: bool) -> None:
    """Log students who share a guardian's email or phone; in a full roster also missing guardians and birth dates."""
    with_guardian = bytearray(len(ids))
    for child, group in groupby(map(unpack, pairs), key=lambda pair: pair[0]):
        with_guardian[child] = True
        _report_shared(child, [guardian for _, guardian in group], ids, register, log)
    for child in register.students() if whole else ():
        row = register.rows[child]
        if not with_guardian[child]:
            log.oddity(USERS, row, _COLUMN, "student_without_guardian", value=ids[child])
        if not register.births[child]:
            log.oddity(USERS, row, None, "birth_date_missing", value=ids[child])


def _report_shared(
    child: int, guardians: list[int], ids: Sequence[str], register: UserRegister, log: ProblemLog
) -> None:
    for column, prints in (("email", register.mailboxes), ("phone", register.phones)):
        guardian = next((g for g in guardians if prints[child] and prints[g] == prints[child]), None)
        if guardian is not None:
            both = f"{ids[child]}, {ids[guardian]}"
            log.oddity(USERS, register.rows[child], column, "mailbox_shared_with_guardian", value=both)
