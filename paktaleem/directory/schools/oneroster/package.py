"""A roster package as a zip file: members checked, CSV rows read within limits; sizes are counted while reading."""

import csv
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from paktaleem.directory.schools.oneroster.columns import MANIFEST, MANIFEST_HEADER, VERSIONS, Table, Version
from paktaleem.directory.schools.oneroster.problems import PACKAGE, ProblemLog, refusal

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)


def _number_rows(lines: Iterator[str]) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """Return the delimiter, the most frequent in the header or that of a first row ``sep=``, and the numbered rows."""
    start, header = 1, next(lines, "")
    stated = _SEPARATOR.fullmatch(header)
    if stated:
        start, header = 2, next(lines, "")
    delimiter = stated[1] if stated else max(_DELIMITERS, key=header.count)
    rows = csv.reader(chain([header] if header else [], lines), delimiter=delimiter, strict=True)
    return delimiter, enumerate(rows, start)


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
ZIP_ERRORS = (
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
    """A line breaks a rule, with a code and a message; the reader adds the file and the row."""


class Package:
    """An open zip; files are found in any letter case, at the root or in one `folder`; `forms` lists unusual ones."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive, self._size = archive, size
        self._bytes_read: dict[str, int] = {}
        self.forms: dict[str, str] = {}
        names = archive.namelist()
        manifests = [name for name in names if name.casefold().rpartition("/")[2] == "manifest.csv"]
        self.folder = manifests[0][: -len("manifest.csv")] if len(manifests) == 1 else ""  # ends in a slash
        self.members = frozenset(name.removeprefix(self.folder) for name in names) - {""}
        self._names = {name.removeprefix(self.folder).casefold(): name for name in names}

    def find_member(self, file: str) -> str | None:
        return self._names.get(file.casefold())

    def rows(self, file: str) -> Iterator[tuple[int, list[str]]]:
        return read_csv(file, self._open(file), self.forms)

    @contextmanager
    def _open(self, file: str) -> "Iterator[io.BufferedReader[Any]]":
        name = self._names.get(file.casefold(), file)
        compressed = min(self._archive.getinfo(name).compress_size, self._size)
        member = _CountedSource(file, self._archive.open(name), compressed, self._bytes_read)
        with member, io.BufferedReader(member, BUFFER_SIZE) as source:
            yield source


def read_csv(
    file: str, opened: "AbstractContextManager[io.BufferedReader[Any]]", forms: dict[str, str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of a CSV file, header first; blank rows are counted but skipped. Raises RosterInvalid.

    ``forms`` receives what the file is, if it is not in UTF-8 with commas.
    """
    done = 0
    try:
        with opened as source:
            is_utf_16 = source.peek(2)[:2] in UTF_16_MARKS
            lines = _Lines(_Utf16Source(source) if is_utf_16 else source)
            delimiter, rows = _number_rows(lines)
            if is_utf_16 or delimiter != ",":
                forms[file] = f"{'UTF-16' if is_utf_16 else 'UTF-8'} {delimiter!r}"
            for number, cells in rows:
                lines.end_record(number, cells)
                done = number
                if any(cell.strip() for cell in cells):
                    yield number, cells
    except _RecordRefusedError as error:
        raise refusal(file, *error.args, row=done + 1) from None
    except csv.Error as error:
        raise refusal(file, "csv_unreadable", f"not readable as CSV: {error}", row=done + 1) from None
    except UnicodeDecodeError:
        message = "not UTF-8 or UTF-16; in Excel save it as “CSV UTF-8”"
        raise refusal(file, "not_utf8", message, row=done + 1) from None
    except ZIP_ERRORS:
        message = "this member of the zip is damaged; export the package again"
        raise refusal(file, "zip_damaged", message, row=done + 1) from None


class _Utf16Source:
    def __init__(self, source: "io.BufferedReader[Any]") -> None:
        self._text = io.TextIOWrapper(source, "utf-16", newline="\n")

    def readline(self, limit: int) -> bytes:
        return self._text.readline(limit).encode()


def ends_in_returns(start: bytes) -> bool:
    """Return True if the rows of a file that begins like this end in carriage returns alone."""
    if start[:2] in UTF_16_MARKS:
        return False
    first = re.search(rb"\r\n|\r(?=.)|\n", start, re.DOTALL)
    return first is not None and first[0] == b"\r"


class _CountedSource(io.RawIOBase):
    def __init__(self, file: str, member: IO[bytes], compressed: int, bytes_read: dict[str, int]) -> None:
        self._file, self._member, self._compressed = file, member, compressed
        self._bytes_read = bytes_read  # by member: reading one twice counts once
        self._count, self._ends_in_returns = 0, False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._member.close()
        super().close()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        with memoryview(buffer).cast("B") as view:
            data = self._member.read(min(len(view), BUFFER_SIZE))
            if not self._count:
                self._ends_in_returns = ends_in_returns(data)
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
        self._source, self._pending, self._first = source, 0, True

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
        if number > ROW_LIMIT:
            raise _RecordRefusedError("too_many_rows", f"more than {ROW_LIMIT:,} rows")
        # csv's own limit is global to the process and can be raised by any code.
        if self._pending > FIELD_LIMIT and any(len(cell) > FIELD_LIMIT for cell in cells):
            raise _RecordRefusedError("field_too_long", f"a cell is longer than {FIELD_LIMIT:,} characters")
        self._pending = 0


@contextmanager
def open_package(file: IO[bytes]) -> Iterator[Package]:
    """Open a zip and check its members by their directory entries. Raises RosterInvalid."""
    try:
        archive = zipfile.ZipFile(file)
    except ZIP_ERRORS:
        raise refusal(PACKAGE, "not_a_zip", "not a readable zip file; a bulk export is one") from None
    with archive:
        log = ProblemLog()
        for name, code, message in find_faults(archive):
            log.fatal(name, None, None, code, message)
        log.raise_if_fatal()
        yield Package(archive, file.seek(0, io.SEEK_END))


def find_faults(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    names = archive.namelist()  # CSV files are found in any letter case
    apart = (name.casefold() if name.casefold().endswith(".csv") else name for name in names)
    for name, count in Counter(apart).items():
        if count > 1:
            message = f"appears {count} times in the zip, whatever the letter case; it is unclear which one counts"
            yield shown(name), "member_repeated", message
    for info in archive.infolist():
        for code, message in _member_faults(info):
            yield shown(info.filename), code, message


def _member_faults(info: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    name = info.orig_filename
    if name != info.filename or name.startswith("/") or ".." in name.split("/") or any(c in name for c in "\\:\0"):
        yield "path_leads_out", "its path leads out of the zip, as in no school’s export"
    if stat.S_ISLNK(info.external_attr >> 16):
        yield "member_is_link", "a link, not a file; put the file itself into the zip"
    if info.flag_bits & _ENCRYPTED_FLAGS:
        yield "member_encrypted", "encrypted; files in the zip must not be"
    if info.compress_type not in _COMPRESSIONS:
        yield "compression_unsupported", "compressed in a way that is not supported; use deflate or store"


def shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:_NAME_SHOWN]


MANIFEST_VERSION = "1.0"
BULK, DELTA, ABSENT = "bulk", "delta", "absent"
_VERSION_PROPERTY = "oneroster.version"
_FILE_PREFIX = "file."
_DECIDING = (_VERSION_PROPERTY, _FILE_PREFIX)
_DECLARATIONS = (ABSENT, BULK, DELTA)
_VERSION = re.compile(r"(1\.[12])(?:\.[0-9]{1,2})?")

type _Properties = dict[str, tuple[str, int]]  # by name in lower case: the value and its row


@dataclass(frozen=True, slots=True)
class Manifest:
    version: Version
    files: Mapping[str, str]

    def is_delta(self, file: str) -> bool:
        return self.files.get(file) == DELTA

    def is_whole(self, file: str) -> bool:
        return self.files.get(file) == BULK


def read_manifest(package: Package, log: ProblemLog) -> Manifest:
    """Log files that are missing, undeclared or unknown. Raises RosterInvalid if the manifest cannot be read."""
    properties = _read_properties(package, log)
    version = _known_version(properties)
    text, row = properties.get("manifest.version", ("", None))
    if text not in {"", "1", MANIFEST_VERSION}:
        message = f"manifest.version must be {MANIFEST_VERSION}"
        log.fatal(MANIFEST, row, "value", "manifest_version_unsupported", message)
    declared = _declarations(properties, version, log)
    _compare(declared, package, version, log)
    present = {file: declared[file] for file in declared if package.find_member(file) and declared[file] != ABSENT}
    return Manifest(version, present)


def _read_properties(package: Package, log: ProblemLog) -> _Properties:
    if package.find_member(MANIFEST) is None:
        message = "manifest.csv is missing, or there are several: put the files of one package into the zip"
        raise refusal(MANIFEST, "manifest_missing", message)
    properties: _Properties = {}
    rows = package.rows(MANIFEST)
    header = [text.strip().casefold() for text in next(rows, (1, []))[1]]
    names = [name.casefold() for name in MANIFEST_HEADER]
    if any(header.count(name) != 1 for name in names):
        message = f"the header must hold {' and '.join(MANIFEST_HEADER)}"
        raise refusal(MANIFEST, "header_wrong", message, row=1)
    at_name, at_value = map(header.index, names)
    for number, cells in rows:
        padded = [*cells, *[""] * len(header)]
        name, value = padded[at_name].strip().casefold(), padded[at_value].strip()
        known, _ = properties.setdefault(name, (value, number))
        if known.casefold() != value.casefold() and name.startswith(_DECIDING):
            message = "appears a second time with another value; it is unclear which one counts"
            log.fatal(MANIFEST, number, "propertyName", "property_repeated", message)
    return properties


def _known_version(properties: _Properties) -> Version:
    text, row = properties.get(_VERSION_PROPERTY, ("", None))
    found = _VERSION.fullmatch(text)
    if found is None:
        message = f"{_VERSION_PROPERTY} must be one of: {', '.join(VERSIONS)}; the columns depend on it"
        raise refusal(MANIFEST, "version_unsupported", message, row=row)
    return VERSIONS[found[1]]


def _declarations(properties: _Properties, version: Version, log: ProblemLog) -> dict[str, str]:
    declared = {}
    files = {file.casefold(): file for file in version.files}
    for name, (text, row) in properties.items():
        file, value = files.get(f"{name.removeprefix(_FILE_PREFIX)}.csv"), text.casefold()
        if file is None or not name.startswith(_FILE_PREFIX):
            continue
        if value in _DECLARATIONS:
            declared[file] = value
        elif version.is_about_people(file):
            message = f"must be one of: {', '.join(_DECLARATIONS)}; otherwise it is unclear whether {file} is complete"
            log.fatal(MANIFEST, row, "value", "value_not_allowed", message)
            declared[file] = BULK  # refused already
    return declared


def _compare(declared: dict[str, str], package: Package, version: Version, log: ProblemLog) -> None:
    known = {file.casefold() for file in (MANIFEST, *version.files)}
    for name in sorted(name for name in package.members if name.casefold() not in known):
        log.oddity(shown(name), None, None, "file_ignored")
    if package.folder:
        log.oddity(PACKAGE, None, None, "in_folder", value=shown(package.folder))
    needed = () if DELTA in declared.values() else version.needed
    for file in version.files:
        _compare_file(file, declared.get(file, ABSENT), package, version, log, is_needed=file in needed)


def _compare_file(
    file: str, declaration: str, package: Package, version: Version, log: ProblemLog, *, is_needed: bool
) -> None:
    is_found, is_declared = package.find_member(file) is not None, declaration != ABSENT
    if is_needed and not is_found and not is_declared:
        log.fatal(file, None, None, "file_needed", "an import needs this file")
    if is_found == is_declared:
        return
    code = "file_missing" if is_declared else "file_undeclared"
    message = "in the zip, and the manifest does not declare it bulk or delta: is it complete, or only changes?"
    if is_declared:
        message = f"declared {declaration} in the manifest, and not in the zip; people or their data are missing"
    if version.is_about_people(file):
        log.fatal(file, None, None, code, message)
    else:
        log.oddity(file, None, None, code)


STATUS = "status"


def read_header(table: Table, header: Sequence[str], row: int, log: ProblemLog, *, delta: bool) -> Mapping[str, int]:
    """Return the position of each known column, or nothing if rows of a file without people cannot be distinguished.

    Raises RosterInvalid if a column that decides is missing or repeated; in a delta the status decides too.
    """
    places: dict[str, int] = {}
    unknown: list[str] = []
    decisive = table.decisive | ({STATUS} if delta and table.is_about_people else set())
    for place, text in enumerate(header):
        name = table.names.get(text.strip().casefold())
        if name is None:
            unknown.append(shown(text.strip()))
        elif name in places:
            _report_repeated(table, name, row, log, decides=name in decisive or name in table.extensions)
        else:
            places[name] = place
    if missing := sorted(decisive - places.keys(), key=table.header.index):
        message = f"the header lacks {', '.join(missing)}: without it, it is unclear who the people in this file are"
        raise refusal(table.file, "header_wrong", message, row=row)
    if "sourcedId" not in places and not table.is_about_people:
        log.oddity(table.file, row, "sourcedId", "file_unreadable")  # a row of data may be where the header should be
        return {}
    for name in unknown:
        log.oddity(table.file, row, name or None, "column_ignored")
    for name in sorted({*table.kept} - places.keys(), key=table.kept.index):
        log.oddity(table.file, row, name, "column_missing")
    return places


def _report_repeated(table: Table, name: str, row: int, log: ProblemLog, *, decides: bool) -> None:
    if decides:
        message = f"{name} appears more than once; it is unclear which one counts"
        raise refusal(table.file, "header_wrong", message, row=row)
    log.oddity(table.file, row, name, "column_repeated")
