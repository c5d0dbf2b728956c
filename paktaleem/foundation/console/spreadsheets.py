"""Rows as CSV or XLSX, written row by row, safe against formula injection (``cells``)."""

import csv
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import IO, Any

from xlsxwriter import Workbook

from paktaleem.foundation.cells import format_cell

__all__ = ["Format", "write_sheet"]

LONGEST_CELL = 32_767
"""Excel's limit of characters per cell."""


class Format(StrEnum):
    """File format."""

    CSV = "csv"
    XLSX = "xlsx"


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
