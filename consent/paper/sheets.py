"""Parsing of answer sheets: all rows are checked, and each problem names its row and column. Pure."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from children.guardians.evidence import CardNumberFound, check_evidence
from consent.paper.codes import normalize_code
from consent.paper.verdicts import SERVICE, SHARING
from paktaleem.directory.oneroster import cells as cell
from paktaleem.directory.oneroster.problems import Problem, ProblemLog, RosterInvalid, refusal
from paktaleem.directory.rosters.spreadsheet.rows import Layout, Row, csv_rows, xlsx_rows

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
        """Store the problems."""
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
        """Return the LMS id, the name and the relationship of the guardian who signed."""
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
