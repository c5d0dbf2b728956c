"""A roster package as a zip file: members checked, CSV rows read within limits.

Sizes are counted while reading; the sizes in the zip's directory are not trusted.
"""

import csv
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from paktaleem.directory.oneroster.csv_forms import UTF_16_MARKS, number_rows
from paktaleem.directory.oneroster.problems import PACKAGE, ProblemLog, RosterInvalid, refusal

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MEBIBYTE = 1024 * 1024
MEMBER_LIMIT = 512 * MEBIBYTE
TOTAL_LIMIT = 1024 * MEBIBYTE
RATIO_LIMIT = 200
RATIO_FREE_BYTES = 10 * MEBIBYTE
RECORD_LIMIT = 1 * MEBIBYTE
FIELD_LIMIT = 128 * 1024
ROW_LIMIT = 2_000_000
BUFFER_SIZE = 64 * 1024

_BOM = b"\xef\xbb\xbf"
_ZIP_MARK = b"PK\x03\x04"
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NAME_SHOWN = 100
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # includes NotImplementedError, which zipfile raises for features it lacks
    ValueError,
    LookupError,
    OverflowError,
)


class _RecordRefusedError(Exception):
    """A line breaks a rule; the reader adds the file and the row."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


class Package:
    """An open zip; read with `rows`. Files are found in any letter case.

    They are at the root of the zip or in one `folder`, which `members` leaves out of the names.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._size = size
        self._bytes_read: dict[str, int] = {}
        names = archive.namelist()
        self.folder = _find_folder(names)
        self.members = frozenset(name.removeprefix(self.folder) for name in names) - {""}
        self._names = {name.removeprefix(self.folder).casefold(): name for name in names}

    def find_member(self, file: str) -> str | None:
        """Return the name of a file as the zip spells it, or None if it is not in the zip."""
        return self._names.get(file.casefold())

    def rows(self, file: str, log: ProblemLog) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells) of a member, header first; blank rows are counted but skipped.

        Logs an encoding or delimiter that OneRoster does not define.
        Raises RosterInvalid if the member cannot be read.
        """
        done = 0
        try:
            with self._open(file) as member, io.BufferedReader(member, BUFFER_SIZE) as source:
                lines = _Lines(_to_utf_8(source, file, log))
                for number, cells in number_rows(lines, file, log):
                    lines.end_record(number, cells)
                    done = number
                    if not _is_blank(cells):
                        yield number, cells
        except _RecordRefusedError as error:
            raise refusal(file, error.code, error.message, row=done + 1) from None
        except csv.Error as error:
            raise refusal(file, "csv_unreadable", f"not readable as CSV: {error}", row=done + 1) from None
        except UnicodeDecodeError:
            raise refusal(file, "not_utf8", "not UTF-8 or UTF-16", row=done + 1) from None
        except _ZIP_ERRORS:
            message = "this member of the zip is damaged; export the package again"
            raise refusal(file, "zip_damaged", message, row=done + 1) from None

    def _open(self, file: str) -> "_CountedSource":
        name = self._names.get(file.casefold(), file)
        compressed = min(self._archive.getinfo(name).compress_size, self._size)
        return _CountedSource(file, self._archive.open(name), compressed, self._bytes_read)


def _find_folder(names: list[str]) -> str:
    """Return the path of the only folder with a manifest, ending in a slash; empty if one is at the root or none is."""
    manifests = [name for name in names if name.casefold().rpartition("/")[2] == "manifest.csv"]
    return manifests[0][: -len("manifest.csv")] if len(manifests) == 1 else ""


def _to_utf_8(source: "io.BufferedReader[Any]", file: str, log: ProblemLog) -> "io.BufferedReader[Any] | _Utf16Source":
    if source.peek(2)[:2] not in UTF_16_MARKS:
        return source
    log.oddity(file, None, None, "encoding_utf16")
    return _Utf16Source(source)


class _Utf16Source:
    """A member in UTF-16, whose lines are returned in UTF-8."""

    def __init__(self, source: "io.BufferedReader[Any]") -> None:
        self._text = io.TextIOWrapper(source, "utf-16", newline="\n")

    def readline(self, limit: int) -> bytes:
        """Return the next line, or its first part."""
        return self._text.readline(limit).encode()


def _is_blank(cells: list[str]) -> bool:
    return not cells or (not cells[0].strip() and not any(cell.strip() for cell in cells))


def _ends_in_returns(start: bytes) -> bool:
    """Return True if lines end in a carriage return alone, as in files saved by old versions of Excel for Mac."""
    first = re.search(rb"\r\n|\r(?=.)|\n", start, re.DOTALL)
    return first is not None and first[0] == b"\r"


class _CountedSource(io.RawIOBase):
    """The unpacked bytes of a member, refused once they exceed a limit."""

    def __init__(self, file: str, member: IO[bytes], compressed: int, bytes_read: dict[str, int]) -> None:
        self._file = file
        self._member = member
        self._compressed = compressed
        self._bytes_read = bytes_read  # by member: reading one twice counts once
        self._count = 0
        self._ends_in_returns = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._member.close()
        super().close()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        with memoryview(buffer).cast("B") as view:
            data = self._member.read(min(len(view), BUFFER_SIZE))
            if not self._count:
                self._ends_in_returns = data[:2] not in UTF_16_MARKS and _ends_in_returns(data)
            view[: len(data)] = data.replace(b"\r", b"\n") if self._ends_in_returns else data
        self._count += len(data)
        self._bytes_read[self._file] = max(self._count, self._bytes_read.get(self._file, 0))
        self._refuse_excess()
        return len(data)

    def _refuse_excess(self) -> None:
        if self._count > MEMBER_LIMIT:
            raise _RecordRefusedError("member_too_large", f"unpacks to more than {MEMBER_LIMIT:,} bytes")
        if sum(self._bytes_read.values()) > TOTAL_LIMIT:
            message = f"the package unpacks to more than {TOTAL_LIMIT:,} bytes"
            raise _RecordRefusedError("package_too_large", message)
        if self._count > max(RATIO_FREE_BYTES, RATIO_LIMIT * self._compressed):
            message = f"unpacks to more than {RATIO_LIMIT} times its size"
            raise _RecordRefusedError("ratio_too_high", message)


class _Lines:
    """The decoded lines of a member, bounded by record size (a record may span lines)."""

    def __init__(self, source: "io.BufferedReader[Any] | _Utf16Source") -> None:
        self._source = source
        self._pending = 0
        self._first = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._source.readline(RECORD_LIMIT + 1 - self._pending)
        if not line:
            raise StopIteration
        self._pending += len(line)
        if self._pending > RECORD_LIMIT:
            raise _RecordRefusedError("record_too_long", f"a row is longer than {RECORD_LIMIT:,} bytes")
        if self._first and line.startswith(_ZIP_MARK):
            raise _RecordRefusedError("zip_in_zip", "is itself a zip; put the files at the root of one zip")
        if b"\0" in line:
            raise _RecordRefusedError("nul_byte", "holds a NUL byte; text files have none")
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        return line.decode("utf-8")

    def end_record(self, number: int, cells: list[str]) -> None:
        """Check the record and start counting the next one."""
        if number > ROW_LIMIT:
            raise _RecordRefusedError("too_many_rows", f"more than {ROW_LIMIT:,} rows")
        # csv's own limit is global to the process and can be raised by any code.
        if self._pending > FIELD_LIMIT and any(len(cell) > FIELD_LIMIT for cell in cells):
            raise _RecordRefusedError("field_too_long", f"a cell is longer than {FIELD_LIMIT:,} characters")
        self._pending = 0


@contextmanager
def open_package(source: Path | IO[bytes]) -> Iterator[Package]:
    """Open a zip, by path or file, and check its members by their directory entries.

    Raises RosterInvalid if it is not a zip, or a member is nested, duplicated, a link, encrypted or unusually
    compressed.
    """
    # Opened here because ZipFile would keep the file open while a stream is unfinished.
    with _open_file(source) as file, _open_zip(file) as archive:
        _check_members(archive)
        yield Package(archive, file.seek(0, io.SEEK_END))


def _open_file(source: Path | IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if not isinstance(source, Path):
        return nullcontext(source)  # closed by the caller
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise
    except OSError:
        raise _no_zip() from None


def _open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _ZIP_ERRORS:
        raise _no_zip() from None


def _no_zip() -> RosterInvalid:
    return refusal(PACKAGE, "not_a_zip", "not a readable zip file; a bulk export is one")


def _check_members(archive: zipfile.ZipFile) -> None:
    log = ProblemLog()
    for name, count in Counter(map(_apart, archive.namelist())).items():
        if count > 1:
            message = f"appears {count} times in the zip, whatever the letter case; it is unclear which one counts"
            log.fatal(shown(name), None, None, "member_repeated", message)
    for info in archive.infolist():
        for code, message in _member_faults(info):
            log.fatal(shown(info.filename), None, None, code, message)
    log.raise_if_fatal()


def _apart(name: str) -> str:
    """Return what distinguishes two members: CSV files are found in any letter case."""
    return name.casefold() if name.casefold().endswith(".csv") else name


def _member_faults(info: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    name = info.orig_filename
    leads_out = name.startswith("/") or ".." in name.split("/") or any(mark in name for mark in "\\:\0")
    if name != info.filename or leads_out:
        yield "path_leads_out", "its path leads out of the zip, as in no school’s export"
    if stat.S_ISLNK(info.external_attr >> 16):
        yield "member_is_link", "a link, not a file; put the file itself into the zip"
    if info.flag_bits & _ENCRYPTED_FLAGS:
        yield "member_encrypted", "encrypted; files in the zip must not be"
    if info.compress_type not in _COMPRESSIONS:
        yield "compression_unsupported", "compressed in a way that is not supported; use deflate or store"


def shown(name: str) -> str:
    """Return a member's name in displayable form: printable and short."""
    return "".join(c if c.isprintable() else "?" for c in name)[:_NAME_SHOWN]
