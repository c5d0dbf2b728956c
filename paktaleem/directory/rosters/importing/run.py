"""The state of one running import."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from paktaleem.directory.oneroster.people import Place, StatedRoles
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.rosters.importing import tables
from paktaleem.directory.rosters.importing.plan import Plan
from paktaleem.directory.rosters.importing.report import Tally
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.history import actor_columns


@dataclass(slots=True, kw_only=True)
class Run:
    """One running import: its client, actor and time, and the counts so far.

    ``today`` is the date in the client's time zone; ``erased`` maps LMS ids of erased people to their place in the
    file. ``columns`` maps fields to the file's column names. ``is_whole`` is True unless the file is a delta,
    ``stated_roles`` says what it states about roles; with ``everybody``, people the file does not name have left.
    ``named`` counts the people in the file, ``missing`` those closed because they are not in it, and ``left`` has their
    ids. ``vanishing`` counts all active people who are deactivated, ``contacts_removed`` the email addresses and phone
    numbers that the file says are no more. ``removed`` maps the LMS ids of registered people
    whom the file declares deleted to their ids.
    """

    client: Client
    actor: Actor
    reason: str
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
    def params(self) -> dict[str, Any]:
        """Parameters of the set-based statements."""
        kind, actor_id, role = actor_columns(self.actor)
        return {
            "client": self.client.id,
            "at": self.at,
            "reason": self.reason,
            "actor_kind": kind,
            "actor_id": actor_id,
            "actor_role": role,
        }

    def note_named(self, external_ids: Iterable[str]) -> None:
        """Store the LMS ids that the file names, if missing people are to be closed."""
        if self.everybody:
            tables.named_stage().copy(((external_id,) for external_id in external_ids), client_id=self.client.id)

    def note_claimed(self, claim_ids: Iterable[UUID]) -> None:
        """Store the claims that the file makes, if all others are to be ended."""
        if self.everybody:
            tables.claimed_stage().copy(((claim_id,) for claim_id in claim_ids), client_id=self.client.id)

    def refuse(self, place: Place, name: str, code: str, message: str) -> None:
        """Log a problem that stops the import; checking continues, but nothing more is written."""
        self.refused = True
        self.log.fatal(place.file, place.row, self._column(name), code, message)

    def oddity(self, place: Place, name: str | None, code: str) -> None:
        """Log a finding that is accepted and listed."""
        self.log.oddity(place.file, place.row, None if name is None else self._column(name), code)

    def _column(self, name: str) -> str:
        return self.columns.get(name, self.columns["external_id"])

    def refuse_birth_date(self, external_id: str, message: str) -> None:
        """Log a birth date that stops the import; its row is looked up later."""
        self.refused = True
        self.birth_dates_refused[external_id] = message
