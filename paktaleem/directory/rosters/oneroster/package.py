"""A roster package as a zip file: members checked, CSV rows read within limits.

Sizes are counted while reading; the sizes in the zip's directory are not trusted.
"""

import csv
import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from paktaleem.directory.rosters.oneroster.problems import PACKAGE, ProblemLog, RosterInvalid, refusal

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
    """An open zip whose members are plain files at its root; read with `rows`."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._size = size
        self._bytes_read: dict[str, int] = {}
        self.members = frozenset(archive.namelist())

    def rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells) of a member, header first; blank lines are counted but skipped.

        Raises RosterInvalid if the member cannot be read.
        """
        done = 0
        try:
            with self._archive.open(file) as member, io.BufferedReader(self._counted(file, member)) as source:
                lines = _Lines(source)
                for number, cells in enumerate(csv.reader(lines, strict=True), start=1):
                    lines.end_record(number, cells)
                    done = number
                    if cells:
                        yield number, cells
        except _RecordRefusedError as error:
            raise refusal(file, error.code, error.message, row=done + 1) from None
        except csv.Error as error:
            raise refusal(file, "csv_unreadable", f"not readable as CSV: {error}", row=done + 1) from None
        except UnicodeDecodeError:
            raise refusal(file, "not_utf8", "not UTF-8, the only encoding allowed", row=done + 1) from None
        except _ZIP_ERRORS:
            message = "this member of the zip is damaged; export the package again"
            raise refusal(file, "zip_damaged", message, row=done + 1) from None

    def _counted(self, file: str, member: IO[bytes]) -> "_CountedSource":
        compressed = min(self._archive.getinfo(file).compress_size, self._size)
        return _CountedSource(file, member, compressed, self._bytes_read)


class _CountedSource(io.RawIOBase):
    """The unpacked bytes of a member, refused once they exceed a limit."""

    def __init__(self, file: str, member: IO[bytes], compressed: int, bytes_read: dict[str, int]) -> None:
        self._file = file
        self._member = member
        self._compressed = compressed
        self._bytes_read = bytes_read  # by member: reading one twice counts once
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        with memoryview(buffer).cast("B") as view:
            data = self._member.read(min(len(view), BUFFER_SIZE))
            view[: len(data)] = data
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

    def __init__(self, source: io.BufferedIOBase) -> None:
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
    for name, count in Counter(archive.namelist()).items():
        if count > 1:
            message = f"appears {count} times in the zip; once is allowed"
            log.fatal(shown(name), None, None, "member_repeated", message)
    for info in archive.infolist():
        for code, message in _member_faults(info):
            log.fatal(shown(info.filename), None, None, code, message)
    log.raise_if_fatal()


def _member_faults(info: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    name = info.orig_filename
    if name != info.filename or ".." in name or any(mark in name for mark in "/\\:\0"):
        yield "path_not_at_root", "all files must be at the root of the zip, without folders"
    if stat.S_ISLNK(info.external_attr >> 16):
        yield "member_is_link", "a link, not a file; put the file itself into the zip"
    if info.flag_bits & _ENCRYPTED_FLAGS:
        yield "member_encrypted", "encrypted; files in the zip must not be"
    if info.compress_type not in _COMPRESSIONS:
        yield "compression_unsupported", "compressed in a way that is not supported; use deflate or store"


def shown(name: str) -> str:
    """Return a member's name in displayable form: printable and short."""
    return "".join(c if c.isprintable() else "?" for c in name)[:_NAME_SHOWN]
