"""Findings about a roster file, and the log that collects them.

A problem refuses the file; an oddity is accepted, counted and listed. A problem's message says what is wrong and why
the file cannot be read safely. It never quotes a cell, since a shifted column could put a name or a birth date where
a role is expected. Only a sourcedId that passed its own check may appear.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from paktaleem.directory.oneroster.oddities import Oddity

PACKAGE = "package"
FATAL_CAP = 1_000
ODDITY_SAMPLE = 50
"""Number of oddities of each code that are kept; all are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason to refuse the file. `row` counts as a spreadsheet does: the header is row 1."""

    file: str
    row: int | None
    column: str | None
    code: str
    message: str


class RosterInvalid(Exception):
    """The package cannot be imported; `problems` has the first 1,000 reasons and a count of the rest."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(f"{p.file} row {p.row}: {p.message}" for p in self.problems[:3])


def refusal(file: str, code: str, message: str, *, row: int | None = None) -> RosterInvalid:
    """Return the exception for a single fatal problem, ready to be raised; the header is row number 1."""
    return RosterInvalid([Problem(file, row, None, code, message)])


class ProblemLog:
    """Log of findings with bounded memory: 1,000 problems, a sample of the oddities of each code, and exact totals."""

    def __init__(self) -> None:
        self._fatal: list[Problem] = []
        self._fatal_total = 0
        self._oddities: dict[str, list[Oddity]] = {}
        self._oddity_totals: Counter[str] = Counter()

    def fatal(self, file: str, row: int | None, column: str | None, code: str, message: str) -> None:
        """Record a finding that stops the import."""
        self._fatal_total += 1
        if len(self._fatal) < FATAL_CAP:
            self._fatal.append(Problem(file, row, column, code, message))

    def oddity(
        self, file: str, row: int | None, column: str | None, code: str, *, value: str = "", meaning: str = ""
    ) -> None:
        """Record a finding that is accepted and listed; ``value`` and ``meaning`` must not be personal."""
        self.count_oddities(code, 1)
        kept = self._oddities.setdefault(code, [])
        if len(kept) < ODDITY_SAMPLE:
            kept.append(Oddity(file, row, column, code, value, meaning))

    def count_oddities(self, code: str, count: int) -> None:
        """Count findings that are accepted, without keeping a sample."""
        self._oddity_totals[code] += count

    def adopt(self, invalid: RosterInvalid) -> None:
        """Record the fatal problems of an exception."""
        for problem in invalid.problems:
            self.fatal(problem.file, problem.row, problem.column, problem.code, problem.message)

    def raise_if_fatal(self) -> None:
        """Raise RosterInvalid with all fatal problems, if there are any."""
        if self._fatal:
            rest = self._fatal_total - len(self._fatal)
            raise RosterInvalid([*self._fatal, *_remainder(PACKAGE, "more_problems", rest)])

    def oddity_sample(self) -> tuple[Oddity, ...]:
        """Return the first oddities of each code, in order of appearance."""
        return tuple(oddity for kept in self._oddities.values() for oddity in kept)

    def oddity_totals(self) -> Mapping[str, int]:
        """Return the exact number of oddities of each code."""
        return dict(self._oddity_totals)


def _remainder(file: str, code: str, count: int) -> Iterator[Problem]:
    if count:
        yield Problem(file, None, None, code, f"and {count:,} more")
