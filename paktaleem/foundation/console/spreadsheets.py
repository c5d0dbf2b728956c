"""Rows as CSV or XLSX, written row by row, safe against formula injection.

Spreadsheet programs execute text that looks like a formula, and a user may choose their LMS id. Such text is therefore
prefixed with an apostrophe (OWASP, CSV injection).
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import IO, Any

from xlsxwriter import Workbook

__all__ = ["Format", "format_cell", "write_sheet"]

LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 -- spreadsheets accept full-width characters too
LONGEST_CELL = 32_767
"""Excel's limit of characters per cell."""


class Format(StrEnum):
    """File format."""

    CSV = "csv"
    XLSX = "xlsx"


def format_cell(value: Any) -> str | int | float | bool:
    """Return a cell value: ISO 8601 in UTC for times, hexadecimal for bytes, JSON text, escaped strings."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    text = _text(value)
    return f"'{text}" if text.startswith(LIKE_A_FORMULA) else text


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def write_sheet(kind: Format, file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write header and rows to a file and return the number of rows."""
    return (_write_xlsx if kind is Format.XLSX else _write_csv)(file, header, rows)


def _write_csv(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    lines, number = csv.writer(text), 0
    lines.writerow(header)
    for number, row in enumerate(rows, 1):  # noqa: B007 -- the last number is the count
        lines.writerow([format_cell(value) for value in row])
    text.detach()
    return number


def _write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    number = 0
    with Workbook(file, {"constant_memory": True, **plain}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(map(format_cell, row)):
                sheet.write(number, column, value[:LONGEST_CELL] if isinstance(value, str) else value)
    return number
