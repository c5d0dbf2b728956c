"""Checks that apply to every table: header, number of cells, and the rules its columns declare."""

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import cast

from paktaleem.directory.rosters.oneroster.cells import day, moment
from paktaleem.directory.rosters.oneroster.columns import EXTENDED, Table, listed
from paktaleem.directory.rosters.oneroster.package import Package
from paktaleem.directory.rosters.oneroster.problems import ProblemLog, refusal

type Cells = tuple[str, ...]
type Ids = dict[str, int]  # sourcedId → ordinal, in the order of the file

EXTENSION = "metadata."
STATUS, MODIFIED = "status", "dateLastModified"
GONE = "tobedeleted"
_STATUSES = ("active", GONE)


def table_rows(package: Package, table: Table, log: ProblemLog) -> Iterator[tuple[int, Cells]]:
    """Yield (row number, kept cells, trimmed) of a table; a row of the wrong width is logged, not yielded.

    Raises RosterInvalid if the header is wrong or the file cannot be read.
    """
    rows = package.rows(table.file)
    header = next(rows, (1, []))[1]
    width, places = len(header), _checked_header(table, header)
    wanted = [places.get(name, width) for name in (*table.kept, *table.extensions)]
    pick = cast("Callable[[list[str]], Cells]", itemgetter(*wanted))
    for number, cells in rows:
        if len(cells) == width:
            yield number, tuple([cell.strip(" ") for cell in pick([*cells, ""])])
        else:
            message = f"has {len(cells)} cells; the header has {width}"
            log.fatal(table.file, number, None, "cell_count_wrong", message)


def _checked_header(table: Table, header: list[str]) -> dict[str, int]:
    """Return the position of each column present. Raises RosterInvalid if the header is wrong."""
    found = [(name, place) for place, name in enumerate(header) if name not in table.tolerated]
    for position, wanted in enumerate(table.header):
        if position >= len(found) or found[position][0] != wanted:
            message = f"column {position + 1} must be {wanted}; the header is {','.join(table.header)}"
            raise refusal(table.file, "header_wrong", message, row=1)
    extra = found[len(table.header) :]
    if not all(name.startswith(EXTENSION) for name, _ in extra):
        message = f"after {table.header[-1]} only columns named {EXTENSION}… are allowed"
        raise refusal(table.file, "header_wrong", message, row=1)
    read = [name for name, _ in extra if name in table.extensions]
    if len(read) != len(set(read)):
        raise refusal(table.file, "header_wrong", f"{read[0]} appears more than once", row=1)
    return dict(found)


def is_gone(table: Table, cells: Cells) -> bool:
    """Return True if a row of a delta file declares its record deleted."""
    return cells[table.at[STATUS]] == GONE


class RowCheck:
    """Check one table's rows against its columns' rules, and collect its sourcedIds.

    `known` holds the ids of the tables already read in full; references to other tables are not checked, nor are
    references within a delta file, whose other rows came earlier. A deleted row of a delta needs only its sourcedId.
    """

    def __init__(self, table: Table, known: Mapping[str, Ids], log: ProblemLog, *, delta: bool = False) -> None:
        self.ids: Ids = {}
        self._delta = delta
        self._table = table
        self._log = log
        self._required = [(name, table.at[name]) for name in table.required]
        self._enumerations = [(name, table.at[name], set(v)) for name, v in table.enumerations.items()]
        self._dates = [(name, table.at[name]) for name in table.dates]
        targets = dict(known) if delta else {**known, table.file: self.ids}
        self._references = [
            (name, table.at[name], file, targets[file]) for name, file in table.references.items() if file in targets
        ]
        self._ahead: list[tuple[int, str, str]] = []

    def admit(self, number: int, cells: Cells) -> bool:
        """Log what is wrong with a row; return True if it has a sourcedId of its own."""
        self._check_state(number, cells)
        if not (self._delta and is_gone(self._table, cells)):
            self._check_cells(number, cells)
            self._check_dates(number, cells)
            self._check_references(number, cells)
        identifier = cells[0]
        if identifier in self.ids:
            self._fatal(number, "sourcedId", "id_repeated", "the same sourcedId is used in an earlier row")
        elif identifier:
            self.ids[identifier] = len(self.ids)
            return True
        return False

    def finish(self) -> None:
        """Check the references within the table, once all its ids are known."""
        for number, column, identifier in self._ahead:
            if identifier not in self.ids:
                self._dangling(number, column, self._table.file)

    def _check_state(self, number: int, cells: Cells) -> None:
        status, modified = (cells[self._table.at[name]] for name in (STATUS, MODIFIED))
        if not self._delta:
            for name, value in ((STATUS, status), (MODIFIED, modified)):
                if value:
                    self._fatal(number, name, "not_empty_in_bulk", "must be empty in a bulk file")
            return
        if status not in _STATUSES:
            self._fatal(number, STATUS, "value_not_allowed", f"must in a delta file be one of: {', '.join(_STATUSES)}")
        if not modified:
            self._fatal(number, MODIFIED, "required_empty", "must not be empty in a delta file")
        elif not moment(modified):
            message = "must be a time such as 2026-09-01T08:30:00Z"
            self._fatal(number, MODIFIED, "date_unreadable", message)
        if status == GONE and not cells[0]:
            self._fatal(number, "sourcedId", "required_empty", "must not be empty")

    def _check_cells(self, number: int, cells: Cells) -> None:
        for name, at in self._required:
            if not cells[at]:
                self._fatal(number, name, "required_empty", "must not be empty")
        for name, at, allowed in self._enumerations:
            if cells[at] and cells[at] not in allowed and not self._is_extension(name, cells[at]):
                message = f"must be one of: {', '.join(self._table.enumerations[name])}"
                self._fatal(number, name, "value_not_allowed", message)

    def _is_extension(self, column: str, value: str) -> bool:
        return column in self._table.extensible and value.startswith(EXTENDED)

    def _check_dates(self, number: int, cells: Cells) -> None:
        for name, at in self._dates:
            if cells[at] and day(cells[at]) is None:
                self._fatal(number, name, "date_unreadable", "must be a day written YYYY-MM-DD")

    def _check_references(self, number: int, cells: Cells) -> None:
        for name, at, file, target in self._references:
            # OneRoster names list columns in the plural
            identifiers = listed(cells[at]) if name.endswith("Ids") else [cells[at]] if cells[at] else []
            if not identifiers and cells[at]:
                self._fatal(number, name, "required_empty", "must not be empty")
            for identifier in identifiers:
                if identifier in target:
                    continue
                if target is self.ids:
                    self._ahead.append((number, name, identifier))
                else:
                    self._dangling(number, name, file)

    def _dangling(self, number: int, column: str, file: str) -> None:
        message = f"must be the sourcedId of a row in {file}"
        report = self._fatal if self._is_required(column) else self._oddity
        report(number, column, "reference_unknown", message)

    def _is_required(self, column: str) -> bool:
        return column in self._table.required

    def _fatal(self, number: int, column: str, code: str, message: str) -> None:
        self._log.fatal(self._table.file, number, column, code, message)

    def _oddity(self, number: int, column: str, code: str, message: str) -> None:
        self._log.oddity(self._table.file, number, column, code, message)
