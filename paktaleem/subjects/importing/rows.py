"""Where in the package something stands, for reports that name file, row and column."""

from collections.abc import Iterator, Mapping

from paktaleem.subjects.oneroster.checks import table_rows
from paktaleem.subjects.oneroster.columns import DEMOGRAPHICS, TABLES
from paktaleem.subjects.oneroster.problems import ProblemLog
from paktaleem.subjects.oneroster.roster import Person, Roster

__all__ = ["log_birth_dates", "numbered_people"]


def numbered_people(roster: Roster) -> Iterator[tuple[int, Person]]:
    """Yield every person with the number of their row in users.csv."""
    return zip(roster._register.rows, roster.people(), strict=True)  # noqa: SLF001 -- the reader is ours


def log_birth_dates(roster: Roster, refused: Mapping[str, str], log: ProblemLog) -> None:
    """Log the refused birth dates of people, by LMS id, at their rows in demographics.csv.

    The file is read once more for it, which costs nothing while all is well.
    """
    if not refused:
        return
    for row, cells in table_rows(roster._package, TABLES[DEMOGRAPHICS], ProblemLog()):  # noqa: SLF001
        if cells[0] in refused:
            log.fatal(DEMOGRAPHICS, row, "birthDate", "birth_date_refused", refused[cells[0]])
