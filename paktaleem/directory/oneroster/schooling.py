"""Rows about schools, terms, classes and enrolments: oddities in them, and what they state.

Nothing in these files refuses a package: what cannot be read is left out and listed (decision 0084). A file of which a
row was left out does not count as complete, so that nothing ends because it could not be read.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.checks import Cells, is_gone, table_rows
from paktaleem.directory.oneroster.columns import CLASSES, ENROLLMENTS, ORGS, SESSIONS, Table, listed
from paktaleem.directory.oneroster.grades import read_grades, report_grades
from paktaleem.directory.oneroster.manifest import Manifest
from paktaleem.directory.oneroster.package import Package
from paktaleem.directory.oneroster.problems import ProblemLog
from paktaleem.directory.oneroster.users import meaning_of
from paktaleem.directory.schools import rows as stated

PARTS: Mapping[str, str] = {
    ORGS: stated.SCHOOLS,
    SESSIONS: stated.TERMS,
    CLASSES: stated.CLASSES,
    ENROLLMENTS: stated.ENROLMENTS,
}
"""The files that state schools, terms, classes and enrolments, and what each states."""

NAME_LIMIT = 255
_OTHER = "other"
_KINDS: Mapping[str, str] = {"schoolYear": "school_year", "gradingPeriod": "grading_period"}
_NAMES: Mapping[str, str] = {ORGS: "name", SESSIONS: "title", CLASSES: "title"}


def check_school_row(table: Table, number: int, cells: Cells, log: ProblemLog) -> bool:
    """Log what is odd about a row; return True if it can be read."""
    name = _NAMES.get(table.file)
    if cell.external_id_fault(cells[0]) or (name and not cells[0]):
        log.oddity(table.file, number, "sourcedId", "school_id_unfit")
        return False
    if name and len(cells[table.at[name]]) > NAME_LIMIT:
        log.oddity(table.file, number, name, "name_cut")
    if table.file == CLASSES:
        report_grades(cells[table.at["grades"]], file=CLASSES, row=number, log=log)
    return True


class Schooling:
    """The rows of a checked package about schools and classes; ``partly`` are files of which not every row was read."""

    def __init__(self, package: Package, manifest: Manifest, partly: frozenset[str]) -> None:
        self._package, self._manifest, self._partly = package, manifest, partly

    def given(self, *, complete: bool) -> stated.GivenRows:
        """Return the rows, read again from the package; if ``complete``, what a whole file does not list has ended."""
        whole = (file for file in PARTS if complete and self._manifest.is_whole(file) and file not in self._partly)
        return stated.GivenRows(
            schools=self._rows(ORGS, _read_school),
            terms=self._rows(SESSIONS, _read_term),
            classes=self._rows(CLASSES, _read_class),
            enrolments=self._rows(ENROLLMENTS, _read_enrolment),
            complete=frozenset(PARTS[file] for file in whole),
        )

    def _rows(self, file: str, read: Callable[[int, Cells, Table], Any]) -> Iterator[Any] | None:
        if file not in self._manifest.files:
            return None
        table = self._manifest.version.tables[file]
        log = ProblemLog()  # not shown: the check of the package has logged all oddities
        found = table_rows(self._package, table)
        return (read(row, cells, table) for row, cells in found if check_school_row(table, row, cells, log))


def _read_school(row: int, cells: Cells, table: Table) -> stated.SchoolRow:
    parent = cells[table.at["parentSourcedId"]]
    return stated.SchoolRow(
        row, cells[0], _name(cells, table), _kind(cells, table, "type"), parent, is_gone(table, cells)
    )


def _read_term(row: int, cells: Cells, table: Table) -> stated.TermRow:
    at = table.at
    return stated.TermRow(
        row,
        cells[0],
        _name(cells, table),
        _kind(cells, table, "type"),
        cells[at["parentSourcedId"]],
        cell.day(cells[at["startDate"]]),
        cell.day(cells[at["endDate"]]),
        is_gone(table, cells),
    )


def _read_class(row: int, cells: Cells, table: Table) -> stated.ClassRow:
    at, grades = table.at, read_grades(cells[table.at["grades"]])
    return stated.ClassRow(
        row,
        cells[0],
        _name(cells, table),
        _kind(cells, table, "classType"),
        cells[at["schoolSourcedId"]],
        listed(cells[at["termSourcedIds"]]),
        is_gone(table, cells),
        grades[0] if len(grades) == 1 else "",
    )


def _read_enrolment(row: int, cells: Cells, table: Table) -> stated.EnrolmentRow:
    at = table.at
    return stated.EnrolmentRow(
        row,
        cells[0],
        cells[at["classSourcedId"]],
        cells[at["userSourcedId"]],
        meaning_of(cells, table, "role") or _OTHER,
        cell.day(cells[at["beginDate"]]),
        cell.day(cells[at["endDate"]]),
        is_gone(table, cells),
    )


def _name(cells: Cells, table: Table) -> str:
    """Return the name of a row, or its id if it has none."""
    return cells[table.at[_NAMES[table.file]]][:NAME_LIMIT] or cells[0]


def _kind(cells: Cells, table: Table, column: str) -> str:
    meaning = meaning_of(cells, table, column)
    return _KINDS.get(meaning, meaning) or _OTHER
