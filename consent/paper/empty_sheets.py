"""Empty answer sheets of a form, with codes and no names, as CSV and XLSX. Pure.

On the sheet of a form for guardians, the first of the purposes is ``platform-use``.

Cells contain codes and fixed texts only, so that none is interpreted as a formula.
"""

import csv
import io
from collections.abc import Sequence

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from consent.paper.codes import format_code
from consent.paper.sheets import (
    ANSWERED_BY,
    CODE,
    COMMENT,
    FIXED,
    GUARDIAN_ID,
    GUARDIAN_NAME,
    METHODS,
    RELATIONSHIP,
    RELATIONSHIPS,
    SHEET,
    SIGNER,
)
from consent.paper.verdicts import SERVICE

_WIDTH = 18
_HINTS = {
    GUARDIAN_ID: "LMS id of a guardian on file · درج شدہ سرپرست کی شناخت",
    GUARDIAN_NAME: "otherwise the name on the form · ورنہ فارم پر لکھا نام",
    RELATIONSHIP: "parent, guardian, relative or other · رشتہ",
    "answered_by": "self or guardian · خود یا سرپرست",
    "method": "paper or phone · کاغذ یا فون",
    "answered_on": "2026-03-27",
    "note": "location of the form, or who spoke with whom · فارم کہاں ہے",
}
_HELP = (
    (
        "One row per form. Leave a row empty if nothing was answered.",
        "ہر فارم کے لیے ایک سطر۔ جواب نہ ہو تو سطر خالی چھوڑ دیں۔",
    ),
    ("yes or no under each purpose; empty if neither is ticked.", "ہر مقصد کے نیچے ہاں یا نہیں لکھیں۔"),
    (
        "answered_by, method and answered_on are required if something is answered.",
        "جواب کے ساتھ لکھیں کہ کس نے، کیسے اور کب جواب دیا۔",
    ),
    ("note is stored as evidence of the answer, encrypted.", "نوٹ جواب کا ثبوت ہے اور مقفل رہتا ہے۔"),
    ("An answer counts only once it is confirmed in the console.", "کنسول میں تصدیق تک کچھ شمار نہیں ہوتا۔"),
)
_HELP_FOR_GUARDIANS = (
    (
        "Enter only forms that a parent or guardian has signed; answered_by is guardian, method is paper.",
        "صرف وہ فارم لکھیں جن پر والد، والدہ یا سرپرست کے دستخط ہوں۔",
    ),
    (
        "Without a yes under platform-use no other yes counts.",
        "platform-use کے نیچے ہاں کے بغیر کوئی اور ہاں شمار نہیں ہوتی۔",
    ),
    (
        "Enter who signed: guardian-id, or guardian-name and guardian-relationship; or do so in the console.",
        "کس نے دستخط کیے: درج شدہ سرپرست کی شناخت، یا فارم پر لکھا نام اور رشتہ۔ سرپرست کنسول میں بھی چنا جا سکتا ہے۔",
    ),
    (
        "Never write the number of an identity card.",
        "شناختی کارڈ کا نمبر کبھی نہ لکھیں۔",
    ),
)
"""Further help for the sheet of a form for guardians."""


def render_csv_sheet(purposes: Sequence[str], codes: Sequence[str]) -> bytes:
    """Return the sheet as CSV in UTF-8 with a byte order mark, which Excel needs."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_rows(purposes, codes))
    return text.getvalue().encode("utf-8-sig")


def render_xlsx_sheet(purposes: Sequence[str], codes: Sequence[str]) -> bytes:
    """Return the sheet as an XLSX workbook of text cells, with choice lists and a help page."""
    book = openpyxl.Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = SHEET
    for row in _rows(purposes, codes):
        sheet.append(row)
    sheet.freeze_panes = "B2"
    last = len(codes) + 2
    choices = {
        **dict.fromkeys(purposes, ("yes", "no")),
        "answered_by": ANSWERED_BY,
        "method": METHODS,
        RELATIONSHIP: RELATIONSHIPS,
    }
    for number, name in enumerate(_columns(purposes), 1):
        _format_column(sheet, number, choices.get(name, ()), last)
    _write_help(book.create_sheet("Help"), [*_HELP, *(_HELP_FOR_GUARDIANS if SERVICE in purposes else ())])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _columns(purposes: Sequence[str]) -> list[str]:
    return [CODE, *purposes, *_fixed_columns(purposes)]


def _fixed_columns(purposes: Sequence[str]) -> list[str]:
    """Return the columns after the purposes: on the sheet of a form for guardians also who signed."""
    return [FIXED[0], *SIGNER, *FIXED[1:]] if SERVICE in purposes else list(FIXED)


def _rows(purposes: Sequence[str], codes: Sequence[str]) -> list[list[str]]:
    hints = [f"{COMMENT} as printed · جیسا چھپا ہے", *["yes / no · ہاں / نہیں"] * len(purposes)]
    fixed = _fixed_columns(purposes)
    empty = [""] * (len(purposes) + len(fixed))
    rows = [[format_code(code), *empty] for code in codes]
    return [_columns(purposes), [*hints, *(_HINTS[name] for name in fixed)], *rows]


def _format_column(sheet: Worksheet, number: int, choices: Sequence[str], last: int) -> None:
    letter = get_column_letter(number)
    sheet.column_dimensions[letter].width = _WIDTH
    heading = sheet.cell(1, number)
    heading.font = Font(bold=True, color="FFFFFF")
    heading.fill = PatternFill("solid", fgColor="1F4E5F")
    sheet.cell(2, number).font = Font(italic=True, color="666666")
    sheet.cell(2, number).alignment = Alignment(wrap_text=True, vertical="top")
    for row in range(3, last + 1):
        sheet.cell(row, number).number_format = "@"
    if choices:
        rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        rule.add(f"{letter}3:{letter}{last}")
        sheet.add_data_validation(rule)


def _write_help(sheet: Worksheet, lines: Sequence[tuple[str, str]]) -> None:
    for row in lines:
        sheet.append(row)
    for letter in ("A", "B"):
        sheet.column_dimensions[letter].width = 3 * _WIDTH
    for cell in sheet["B"]:
        cell.alignment = Alignment(horizontal="right", readingOrder=2, wrap_text=True)
