"""The erasure list: erasures recorded outside the database, so that a restored backup can be corrected (decision 0005).

The list holds one line of canonical JSON (RFC 8785) per step, synced to disk before the step is committed: *started*
when an officer has confirmed an erasure that waits for systems to answer, *intent* when the key is to be destroyed,
*done* when the step of a line was committed. A line holds ids, codes and the keyed tombstone, no personal data.

Each line carries a MAC over itself and the previous one, under a key from the keyring. This detects an edit, an
insertion, a deletion or another installation's list; a truncated list is detected by comparison with the database.

A line is carried out even if its transaction failed, because an officer confirmed the erasure. A started line makes a
restored older database start the erasure again; it never destroys the key of a person the database knows.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.embedded.layout import sync_folder
from paktaleem.foundation.encryption.keyring import keyring

_START = b"paktaleem erasure list 1"
_KEY_BINDING = b"erasure-list"
_MAC_FIELD = "mac"


class ListDamaged(Exception):
    """The list was edited or truncated, or belongs to another installation; the message says where."""


class Stage(StrEnum):
    """Step of an erasure that a line records; the values are the kinds of lines in the file."""

    STARTED = "started"
    """confirmed; systems have to answer first"""
    KEY_DESTROYED = "intent"
    """the key is to be destroyed"""


@dataclass(frozen=True, slots=True)
class Intent:
    """One step of a confirmed erasure, with the MAC of its line (``mark``); a started one has a ``reason`` code."""

    number: int
    client_id: UUID
    subject_id: UUID
    role: str
    tombstone: bytes
    at: datetime
    mark: bytes
    stage: Stage = Stage.KEY_DESTROYED
    reason: str = ""


class FileErasureList:
    """Erasure list in an append-only file; only lines added since the last read are read again."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._reset()

    def intend(self, *, at: datetime, **person: Any) -> Intent:
        """Add the destruction of a key and sync it to disk. Raises OSError or ListDamaged; do not erase then."""
        return self._add(Stage.KEY_DESTROYED, at, **person)

    def start(self, *, reason: str, at: datetime, **person: Any) -> Intent:
        """Add a confirmed erasure and sync it to disk. Raises OSError or ListDamaged; do not start it then."""
        return self._add(Stage.STARTED, at, reason=reason, **person)

    def _add(
        self, stage: Stage, at: datetime, *, client_id: UUID, subject_id: UUID, role: str, tombstone: bytes, **more: str
    ) -> Intent:
        facts = {"client": str(client_id), "subject": str(subject_id), "role": role, "tombstone": tombstone.hex()}
        number = self._append({"kind": stage.value, "at": at.isoformat(), **more, **facts})  # may read all anew
        return self._intents[number]

    def finish(self, number: int, *, at: datetime) -> None:
        self._append({"kind": "done", "at": at.isoformat(), "of": number})

    def intents(self) -> Mapping[int, Intent]:
        """Read new lines and return every step of an erasure by its line number. Raises ListDamaged."""
        self._read_on()
        return dict(self._intents)

    def finished(self) -> frozenset[int]:
        """Return the line numbers of committed steps read so far."""
        return frozenset(self._finished)

    def _reset(self) -> None:
        self._inode, self._offset, self._number, self._mark = 0, 0, 0, _START
        self._last_line = b""
        self._intents: dict[int, Intent] = {}
        self._finished: set[int] = set()

    def _append(self, line: dict[str, object]) -> int:
        """Append one line under the file's lock; remove a partial line left by a crash first."""
        with self._lock, self._opened() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._read_lines(descriptor)
            os.ftruncate(descriptor, self._offset)
            line = {"number": self._number + 1, **line}
            os.lseek(descriptor, self._offset, os.SEEK_SET)
            text = canonical({**line, _MAC_FIELD: _mac(self._mark, line).hex()}) + b"\n"
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
            self._read_lines(descriptor)
            return self._number

    @contextmanager
    def _opened(self) -> Iterator[int]:
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if is_new:
                if os.geteuid() == 0:
                    status = self._path.parent.stat()
                    os.fchown(descriptor, status.st_uid, status.st_gid)
                sync_folder(self._path.parent)
            yield descriptor
        finally:
            os.close(descriptor)

    def _read_on(self) -> None:
        with self._lock:
            try:
                descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                self._reset()
                return
            try:
                self._read_lines(descriptor)
            finally:
                os.close(descriptor)

    def _read_lines(self, descriptor: int) -> None:
        """Read the complete lines added since the last read; read all if the file was replaced or truncated."""
        status, length = os.fstat(descriptor), len(self._last_line)
        is_continued = os.pread(descriptor, length, self._offset - length) == self._last_line
        if status.st_ino != self._inode or not is_continued:  # another file may have the same inode and size
            self._reset()
            self._inode = status.st_ino
        added = os.pread(descriptor, status.st_size - self._offset, self._offset)
        *lines, _half_line = added.split(b"\n")
        for line in lines:
            self._accept_line(line)
            self._last_line = line + b"\n"
            self._offset += len(self._last_line)

    def _accept_line(self, text: bytes) -> None:
        number = self._number + 1
        try:
            line = json.loads(text)
            mark = bytes.fromhex(line.pop(_MAC_FIELD))
            is_ours = line["number"] == number and hmac.compare_digest(mark, _mac(self._mark, line))
            self._store_line(line if is_ours else {}, mark)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._reset()
            raise ListDamaged(f"Line {number} of the erasure list is not the one that was written.") from error
        self._number, self._mark = number, mark

    def _store_line(self, line: Mapping[str, Any], mark: bytes) -> None:
        if line["kind"] == "done":
            self._finished.add(line["of"])
            return
        number, tombstone, at = line["number"], bytes.fromhex(line["tombstone"]), datetime.fromisoformat(line["at"])
        person = (UUID(line["client"]), UUID(line["subject"]), line["role"], tombstone)
        self._intents[number] = Intent(number, *person, at, mark, Stage(line["kind"]), line.get("reason", ""))


def _mac(before: bytes, line: Mapping[str, object]) -> bytes:
    return hmac.new(keyring().index_key(_KEY_BINDING), before + canonical(dict(line)), hashlib.sha256).digest()


def erasure_list() -> FileErasureList:
    """Return the installation's erasure list. Raises ImproperlyConfigured if ERASURE_LIST_FILE is not set."""
    if not settings.ERASURE_LIST_FILE:
        raise ImproperlyConfigured("No erasure list: set ERASURE_LIST_FILE to a path outside the database.")
    return _list_at(settings.ERASURE_LIST_FILE)


@lru_cache(maxsize=4)
def _list_at(path: str) -> FileErasureList:
    return FileErasureList(Path(path))
