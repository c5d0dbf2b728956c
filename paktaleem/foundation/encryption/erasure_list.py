"""The erasure list: who was erased, outside the database, so that no restored backup brings them back (DESIGN §4).

One line of canonical JSON (RFC 8785) for each step, synced to disk before the key goes: an *intent* when an officer
has confirmed the erasure, *done* when it was committed. A line names ids and the keyed tombstone, nothing personal.
Each carries a MAC over itself and the one before, under a key from the keyring, so an edit, an insertion, a deletion
or another installation's list is found; a cut tail is found by comparing with what the database has carried out.

An intent stands even if its transaction failed: an officer confirmed the erasure, so completing it is right.
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
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paktaleem.foundation.audit.canonical import canonical
from paktaleem.foundation.encryption.keyring import keyring

__all__ = ["ErasureList", "FileErasureList", "Intent", "ListDamaged", "erasure_list"]

_START = b"paktaleem erasure list 1"
_KEY_BINDING = b"erasure-list"
_UNCHAINED = "mac"


class ListDamaged(Exception):
    """The list was edited, cut, or belongs to another installation; the message says where."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One confirmed erasure: its number in the list, whose, when, and the MAC by which the line is known."""

    number: int
    client_id: UUID
    subject_id: UUID
    role: str
    tombstone: bytes
    at: datetime
    mark: bytes


class ErasureList(Protocol):
    """What a place for the list must offer; a file on the host does, and so may a service elsewhere."""

    def intend(self, *, client_id: UUID, subject_id: UUID, role: str, tombstone: bytes, at: datetime) -> Intent:
        """Add an erasure; it is durable when this returns."""

    def finish(self, number: int, *, at: datetime) -> None:
        """Add that an erasure was committed."""

    def intents(self) -> Mapping[int, Intent]:
        """Give every erasure by its number, in order. Raises ListDamaged."""

    def finished(self) -> frozenset[int]:
        """Give the numbers of those known to have been committed."""


class FileErasureList:
    """The list as an append-only file; what was read once is read no more, so looking often is cheap."""

    def __init__(self, path: Path) -> None:
        """Name the file; the first erasure makes it."""
        self._path, self._alone = path, Lock()
        self._forget()

    def intend(self, *, client_id: UUID, subject_id: UUID, role: str, tombstone: bytes, at: datetime) -> Intent:
        """Add an erasure and sync it to disk. Raises OSError, ListDamaged: then nothing may be erased."""
        facts = {"client": str(client_id), "subject": str(subject_id), "role": role, "tombstone": tombstone.hex()}
        number = self._append({"kind": "intent", "at": at.isoformat(), **facts})
        return self._intents[number]

    def finish(self, number: int, *, at: datetime) -> None:
        """Add that an erasure was committed."""
        self._append({"kind": "done", "at": at.isoformat(), "of": number})

    def intents(self) -> Mapping[int, Intent]:
        """Read what was added since the last time, and give every erasure by its number. Raises ListDamaged."""
        self._read_on()
        return dict(self._intents)

    def finished(self) -> frozenset[int]:
        """Give the numbers of those that were committed, as far as read."""
        return frozenset(self._finished)

    def _forget(self) -> None:
        self._inode, self._offset, self._number, self._mark = 0, 0, 0, _START
        self._intents: dict[int, Intent] = {}
        self._finished: set[int] = set()

    def _append(self, line: dict[str, Any]) -> int:
        """Add one line under the file's lock; the rest of a line that a crash cut short is taken away first."""
        with self._alone, self._opened() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._take_in(descriptor)
            os.ftruncate(descriptor, self._offset)
            line = {"number": self._number + 1, **line}
            os.lseek(descriptor, self._offset, os.SEEK_SET)
            _write_whole(descriptor, canonical({**line, _UNCHAINED: _mac(self._mark, line).hex()}) + b"\n")
            os.fsync(descriptor)
            self._take_in(descriptor)
            return self._number

    @contextmanager
    def _opened(self) -> Iterator[int]:
        is_new = not self._path.exists()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if is_new:
                _sync_folder(self._path.parent)
            yield descriptor
        finally:
            os.close(descriptor)

    def _read_on(self) -> None:
        with self._alone:
            try:
                descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                self._forget()
                return
            try:
                self._take_in(descriptor)
            finally:
                os.close(descriptor)

    def _take_in(self, descriptor: int) -> None:
        """Read the whole lines added since the last time; all anew if it is another file, or a shorter one."""
        status = os.fstat(descriptor)
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._forget()
            self._inode = status.st_ino
        added = os.pread(descriptor, status.st_size - self._offset, self._offset)
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._accept(line)
        self._offset += len(whole)

    def _accept(self, text: bytes) -> None:
        number = self._number + 1
        try:
            line = json.loads(text)
            mark = bytes.fromhex(line.pop(_UNCHAINED))
            is_ours = line["number"] == number and hmac.compare_digest(mark, _mac(self._mark, line))
            self._keep(line if is_ours else {}, mark)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._forget()
            raise ListDamaged(f"Line {number} of the erasure list is not the one that was written.") from error
        self._number, self._mark = number, mark

    def _keep(self, line: Mapping[str, Any], mark: bytes) -> None:
        if line["kind"] == "done":
            self._finished.add(line["of"])
            return
        self._intents[line["number"]] = Intent(
            number=line["number"],
            client_id=UUID(line["client"]),
            subject_id=UUID(line["subject"]),
            role=line["role"],
            tombstone=bytes.fromhex(line["tombstone"]),
            at=datetime.fromisoformat(line["at"]),
            mark=mark,
        )


def _mac(before: bytes, line: Mapping[str, Any]) -> bytes:
    return hmac.new(keyring().index_key(_KEY_BINDING), before + canonical(dict(line)), hashlib.sha256).digest()


def _write_whole(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def erasure_list() -> ErasureList:
    """Return the installation's erasure list. Raises ImproperlyConfigured without ERASURE_LIST_FILE."""
    if not settings.ERASURE_LIST_FILE:
        raise ImproperlyConfigured("No erasure list: set ERASURE_LIST_FILE to a path outside the database.")
    return _list_at(settings.ERASURE_LIST_FILE)


@lru_cache(maxsize=4)
def _list_at(path: str) -> FileErasureList:
    return FileErasureList(Path(path))
