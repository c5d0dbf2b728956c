"""Parsing of answer sheets: all rows are checked, and each problem names its row and column. Pure.

Crockford's base 32: no I, L, O or U, which are read as the similar symbols. The check symbol is a weighted sum over
GF(32) with a different weight for every position, so that any single wrong symbol and any two swapped symbols are
detected.

On the sheet of a form for guardians, the first of the purposes is ``platform-use``.

Cells contain codes and fixed texts only, so that none is interpreted as a formula.
"""

import csv
import io
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from children.guardians.authority import CardNumberFound, check_evidence
from consent.paper.verdicts import SERVICE, SHARING
from paktaleem.directory.schools.oneroster import columns as cell
from paktaleem.directory.schools.oneroster.problems import Problem, ProblemLog, RosterInvalid, refusal
from paktaleem.directory.schools.rosters.spreadsheet.rows import Layout, Row, csv_rows, xlsx_rows

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_MODULUS = 0b100101
"""x⁵ + x² + 1: primitive, so that the powers of x are 31 different weights."""

_DIGITS = "0123456789"
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("ILOU", "110V", strict=True)),
        **dict(zip("٠١٢٣٤٥٦٧٨٩", _DIGITS, strict=True)),
        **dict(zip("۰۱۲۳۴۵۶۷۸۹", _DIGITS, strict=True)),
        **dict.fromkeys("-‐‑‒–—−_.' \t\u00a0\u200c\u200e\u200f", ""),  # noqa: RUF001 -- spreadsheets replace hyphens
    }
)


def generate_code() -> str:
    """Return a random code: 35 random bits and a check symbol."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_symbol(body)


def format_code(code: str) -> str:
    """Return a code in two groups, as printed, so that spreadsheets do not read it as a number."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def normalize_code(text: str) -> str:
    """Normalize typed text (case, grouping, digits); the result may not be a valid code."""
    return text.strip().upper().translate(_LOOKALIKES)


def is_code(code: str) -> bool:
    """Return True if all symbols are in the alphabet and the check symbol is right."""
    if len(code) != LENGTH or any(symbol not in ALPHABET for symbol in code):
        return False
    return check_symbol(code[:-1]) == code[-1]


def check_symbol(body: str) -> str:
    """Return the check symbol. Its own weight is one."""
    total, weight = 0, 1
    for symbol in reversed(body):
        weight = _times_x(weight)
        total ^= _times(weight, ALPHABET.index(symbol))
    return ALPHABET[total]


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _MODULUS if doubled >= len(ALPHABET) else doubled


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left, right = _times_x(left), right >> 1
    return product


def find_nearest(typed: str, among: Iterable[str], *, within: int = 2, at_most: int = 5) -> list[str]:
    """Return up to ``at_most`` codes similar to the typed text, nearest first, with up to ``within`` errors."""
    found = sorted((distance(typed, code), code) for code in among if abs(len(code) - len(typed)) <= within)
    return [code for errors, code in found if errors <= within][:at_most]


def distance(left: str, right: str) -> int:
    """Return the number of typing errors between two texts: wrong, missing, added or swapped neighbouring symbols."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            errors = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                errors = min(errors, earlier[j - 2] + 1)
            row.append(errors)
    return row[-1]


ROW_LIMIT = 5_000
NOTE_LIMIT = 500
NAME_LIMIT = 200
ID_LIMIT = 255
LONGEST_CODE = 40
SHEET = "Answers"
CODE = "code"
FIXED = ("answered_by", "method", "answered_on", "note")
"""The columns after those of the purposes, whose headings are the purposes' codes."""
SIGNER = (GUARDIAN_ID, GUARDIAN_NAME, RELATIONSHIP) = ("guardian-id", "guardian-name", "guardian-relationship")
"""The columns for the guardian who signed: the LMS id of one on file, or the name and the relationship on the form."""
RELATIONSHIPS = ("parent", "guardian", "relative", "other")

LAYOUT = Layout(
    csv_file="answers.csv",
    xlsx_file="answers.xlsx",
    sheet=SHEET,
    row_limit=ROW_LIMIT + 2,  # the header and a row of hints
    too_many=f"at most {ROW_LIMIT:,} people in one sheet: split it",
)
COMMENT = "#"
YES = frozenset({"yes", "y", "true", "ہاں", "جی ہاں"})
NO = frozenset({"no", "n", "false", "نہیں", "جی نہیں"})
ANSWERED_BY = ("self", "guardian")
METHODS = ("paper", "phone")
_ZIP, _OLD_OFFICE = b"PK", b"\xd0\xcf\x11\xe0"
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")


class SheetInvalid(Exception):
    """The sheet is not valid; ``problems`` lists every reason with its row and column."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with an answer. ``code`` is the normalized typed code; ``answers`` maps purposes to yes or no.

    ``guardian`` is the LMS id of the guardian who signed; ``guardian_name`` and ``relationship`` are as on the form.
    """

    number: int
    code: str
    answers: Mapping[str, bool]
    by_guardian: bool
    method: str
    answered_on: date
    note: str
    guardian: str = ""
    guardian_name: str = ""
    relationship: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A parsed sheet: the kind of file, the rows with answers, and the number without."""

    kind: str
    rows: Sequence[SheetRow]
    blank: int


def read_sheet(content: bytes, *, purposes: Iterable[str], today: date) -> Sheet:
    """Parse a CSV or XLSX file. ``purposes`` are the codes allowed as column headings.

    Raises SheetInvalid.
    """
    try:
        kind, file, rows = _open_file(content)
        source = iter(rows)
        number, header = next(source, (1, []))
        columns = _check_header(file, number, header, set(purposes))
        reader = _Reader(file, columns, today)
        for place, cells in source:
            if cells and not cells[0].startswith(COMMENT):
                reader.take(place, cells)
        reader.log.raise_if_fatal()
    except RosterInvalid as invalid:
        raise SheetInvalid(invalid.problems) from invalid
    if not reader.rows:
        raise SheetInvalid([Problem(file, None, None, "nothing_answered", "no row has an answer")])
    return Sheet(kind, reader.rows, reader.blank)


def _open_file(content: bytes) -> tuple[str, str, Iterable[Row]]:
    """Detect the kind of file by its content, not its name."""
    if content.startswith(_OLD_OFFICE):
        message = "an old or password-protected Excel file; save it as an ordinary workbook (.xlsx)"
        raise refusal(LAYOUT.xlsx_file, "format_unknown", message)
    if content.startswith(_ZIP):
        return "XLSX", LAYOUT.xlsx_file, xlsx_rows(io.BytesIO(content), LAYOUT)
    return "CSV", LAYOUT.csv_file, csv_rows(content, LAYOUT)


def _check_header(file: str, row: int, header: Sequence[str], purposes: set[str]) -> list[str]:
    columns: list[str] = []
    for number, heading in enumerate(header, start=1):
        name = heading.strip().casefold()
        if name not in {CODE, SERVICE, SHARING, *SIGNER, *FIXED, *purposes}:
            message = (
                f"column {number} has an unknown heading; remove it. Allowed are: {CODE}, the codes of your "
                f"purposes based on consent, {', '.join([*FIXED, SERVICE, SHARING, *SIGNER])}"
            )
            raise refusal(file, "header_wrong", message, row=row)
        if name in columns:
            raise refusal(file, "header_wrong", f"the column {name} is duplicated", row=row)
        columns.append(name)
    missing = [name for name in (CODE, "answered_by", "method", "answered_on") if name not in columns]
    if missing:
        raise refusal(file, "header_wrong", f"the column {missing[0]} is missing", row=row)
    if not {SERVICE, *purposes} & set(columns):
        raise refusal(file, "header_wrong", "there is no column of a purpose", row=row)
    return columns


class _Reader:
    """Reads rows one by one, and logs their problems."""

    def __init__(self, file: str, columns: Sequence[str], today: date) -> None:
        self.log = ProblemLog()
        self.rows: list[SheetRow] = []
        self.blank = 0
        self._file, self._columns, self._today = file, columns, today
        self._purposes = [name for name in columns if name not in {CODE, *SIGNER, *FIXED}]

    def take(self, number: int, cells: Sequence[str]) -> None:
        if len(cells) > len(self._columns):
            self._fatal(number, None, "cell_count_wrong", f"has {len(cells)} cells; the header {len(self._columns)}")
            return
        row = dict(zip(self._columns, [*cells, *[""] * len(self._columns)], strict=False))
        answers = self._answers(number, row)
        if answers is None:
            return
        if not answers:
            self.blank += 1
            return
        code = self._code(number, row[CODE])
        by = self._choice(number, "answered_by", row, ANSWERED_BY)
        method = self._choice(number, "method", row, METHODS)
        answered_on = self._day(number, row["answered_on"])
        note = self._text(number, "note", row.get("note", ""), NOTE_LIMIT)
        signer = self._signer(number, row) if by == "guardian" else self._no_signer(number, row)
        if by == "guardian" or SERVICE in answers:
            self._check_no_card_number(number, "note", note)
        if code and by and method and answered_on:
            self.rows.append(SheetRow(number, code, answers, by == "guardian", method, answered_on, note, *signer))

    def _answers(self, number: int, row: Mapping[str, str]) -> dict[str, bool] | None:
        found, is_right = {}, True
        for purpose in self._purposes:
            text = " ".join(row[purpose].split()).casefold()
            if text in YES or text in NO:
                found[purpose] = text in YES
            elif text:
                self._fatal(number, purpose, "value_not_allowed", "must be yes, no or empty")
                is_right = False
        return found if is_right else None

    def _code(self, number: int, text: str) -> str:
        code = normalize_code(text)
        if not code or len(code) > LONGEST_CODE:
            message = "must not be empty where something is answered" if not code else "is too long"
            self._fatal(number, CODE, "code_unfit", message)
            return ""
        return code

    def _choice(self, number: int, name: str, row: Mapping[str, str], allowed: Sequence[str]) -> str:
        text = row[name].casefold()
        if text not in allowed:
            self._fatal(number, name, "value_not_allowed", f"must be one of: {', '.join(allowed)}")
            return ""
        return text

    def _day(self, number: int, text: str) -> date | None:
        found = _DAY_FIRST.fullmatch(text)
        day = cell.day(f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else text)
        if day is None:
            message = "must be the day of the answer, written YYYY-MM-DD, or day first as 27.03.2026"
            self._fatal(number, "answered_on", "date_unreadable", message)
        elif day > self._today:
            self._fatal(number, "answered_on", "date_in_future", "lies in the future")
            return None
        return day

    def _signer(self, number: int, row: Mapping[str, str]) -> tuple[str, str, str]:
        guardian = self._text(number, GUARDIAN_ID, row.get(GUARDIAN_ID, ""), ID_LIMIT)
        name = self._text(number, GUARDIAN_NAME, row.get(GUARDIAN_NAME, ""), NAME_LIMIT)
        relationship = row.get(RELATIONSHIP, "")
        if guardian and name:
            message = f"must be empty if {GUARDIAN_ID} is filled in"
            self._fatal(number, GUARDIAN_NAME, "value_not_allowed", message)
        if name or relationship:
            relationship = self._choice(number, RELATIONSHIP, {RELATIONSHIP: relationship}, RELATIONSHIPS)
        self._check_no_card_number(number, GUARDIAN_NAME, name)
        return guardian, name, relationship

    def _no_signer(self, number: int, row: Mapping[str, str]) -> tuple[str, str, str]:
        if any(row.get(name) for name in SIGNER):
            self._fatal(number, "answered_by", "value_not_allowed", "must be guardian if a guardian is named")
        return "", "", ""

    def _text(self, number: int, name: str, text: str, limit: int) -> str:
        if len(text) > limit:
            self._fatal(number, name, "field_too_long", f"longer than {limit} characters")
        return text

    def _check_no_card_number(self, number: int, column: str, text: str) -> None:
        try:
            check_evidence(text)
        except CardNumberFound:
            message = "must not contain the number of an identity card or payment card"
            self._fatal(number, column, "value_not_allowed", message)

    def _fatal(self, number: int, column: str | None, code: str, message: str) -> None:
        self.log.fatal(self._file, number, column, code, message)


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
    for right in sheet["B"]:
        right.alignment = Alignment(horizontal="right", readingOrder=2, wrap_text=True)
