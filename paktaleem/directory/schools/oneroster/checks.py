"""Checks that apply to every table: its header, the width of its rows, and the rules its columns declare."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import cast

from paktaleem.directory.schools.oneroster.columns import EXTENDED, Table, day, listed, without_midnight
from paktaleem.directory.schools.oneroster.package import STATUS, Package, read_header
from paktaleem.directory.schools.oneroster.problems import ProblemLog

type Cells = tuple[str, ...]
type Ids = dict[str, int]  # sourcedId → ordinal, in the order of the file

GONE, ACTIVE = "tobedeleted", "active"
_STATUSES = (ACTIVE, GONE)


class TableReader:
    """Reads one table; `present` are its known columns, `skipped` the rows that were logged and not yielded.

    Raises RosterInvalid if the header lacks a column that decides, or the file cannot be read.
    """

    def __init__(self, package: Package, table: Table, log: ProblemLog, *, delta: bool = False) -> None:
        self._table, self._log, self._package = table, log, package
        self.skipped = 0
        self._rows = package.rows(table.file)
        row, header = next(self._rows, (1, []))
        while header and not header[-1].strip():
            header.pop()
        self._width = len(header)
        self._places = read_header(table, header, row, log, delta=delta)
        if form := package.forms.get(table.file):
            log.oddity(table.file, None, None, "file_form", value=form)
        needed = [place + 1 for name, place in self._places.items() if name in {*table.required, *table.decisive}]
        self._fewest = min(max(needed, default=0), self._width - 1)
        self.present = frozenset(self._places)

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield (row number, kept cells, trimmed) once; a row of another width is logged, not yielded."""
        if not self._places:
            return
        wanted = [self._places.get(name, self._width) for name in (*self._table.kept, *self._table.extensions)]
        pick = cast("Callable[[list[str]], Cells]", itemgetter(*wanted))
        for number, cells in self._rows:
            if len(cells) == self._width or self._is_in_place(number, cells):
                padded = [*cells[: self._width], *[""] * (self._width + 1 - len(cells)), ""]
                yield number, tuple([cell.strip(" ") for cell in pick(padded)])

    def _is_in_place(self, number: int, cells: list[str]) -> bool:
        """Return True if each cell is in its column; otherwise log the row, whose cells may be shifted.

        A missing or an extra cell in the middle shifts the others without a trace. So a row of another width is read
        only if the whole file is written so: the same empty cells after the last column, or no empty last cells.
        """
        file, width = self._table.file, len(cells)
        if self._fewest <= width < self._width and self._has_no_empty_ends:
            self._log.oddity(file, number, None, "row_short")
            return True
        if width > self._width and self._widths == {width} and not any(cell.strip() for cell in cells[self._width :]):
            return True
        self.skipped += 1
        if self._table.is_about_people:
            message = f"has {len(cells)} cells; the header has {self._width}, so it is unclear which cell is which"
            self._log.fatal(file, number, None, "cell_count_wrong", message)
        else:
            self._log.oddity(file, number, None, "row_width")
        return False

    @cached_property
    def _widths(self) -> set[int]:
        return {len(cells) for _number, cells in self._list_rows_again()}

    @cached_property
    def _has_no_empty_ends(self) -> bool:
        return all(len(cells) < self._width or cells[-1].strip() for _number, cells in self._list_rows_again())

    def _list_rows_again(self) -> Iterator[tuple[int, list[str]]]:
        rows = self._package.rows(self._table.file)
        next(rows)
        return rows


def table_rows(package: Package, table: Table) -> Iterator[tuple[int, Cells]]:
    return TableReader(package, table, ProblemLog()).rows()


def is_gone(table: Table, cells: Cells) -> bool:
    status = cells[table.at[STATUS]]
    return bool(status) and status.casefold() == GONE


class RowCheck:
    """Check one table's rows against its columns' rules, and collect their sourcedIds.

    Without ``collects_ids`` no id is kept: a package may have millions of enrolments. `known` holds the ids of tables
    read in full; other references are not checked, nor those within a delta file. A deleted row needs only its
    sourcedId.
    """

    def __init__(
        self,
        table: Table,
        known: Mapping[str, Ids],
        log: ProblemLog,
        *,
        present: frozenset[str],
        delta: bool,
        collects_ids: bool,
    ) -> None:
        self.ids: Ids = {}
        self._prints: array[int] = array("q")  # of the rows, by the ordinals of their ids
        self._collects_ids, self._delta, self._table, self._log = collects_ids, delta, table, log
        self._required = [(name, table.at[name]) for name in table.kept if name in table.required & present]
        self._enumerations = [
            (name, table.at[name], frozenset(values)) for name, values in table.enumerations.items() if name in present
        ]
        self._dates = [(name, table.at[name]) for name in table.dates]
        targets = dict(known) if delta else {**known, table.file: self.ids}
        self._references = [
            (name, table.at[name], file, targets[file]) for name, file in table.references.items() if file in targets
        ]
        self._ahead: list[tuple[int, str, str]] = []

    def admit(self, number: int, cells: Cells) -> bool:
        """Log what is odd or wrong with a row; return True if its meaning can be read."""
        if (status := cells[self._table.at[STATUS]]) or self._delta:
            self._check_status(number, status, has_id=bool(cells[0]))
        if not is_gone(self._table, cells):
            for name, at in self._required:
                if not cells[at]:
                    self._report_empty(number, name)
            for name, at, allowed in self._enumerations:
                if cells[at] and cells[at] not in allowed:
                    self._check_spelling(number, name, cells[at], allowed)
            self._check_dates(number, cells)
            self._check_references(number, cells)
        return not self._collects_ids or self._has_own_id(number, cells)

    def _has_own_id(self, number: int, cells: Cells) -> bool:
        identifier, decides = cells[0], "sourcedId" in self._table.decisive
        if identifier and identifier not in self.ids:
            self.ids[identifier] = len(self.ids)
            self._prints.append(hash(cells))
            return True
        if identifier and self._prints[self.ids[identifier]] == hash(cells):
            self._oddity(number, "sourcedId", "row_repeated")
            return not decides
        if identifier:
            message = "the same sourcedId is used in an earlier row; it is unclear which row is this person’s"
            self._report(number, "sourcedId", "id_repeated", message)
        return not decides

    def finish(self) -> None:
        for number, column in ((number, column) for number, column, ref in self._ahead if ref not in self.ids):
            self._dangling(number, column, self._table.file)

    def _check_status(self, number: int, status: str, *, has_id: bool) -> None:
        meaning = status.casefold()
        if meaning in _STATUSES:
            if status != meaning:
                self._oddity(number, STATUS, "value_spelling", status, meaning)
            if not self._delta and meaning == GONE:
                self._oddity(number, STATUS, "deleted_in_bulk")
        elif self._table.is_about_people:
            message = f"must be one of: {', '.join(_STATUSES)}; otherwise it is unclear whether this person has left"
            self._fatal(number, STATUS, "value_not_allowed", message)
        else:
            self._oddity(number, STATUS, "value_unknown")
        if meaning == GONE and not has_id:
            self._report_empty(number, "sourcedId")

    def _check_spelling(self, number: int, name: str, value: str, allowed: frozenset[str]) -> None:
        meaning = self._table.spellings[name].get(value.casefold())
        if meaning is not None:
            code = "value_spelling" if meaning in allowed else "role_other_version"
            self._oddity(number, name, code, value, meaning)
        elif name in self._table.extensible and value.casefold().startswith(EXTENDED):
            return
        else:
            message = f"must be one of: {', '.join(self._table.enumerations[name])}"
            self._report(number, name, "value_not_allowed", message, odd="value_unknown")

    def _check_dates(self, number: int, cells: Cells) -> None:
        for name, at in self._dates:
            if not cells[at] or day(cells[at]) is not None:
                if without_midnight(cells[at]) != cells[at]:
                    self._oddity(number, name, "date_with_midnight")
            else:
                message = "must be a day written YYYY-MM-DD; in another form day and month can be mistaken"
                self._report(number, name, "date_unreadable", message, odd="date_form")

    def _check_references(self, number: int, cells: Cells) -> None:
        for name, at, file, target in self._references:
            # OneRoster names list columns in the plural
            identifiers = listed(cells[at]) if name.endswith("Ids") else [cells[at]] if cells[at] else []
            if not identifiers and cells[at]:
                self._report_empty(number, name)
            for identifier in identifiers:
                if identifier in target:
                    continue
                if target is self.ids:
                    self._ahead.append((number, name, identifier))
                else:
                    self._dangling(number, name, file)

    def _dangling(self, number: int, column: str, file: str) -> None:
        if column in self._table.strict_references:
            message = f"must be the sourcedId of a row in {file}; otherwise it is unclear whose row this is"
            self._fatal(number, column, "reference_unknown", message)
        elif column == "sourcedId":
            self._oddity(number, column, "birth_date_of_nobody")
        else:
            self._oddity(number, column, "reference_unknown", file)

    def _report_empty(self, number: int, column: str) -> None:
        self._report(number, column, "required_empty", "must not be empty", odd="cell_empty")

    def _report(self, number: int, column: str, code: str, message: str, *, odd: str = "") -> None:
        if column in self._table.decisive:
            self._fatal(number, column, code, message)
        else:
            self._oddity(number, column, odd or code)

    def _fatal(self, number: int, column: str, code: str, message: str) -> None:
        self._log.fatal(self._table.file, number, column, code, message)

    def _oddity(self, number: int, column: str, code: str, value: str = "", meaning: str = "") -> None:
        self._log.oddity(self._table.file, number, column, code, value=value, meaning=meaning)
