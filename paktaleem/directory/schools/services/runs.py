"""The state of one recording of schools and enrolments, and its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from paktaleem.directory.schools.models import Origin
from paktaleem.foundation.accounts.models import Client


class Counts(NamedTuple):
    """Number of rows added, changed, unchanged and ended."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0

    @property
    def written(self) -> int:
        """Number of rows written."""
        return self.added + self.changed + self.ended


@dataclass(slots=True, kw_only=True)
class Run:
    """One recording: its client, source and time, and which parts are complete.

    ``today`` is the day in the client's time zone. ``removed`` are people (ids) who have left: their enrolments end.
    ``digest`` collects what is written, to compare a trial with the import that follows; not against forgery.
    """

    client: Client
    origin: Origin
    at: datetime
    today: date
    complete: frozenset[str]
    removed: Sequence[UUID] = ()
    digest: list[str] = field(default_factory=list)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the statements."""
        return {
            "client": self.client.id,
            "origin": self.origin.value,
            "at": self.at,
            "today": self.today,
            "removed": list(self.removed),
        }

    def note(self, part: str, found: Mapping[str, tuple[int, str]]) -> None:
        """Add the number and the digest of each action of a part."""
        lines = (f"{part} {action} {count} {digest}" for action, (count, digest) in found.items())
        self.digest += [line for line in lines if " same " not in line]
