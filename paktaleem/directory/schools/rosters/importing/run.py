"""The state of one running import."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, gettext_noop

from paktaleem.directory.schools.oneroster.problems import Oddity, ProblemLog
from paktaleem.directory.schools.oneroster.users import Person, Place, StatedRoles
from paktaleem.directory.schools.rows import Tally
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import actor_columns
from paktaleem.foundation.tenancy.rows import SqlValues

SHOWN = 20


class Action(StrEnum):
    ADD = "add"
    CHANGE = "change"
    CLOSE = "close"
    RELATE = "relate"
    END_RELATION = "end_relation"
    SCHOOLING = "schooling"


_WITHOUT_EXAMPLES = frozenset({Action.RELATE, Action.END_RELATION, Action.SCHOOLING})


class Plan:
    """Digest of everything one import writes, in order, with the previous version of each row; and example LMS ids."""

    def __init__(self) -> None:
        self.examples: defaultdict[Action, list[str]] = defaultdict(list)
        self._digest = hashlib.sha256()

    def note(self, action: Action, *names: str, seen: bytes | None = None) -> None:
        """Add one action on one or two people, by LMS id; ``seen`` identifies their current version."""
        parts = [action.encode(), *(name.encode() for name in names), seen or b""]
        for part in parts:
            self._digest.update(len(part).to_bytes(4) + part)
        if action not in _WITHOUT_EXAMPLES and len(self.examples[action]) < SHOWN:
            self.examples[action].append(names[0])

    def digest(self) -> str:
        return self._digest.hexdigest()


_LOSS_TEXTS: Mapping[str, str] = {
    "people": gettext_noop("{gone} of {before} active people would be deactivated."),
    "relations": gettext_noop("{gone} of {before} guardian relations would end."),
    "contacts": gettext_noop("{gone} of {before} email addresses and phone numbers would be removed."),
}
"""Sentences about the losses of an import, by kind."""
_FEW: Mapping[str, int] = {"people": 0, "relations": 4, "contacts": 4}
"""Losses of a kind that never stop an import, whatever their share: single guardians and addresses change every day."""


@dataclass(frozen=True, slots=True)
class Loss:
    gone: int
    before: int

    def describe(self, kind: str) -> str:
        return gettext(_LOSS_TEXTS[kind]).format(gone=f"{self.gone:,}", before=f"{self.before:,}")


def find_large_losses(losses: Mapping[str, Loss], percent: int) -> dict[str, Loss]:
    """Return the losses of more than a few records that are more than ``percent`` of their kind."""
    return {
        kind: loss
        for kind, loss in losses.items()
        if loss.gone > _FEW[kind] and loss.gone * 100 > loss.before * percent
    }


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    ``people`` are counted by role, ``schooling`` by part. ``oddities`` has exact counts by code, ``oddity_sample`` the
    first of each. ``…_not_named`` count records that the roster does not mention and that were left alone. ``losses``
    are by kind (``people``, ``relations``, ``contacts``); ``plan`` is the digest of everything written.
    """

    people: Mapping[str, Tally]
    relations: Tally
    schooling: Mapping[str, Tally]
    people_not_named: int
    relations_not_named: int
    oddities: Mapping[str, int]
    oddity_sample: Sequence[Oddity]
    losses: Mapping[str, Loss]
    plan: str
    examples: Mapping[str, Sequence[str]]


@dataclass(slots=True, kw_only=True)
class Run:
    """One running import, on the day ``today`` of the client's time zone, and the counts so far.

    ``erased`` maps LMS ids of erased people to their place in the file, ``removed`` those of people declared deleted to
    their ids, ``columns`` fields to the file's names. ``missing`` counts people closed because the file does not name
    them (``left``), ``vanishing`` all active people who are deactivated.
    """

    client: Client
    actor: Actor
    at: datetime
    today: date
    columns: Mapping[str, str]
    is_whole: bool
    stated_roles: StatedRoles
    everybody: bool = False
    log: ProblemLog = field(default_factory=ProblemLog)
    refused: bool = False
    birth_dates_refused: dict[str, str] = field(default_factory=dict)
    erased: dict[str, Place] = field(default_factory=dict)
    removed: dict[str, UUID] = field(default_factory=dict)
    left: list[UUID] = field(default_factory=list)
    people: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    relations: Tally = field(default_factory=Tally)
    schooling: dict[str, Tally] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    named: int = 0
    missing: int = 0
    vanishing: int = 0
    contacts_removed: int = 0

    @property
    def params(self) -> SqlValues:
        kind, actor_id, role = actor_columns(self.actor)
        return {
            "client": self.client.id,
            "at": self.at,
            "reason": Reason.ROSTER_IMPORT.value,
            "actor_kind": kind,
            "actor_id": actor_id,
            "actor_role": role,
        }

    def refuse(self, place: Place, name: str, code: str, message: str) -> None:
        """Log a problem that stops the import; checking continues, but nothing more is written."""
        self.refused = True
        self.log.fatal(place.file, place.row, self._column(name), code, message)

    def oddity(self, place: Place, name: str | None, code: str) -> None:
        self.log.oddity(place.file, place.row, None if name is None else self._column(name), code)

    def _column(self, name: str) -> str:
        return self.columns.get(name, self.columns["external_id"])


_STUDENT, _LEARNER = "student", "learner"


def merge_roles(
    person: Person, known: Sequence[str], stated: StatedRoles, *, is_named_guardian: bool = False
) -> dict[str, Any]:
    """Return the changes of ``role`` and ``other_roles`` that a roster makes to a person of the roles ``known``.

    Kept are the role ``learner`` (OneRoster has students only), the other roles unless the roster states all, and the
    main role unless it states one. In a delta a new main role replaces the one before; a guardian of a child
    (``is_named_guardian``) stays one beside it, unless the roster states all roles.
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
