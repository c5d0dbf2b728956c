"""A ZIP archive written as a stream, so that it can be encrypted meanwhile, with a manifest of sizes and hashes."""

import codecs
import csv
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any, Protocol, Self, cast

from paktaleem.directory.people.copies.declarations import Column, Section, ValueKind

MANIFEST = "manifest.json"
_PATH = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*(/[a-z0-9_-]+(\.[a-z0-9_-]+)*)*")


class Sink(Protocol):
    """Target of the archive; it is not read and has no positions."""

    def write(self, data: bytes, /) -> int:
        """Write bytes; return how many."""
        ...

    def flush(self) -> None:
        """Do nothing, or pass on what was written."""
        ...


class Entry:
    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._digest, self.size = out, hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self.size += len(data)
        self._out.write(data)

    def write_json(self, value: Any) -> None:
        self.write(json.dumps(value, ensure_ascii=False).encode())

    def write_rows(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table as CSV (RFC 4180), with a byte order mark so that spreadsheets read it as UTF-8."""
        lines = csv.writer(codecs.getwriter("utf-8")(cast("Any", self)))
        self.write(b"\xef\xbb\xbf")
        lines.writerow(header)
        lines.writerows(rows)


class _Gate:
    """Passes bytes on to the sink until it is shut: an archive that failed is closed without writing more."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.is_open = sink, True

    def write(self, data: bytes) -> int:
        return self._sink.write(data) if self.is_open else len(data)

    def flush(self) -> None:
        self._sink.flush()


class Archive:
    """A ZIP archive under construction, as a context manager; call ``finish`` once."""

    def __init__(self, sink: Sink, *, at: datetime) -> None:
        self._gate = _Gate(sink)
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._gate), "w", zipfile.ZIP_DEFLATED)
        self._moment = at.astimezone(UTC).timetuple()[:6]
        self._listed: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the archive; if it is not finished, nothing more is written."""
        self._gate.is_open = False
        self._zip.close()

    @contextmanager
    def entry(self, path: str, *, is_portable: bool = False) -> Iterator[Entry]:
        """Open one entry; the next one can be opened once this one is complete. Raises ValueError for a bad path."""
        if not _PATH.fullmatch(path) or path in self._listed or path == MANIFEST:
            raise ValueError(f"{path}: use relative paths of lower-case letters, digits, “-” and “_”, each once.")
        with self._open(path) as out:
            written = Entry(out)
            try:
                yield written
            except BaseException:
                self._gate.is_open = False
                raise
        self._listed[path] = {"path": path, "bytes": written.size, "sha256": written.sha256, "portable": is_portable}

    def finish(self, about: Mapping[str, Any]) -> str:
        """Write the manifest and close the archive; return the manifest's SHA-256 in hexadecimal."""
        content = {"about": dict(about), "files": [one for _path, one in sorted(self._listed.items())]}
        manifest = json.dumps(content, ensure_ascii=False, indent=1).encode()
        with self._open(MANIFEST) as out:
            out.write(manifest)
        self._zip.close()
        return hashlib.sha256(manifest).hexdigest()

    def _open(self, path: str) -> IO[bytes]:
        entry = zipfile.ZipInfo(path, self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        return self._zip.open(entry, "w")


_TYPES: dict[ValueKind, dict[str, Any]] = {
    ValueKind.TEXT: {"type": ["string", "null"]},
    ValueKind.NUMBER: {"type": ["integer", "null"]},
    ValueKind.YES_NO: {"type": ["boolean", "null"]},
    ValueKind.TIME: {"type": ["string", "null"], "format": "date-time"},
    ValueKind.DAY: {"type": ["string", "null"], "format": "date"},
    ValueKind.LIST: {"type": ["array", "null"], "items": {"type": "string"}},
}


def build_schema(sections: Iterable[Section]) -> dict[str, object]:
    """Return the schema of ``data.json`` with these sections; titles are in the current language."""
    found = list(sections)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "about": {"type": "object"},
            "sections": {
                "type": "object",
                "properties": {
                    section.code: {
                        "title": str(section.title),
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {column.code: _describe_column(column) for column in section.columns},
                            "required": [column.code for column in section.columns],
                            "additionalProperties": False,
                        },
                    }
                    for section in found
                },
                "required": [section.code for section in found],
                "additionalProperties": False,
            },
        },
        "required": ["about", "sections"],
        "additionalProperties": False,
    }


def _describe_column(column: Column) -> dict[str, object]:
    labels = "; ".join(f"{code}: {label}" for code, label in column.labels.items())
    return {"title": str(column.title), **_TYPES[column.kind], **({"$comment": labels} if labels else {})}
