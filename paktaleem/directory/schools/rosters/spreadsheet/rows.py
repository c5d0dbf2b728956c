"""Read CSV files and XLSX workbooks as texts, values only and within limits; and write the template, of fixed texts."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from difflib import get_close_matches
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from paktaleem.directory.schools.oneroster.package import ZIP_ERRORS, ends_in_returns, find_faults, read_csv, shown
from paktaleem.directory.schools.oneroster.problems import ProblemLog, refusal
from paktaleem.directory.schools.oneroster.users import DeltaRelation, GuardianRelation, Person, Place, StatedRoles
from paktaleem.directory.schools.rosters.spreadsheet.person import (
    BY_HEADING,
    COLUMNS,
    COMMENT,
    HEADINGS,
    Cells,
    Column,
    FindPeople,
    Guardians,
    NameGuardian,
    PersonReader,
    SheetClasses,
)
from paktaleem.directory.schools.rows import GivenRows

CSV_FILE, XLSX_FILE = "people.csv", "people.xlsx"
SHEET = "People"
ROW_LIMIT = 20_000
COLUMN_LIMIT = 60
CELL_LIMIT = 1_000
UNPACKED_LIMIT = 128 * 1024 * 1024
RATIO_LIMIT = 200
RATIO_FREE_BYTES = 10 * 1024 * 1024

type Row = tuple[int, list[str]]


_MACROS = re.compile(r"vbaproject|macrosheets|activex", re.IGNORECASE)
_OUTSIDE = re.compile(r"externallinks/|embeddings/|connections\.xml|querytables/", re.IGNORECASE)
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_READING_FAILS = (*ZIP_ERRORS, DefusedXmlException, ParseError, ArithmeticError, AttributeError, TypeError)
"""Exceptions of openpyxl and zipfile for a malformed workbook."""


def _csv_rows(data: bytes) -> Iterator[Row]:
    text = data.replace(b"\r", b"\n") if ends_in_returns(data) else data
    source = io.BufferedReader(io.BytesIO(text))
    for number, cells in read_csv(CSV_FILE, nullcontext(source), {}):
        yield number, _within_limits(CSV_FILE, number, [cell.strip() for cell in cells])


def _xlsx_rows(file: IO[bytes]) -> Iterator[Row]:
    _check_members(file, XLSX_FILE)
    log = ProblemLog()
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False, rich_text=False)
        rows = _sheet(book).iter_rows(max_row=ROW_LIMIT + 1, max_col=COLUMN_LIMIT)
        for number, cells in enumerate(rows, start=1):
            texts = [_text(cell, number, XLSX_FILE, log) for cell in cells]
            yield number, _within_limits(XLSX_FILE, number, texts)
    except _READING_FAILS:
        raise refusal(XLSX_FILE, "xlsx_unreadable", "not a readable workbook; save it again as .xlsx") from None
    log.raise_if_fatal()


def _sheet(book: Any) -> Any:
    if SHEET in book.sheetnames:
        return book[SHEET]
    if len(book.worksheets) == 1:
        return book.worksheets[0]
    raise refusal(XLSX_FILE, "sheet_missing", f"the rows must be in a sheet named {SHEET}")


def _check_members(file: IO[bytes], name: str) -> None:
    try:
        archive = zipfile.ZipFile(file)
        for member, code, message in find_faults(archive):
            raise refusal(name, code, f"{member}: {message}")
        if any(_MACROS.search(one) for one in archive.namelist()):
            raise refusal(name, "macros_refused", "holds macros; save it as an ordinary workbook (.xlsx)")
        if any(_OUTSIDE.search(one) for one in archive.namelist()):
            message = "links to other files or holds embedded ones; paste the values into a new workbook"
            raise refusal(name, "links_refused", message)
        _check_sizes(archive.infolist(), name)
        if any(mark in archive.read(info) for info in archive.infolist() for mark in _DOCTYPES):
            raise refusal(name, "doctype_refused", "declares a document type, as no workbook does")
    except _READING_FAILS:
        raise refusal(name, "xlsx_unreadable", "not a readable workbook; save it again as .xlsx") from None


def _check_sizes(members: list[zipfile.ZipInfo], file: str) -> None:
    if sum(info.file_size for info in members) > UNPACKED_LIMIT:
        raise refusal(file, "package_too_large", f"the workbook unpacks to more than {UNPACKED_LIMIT:,} bytes")
    if any(info.file_size > max(RATIO_FREE_BYTES, RATIO_LIMIT * info.compress_size) for info in members):
        message = f"a part of the workbook unpacks to more than {RATIO_LIMIT} times its size"
        raise refusal(file, "ratio_too_high", message)


def _text(cell: Any, number: int, file: str, log: ProblemLog) -> str:
    value = cell.value
    if cell.data_type == "f":
        column = get_column_letter(cell.column)
        log.fatal(file, number, column, "formula_refused", "holds a formula; paste its value instead")
    elif cell.data_type == "e":
        log.fatal(file, number, get_column_letter(cell.column), "cell_error", "holds an error value")
    if value is None or cell.data_type in {"e", "f"}:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _within_limits(file: str, number: int, cells: list[str]) -> list[str]:
    if number > ROW_LIMIT:
        message = f"more than {ROW_LIMIT:,} rows; use a OneRoster package"
        raise refusal(file, "too_many_rows", message, row=number)
    if len(cells) > COLUMN_LIMIT:
        raise refusal(file, "too_many_columns", f"more than {COLUMN_LIMIT} columns", row=number)
    if any(len(cell) > CELL_LIMIT for cell in cells):
        raise refusal(file, "field_too_long", f"a cell is longer than {CELL_LIMIT:,} characters", row=number)
    return cells


_NEARLY = 0.8
"""Similarity from which a heading counts as misspelt (0 to 1)."""


class Spreadsheet:
    """A spreadsheet whose every row has been checked; see ``oneroster.Roster``.

    Guardians follow the people of the rows. Raises RosterInvalid with every problem of the file.
    """

    is_whole = True
    stated_roles = StatedRoles.MAIN
    columns: Mapping[str, str] = {**HEADINGS, "agents": HEADINGS["guardian_1_name"]}
    mentions: Sequence[DeltaRelation] = ()
    """None: guardians are in their student's row."""

    def __init__(
        self, kind: str, file: str, rows: Iterable[Row], *, name_guardian: NameGuardian, find_people: FindPeople
    ) -> None:
        self.kind = kind
        self.people: list[tuple[Place, Person]] = []
        self._relations: list[GuardianRelation] = []
        log, source = ProblemLog(), iter(rows)
        self._classes = SheetClasses(file, log)
        header_row, header = next(source, (1, []))
        while header and not header[-1]:
            header.pop()
        columns = _checked_header(file, header_row, header, log)
        guardians, reader = Guardians(file, name_guardian, log), PersonReader(file, log)
        for number, texts in source:
            if any(texts) and not texts[0].startswith(COMMENT):
                cells = _by_name(columns, texts, file, number, log)
                if (person := reader.read(number, cells)) is not None:
                    self.people.append((Place(file, number), person))
                    self._classes.take(number, cells, person)
                    self._relations += () if person.gone else guardians.of(person, number, cells)
        self.people = guardians.complete(self.people, find_people)
        log.raise_if_fatal()
        self.oddity_sample, self.oddities = log.oddity_sample(), log.oddity_totals()
        self.size, self.relation_count = len(self.people), len(self._relations)

    def schooling(self, *, complete: bool) -> GivenRows | None:
        """Return what the rows name, never as complete; None if no row names a school or class."""
        del complete
        return self._classes.given()

    def placed_people(self) -> Iterator[tuple[Place, Person]]:
        return iter(self.people)

    def relations(self) -> Iterator[GuardianRelation]:
        return iter(self._relations)

    def birth_date_places(self, external_ids: Mapping[str, object], /) -> Iterator[tuple[Place, str]]:
        return ((place, one.external_id) for place, one in self.people if one.external_id in external_ids)


def open_csv(data: bytes, *, name_guardian: NameGuardian, find_people: FindPeople) -> Spreadsheet:
    return Spreadsheet("CSV", CSV_FILE, _csv_rows(data), name_guardian=name_guardian, find_people=find_people)


def open_xlsx(file: IO[bytes], *, name_guardian: NameGuardian, find_people: FindPeople) -> Spreadsheet:
    return Spreadsheet("XLSX", XLSX_FILE, _xlsx_rows(file), name_guardian=name_guardian, find_people=find_people)


def _checked_header(file: str, row: int, header: list[str], log: ProblemLog) -> list[Column | None]:
    columns: list[Column | None] = []
    for heading in header:
        column = BY_HEADING.get(" ".join(heading.split()).casefold())
        if column is None:
            # nearly one of ours: if it were ignored, a birth date or a guardian would be missing
            if meant := get_close_matches(" ".join(heading.split()).casefold(), BY_HEADING, n=1, cutoff=_NEARLY):
                known = BY_HEADING[meant[0]].heading
                message = f"an unknown heading that may mean {known}; correct it or rename the column"
                raise refusal(file, "header_wrong", message, row=row)
            log.oddity(file, row, shown(heading), "column_ignored")
        elif column in columns:
            raise refusal(file, "header_wrong", f"the column {column.heading} appears twice", row=row)
        columns.append(column)
    for column in COLUMNS:
        if column.required and column not in columns:
            raise refusal(file, "header_wrong", f"the column {column.heading} is missing", row=row)
    return columns


def _by_name(columns: Sequence[Column | None], texts: list[str], file: str, number: int, log: ProblemLog) -> Cells:
    """Return the cells of a row by column. A row that ends early says nothing about its last columns."""
    if any(texts[len(columns) :]):
        message = f"has {len(texts)} cells; the header has {len(columns)}"
        log.fatal(file, number, None, "cell_count_wrong", message)
    if len(texts) < len(columns):
        log.oddity(file, number, None, "row_cut")
    cells = {column.name: cell for column, cell in zip(columns, texts, strict=False) if column is not None}
    for column in COLUMNS:
        if column.required and column.name not in cells:
            log.fatal(file, number, column.heading, "required_empty", "must not be empty")
            cells[column.name] = ""
    return cells


_FORMATTED_ROWS = 1_000
_WIDTH = 24
_INTRODUCTION = (
    ("One row for each student, learner, teacher or administrator.", "ہر طالب علم، استاد یا منتظم کے لیے ایک سطر۔"),
    ("Enter guardians in their student's row.", "سرپرست اپنے طالب علم کی سطر میں لکھیں۔"),
    (f"Rows that begin with {COMMENT} are skipped.", f"جو سطر {COMMENT} سے شروع ہو وہ چھوڑ دی جاتی ہے۔"),
    ("Enter only what the columns require: nothing about health, religion or marks.", "کالموں کے علاوہ کچھ نہ لکھیں۔"),
)


def csv_template() -> bytes:
    """Return the template as CSV in UTF-8 with a byte order mark, which Excel needs."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[column.heading for column in COLUMNS], _hints()])
    return text.getvalue().encode("utf-8-sig")


def xlsx_template() -> bytes:
    """Return the template as a workbook; its cells are text, so that numbers keep leading zeros."""
    book = openpyxl.Workbook()
    people = book.active or book.create_sheet()
    people.title = SHEET
    people.append([column.heading for column in COLUMNS])
    people.append(_hints())
    people.freeze_panes = "B2"
    for number, column in enumerate(COLUMNS, start=1):
        _lay_out(people, number, column.choices, needed=column.required)
    _write_help(book.create_sheet("Help"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _hints() -> list[str]:
    first, *others = (f"{column.hint} · {column.hint_ur}" for column in COLUMNS)
    return [f"{COMMENT} {first}", *others]


def _lay_out(sheet: Worksheet, number: int, choices: tuple[str, ...], *, needed: bool) -> None:
    letter = get_column_letter(number)
    sheet.column_dimensions[letter].width = _WIDTH
    heading = sheet.cell(1, number)
    heading.font = Font(bold=True, color="FFFFFF")
    heading.fill = PatternFill("solid", fgColor="1F4E5F" if needed else "5B7F8C")
    sheet.cell(2, number).font = Font(italic=True, color="666666")
    sheet.cell(2, number).alignment = Alignment(wrap_text=True, vertical="top")
    for row in range(3, _FORMATTED_ROWS + 1):
        sheet.cell(row, number).number_format = "@"
    if choices:
        rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        rule.add(f"{letter}3:{letter}{ROW_LIMIT}")
        sheet.add_data_validation(rule)


def _write_help(sheet: Worksheet) -> None:
    for row in _INTRODUCTION:
        sheet.append(row)
    sheet.append(["", ""])
    for column in COLUMNS:
        needed = " (needed)" if column.required else ""
        choices = f": {', '.join(column.choices)}" if column.choices else ""
        sheet.append([f"{column.heading}{needed} – {column.hint}{choices}", column.hint_ur])
    for letter in ("A", "B"):
        sheet.column_dimensions[letter].width = 3 * _WIDTH
    for cell in sheet["B"]:
        cell.alignment = Alignment(horizontal="right", readingOrder=2, wrap_text=True)
