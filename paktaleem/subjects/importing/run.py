"""One import under way: for whom, by whom, when, and what was found and written so far."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from paktaleem.accounts.models import Client
from paktaleem.ledger.by import By
from paktaleem.ledger.history import actor_columns
from paktaleem.subjects.importing.report import Tally
from paktaleem.subjects.oneroster.problems import ProblemLog

__all__ = ["Run"]


@dataclass(slots=True, kw_only=True)
class Run:
    """One import under way. ``today`` is the client's day; ``erased`` has the rows of erased people by LMS id."""

    client: Client
    actor: By
    reason: str
    at: datetime
    today: date
    log: ProblemLog = field(default_factory=ProblemLog)
    refused: bool = False
    birth_dates_refused: dict[str, str] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    people: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    relations: Tally = field(default_factory=Tally)

    @property
    def params(self) -> dict[str, Any]:
        """What the set-based statements are told beside the stage."""
        kind, actor_id, role = actor_columns(self.actor)
        return {
            "client": self.client.id,
            "at": self.at,
            "reason": self.reason,
            "actor_kind": kind,
            "actor_id": actor_id,
            "actor_role": role,
        }

    def refuse(self, file: str, row: int, column: str, code: str, message: str) -> None:
        """Log a problem that stops the import; the rest is still checked, and nothing more is written."""
        self.refused = True
        self.log.fatal(file, row, column, code, message)

    def refuse_birth_date(self, external_id: str, message: str) -> None:
        """Log, once its row is found, a birth date that stops the import."""
        self.refused = True
        self.birth_dates_refused[external_id] = message
