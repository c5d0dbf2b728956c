"""What an import did, in numbers and oddities. Pure: ids and codes, nothing personal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paktaleem.directory.rosters.oneroster import Problem

__all__ = ["ImportReport", "Tally"]


@dataclass(slots=True)
class Tally:
    """How many rows were new, were changed, were left alone because they say the same, or are gone at the source."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def total(self) -> int:
        """All rows that were looked at."""
        return self.added + self.changed + self.unchanged + self.gone


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    ``people`` are counted by role. ``oddities`` has the exact number by code, ``problems`` the first of each.
    ``people_not_named`` and ``relations_not_named`` are the client's own which this roster does not mention and which
    were left alone. Of ``active`` people before, ``vanishing`` are no longer so after it. ``plan`` is the digest of
    all that was written, ``examples`` has LMS ids of the first people that are added, changed or closed.
    """

    people: Mapping[str, Tally]
    relations: Tally
    people_not_named: int
    relations_not_named: int
    oddities: Mapping[str, int]
    problems: Sequence[Problem]
    active: int
    vanishing: int
    plan: str
    examples: Mapping[str, Sequence[str]]

    def loses_more_than(self, percent: int) -> bool:
        """Say whether more than so many of a hundred active people would vanish."""
        return self.vanishing * 100 > self.active * percent
