"""The spreadsheet template as CSV and XLSX: headings, a row of hints, drop-down lists, a help page.

Its cells hold fixed texts, so none can be taken for a formula.
"""

import csv
import io

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from paktaleem.directory.schools.rosters.spreadsheet.person import COLUMNS, COMMENT
from paktaleem.directory.schools.rosters.spreadsheet.rows import ROW_LIMIT, SHEET

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
    hints = [f"{column.hint} · {column.hint_ur}" for column in COLUMNS]
    return [f"{COMMENT} {hints[0]}", *hints[1:]]


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
