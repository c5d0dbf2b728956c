"""The roles of a person after an import: those of the roster, and those kept as registered. Pure."""

from collections.abc import Sequence
from typing import Any

from paktaleem.directory.oneroster.people import Person, StatedRoles

_STUDENT, _LEARNER, _GUARDIAN = "student", "learner", "guardian"


def merge_roles(
    person: Person, known: Sequence[str], stated: StatedRoles, *, is_named_guardian: bool = False
) -> dict[str, Any]:
    """Return the changes of ``role`` and ``other_roles`` that a roster makes to a person of the roles ``known``.

    Kept as registered: the role ``learner`` (OneRoster has students only); the other roles, unless the roster states
    all; the main role, unless it states one. In a delta a new main role replaces the one before. A guardian of a child
    stays one beside a new main role (``is_named_guardian``), unless the roster states all roles.
    """
    role, others = _as_known(person.role, known), [_as_known(one, known) for one in person.other_roles]
    if not known:
        return {"role": role, "other_roles": tuple(others)}
    kept = [] if stated is StatedRoles.ALL else [one for one in known[1:] if one not in person.ended_roles]
    if stated is not StatedRoles.ALL and is_named_guardian and role not in {None, known[0]}:
        kept.append(known[0])
    every = [*others, *kept]
    if role is None:
        is_over = known[0] in person.ended_roles and bool(every)
        role = every[0] if is_over else known[0]
    return {"role": role, "other_roles": tuple(one for one in dict.fromkeys(every) if one != role)}


def _as_known(role: str | None, known: Sequence[str]) -> str | None:
    return _LEARNER if role == _STUDENT and _LEARNER in known else role
