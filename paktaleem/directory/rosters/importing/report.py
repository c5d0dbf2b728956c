"""The outcome of an import in numbers and findings. Pure: ids and codes, no personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paktaleem.directory.oneroster import Oddity

__all__ = ["ImportReport", "Tally"]


@dataclass(slots=True)
class Tally:
    """Number of rows added, changed, unchanged and closed at the source."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def total(self) -> int:
        """Number of rows processed."""
        return self.added + self.changed + self.unchanged + self.gone


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    ``people`` are counted by role, ``schooling`` by part (schools, terms, classes, enrolments). ``oddities`` has exact
    counts by code, ``oddity_sample`` the first of each code.
    ``people_not_named`` and ``relations_not_named`` count the client's records that the roster does not mention and
    that were left alone. Of the ``active`` people before the import, ``vanishing`` are deactivated by it. ``plan`` is
    the digest of everything written; ``examples`` holds the LMS ids of the first people added, changed or closed.
    """

    people: Mapping[str, Tally]
    relations: Tally
    schooling: Mapping[str, Tally]
    people_not_named: int
    relations_not_named: int
    oddities: Mapping[str, int]
    oddity_sample: Sequence[Oddity]
    active: int
    vanishing: int
    plan: str
    examples: Mapping[str, Sequence[str]]

    def deactivates_more_than(self, percent: int) -> bool:
        """Return True if more than ``percent`` of the active people would be deactivated."""
        return self.vanishing * 100 > self.active * percent
