"""What an import did, in numbers and oddities. Pure: ids and codes, nothing personal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paktaleem.subjects.oneroster import Problem

__all__ = ["ImportReport", "Tally"]


@dataclass(slots=True)
class Tally:
    """How many rows were new, were changed, or were left alone because they say the same."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """All rows that were looked at."""
        return self.added + self.changed + self.unchanged


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    ``people`` are counted by role. ``oddities`` has the exact number by code, ``problems`` the first of each.
    ``people_not_named`` and ``relations_not_named`` are the client's own which this roster does not mention: they
    were left alone.
    """

    people: Mapping[str, Tally]
    relations: Tally
    people_not_named: int
    relations_not_named: int
    oddities: Mapping[str, int]
    problems: Sequence[Problem]
