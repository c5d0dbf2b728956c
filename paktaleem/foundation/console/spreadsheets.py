"""Rows as CSV or XLSX, written row by row, safe against formula injection (``cells``).

Both are written as a stream: nothing is read back, and nothing is stored elsewhere, so that a file can be encrypted
while it is written. A workbook has one sheet of plain cells (ECMA-376 part 1, §18.3).
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import IO, Any, Protocol, cast
from xml.sax.saxutils import escape

from paktaleem.foundation.cells import format_cell

LONGEST_CELL = 32_767
"""Excel's limit of characters per cell."""


class Format(StrEnum):
    """File format."""

    CSV = "csv"
    XLSX = "xlsx"


TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Sink(Protocol):
    """Target of a sheet; it is not read and has no positions."""

    def write(self, data: bytes, /) -> int:
        """Write bytes; return how many."""
        ...

    def flush(self) -> None:
        """Do nothing, or pass on what was written."""
        ...


def write_sheet(kind: Format, file: Sink | IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write header and rows to a file and return the number of rows."""
    number = 0
    with open_sheet(kind, file, header) as write_row:
        for number, row in enumerate(rows, 1):  # noqa: B007 -- the last number is the count
            write_row(row)
    return number


@contextmanager
def open_sheet(kind: Format, file: Sink | IO[bytes], header: Sequence[str]) -> Iterator[Callable[[Sequence[Any]], Any]]:
    """Write the header, and yield the function that writes a row; the file is complete when the context ends."""
    with _FORMATS[kind](file) as write_cells:
        write_cells(header)
        yield lambda row: write_cells([format_cell(value) for value in row])


class _Text:
    """A text file on a sink, for ``csv``."""

    def __init__(self, out: Sink) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(text.encode())


@contextmanager
def _open_csv(out: Sink) -> Iterator[Callable[[Sequence[Any]], Any]]:
    out.write(b"\xef\xbb\xbf")  # spreadsheet programs then read it as UTF-8
    yield csv.writer(cast("Any", _Text(out))).writerow


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_MEDIA}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_MEDIA}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_SHEET_BEGINS = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_ENDS = "</sheetData></worksheet>"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters that XML cannot hold, and what looks like the way Excel writes them (ECMA-376 part 1, §22.9.2.19)."""


@contextmanager
def _open_xlsx(out: Sink) -> Iterator[Callable[[Sequence[Any]], Any]]:
    """Write a workbook whose texts are in their cells, so that it needs no table of texts in memory."""
    with zipfile.ZipFile(cast("Any", out), "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            book.writestr(name, _XML + text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET_BEGINS.encode())
            yield lambda row: sheet.write(f"<row>{''.join(map(_format_xml_cell, row))}</row>".encode())
            sheet.write(_SHEET_ENDS.encode())


def _format_xml_cell(value: str | float) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    if not value:
        return "<c/>"
    text = _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", value[:LONGEST_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


_FORMATS = {Format.CSV: _open_csv, Format.XLSX: _open_xlsx}
