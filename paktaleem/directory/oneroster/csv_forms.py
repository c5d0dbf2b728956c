"""The forms in which spreadsheet programs save a CSV file: delimiters, a first line ``sep=``, and UTF-16."""

import csv
import re
from collections.abc import Iterator
from itertools import chain

from paktaleem.directory.oneroster.problems import ProblemLog

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab"}
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


def number_rows(lines: Iterator[str], file: str, log: ProblemLog) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of a CSV file; the delimiter is the most frequent in the header, or that of ``sep=``.

    The line ``sep=`` is row 1 and not yielded. Raises csv.Error.
    """
    start, header = 1, next(lines, "")
    stated = _SEPARATOR.fullmatch(header)
    if stated:
        log.oddity(file, 1, None, "separator_line")
        start, header = 2, next(lines, "")
    delimiter = stated[1] if stated else max(_DELIMITERS, key=header.count)
    if delimiter != ",":
        log.oddity(file, start, None, "delimiter", value=_DELIMITERS[delimiter])
    rows = csv.reader(chain([header] if header else [], lines), delimiter=delimiter, strict=True)
    return enumerate(rows, start)
