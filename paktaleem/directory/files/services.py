"""Store and read encrypted files in chunks; callers check permissions (decision 0013)."""

import hashlib
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from http import HTTPStatus
from itertools import batched
from tempfile import SpooledTemporaryFile
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db import models, transaction

from paktaleem.directory.files.models import FileChunk, FileKind, PackageKey, SealedFile, detect_file_kind
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed, Sealer, wrap_new_key
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.models import RowKey, TenantRow
from paktaleem.foundation.tenancy.rows import new_id

CHUNK_BYTES = 256 * 1024
_CHUNKS_AT_ONCE = 16
_SPOOL_BYTES = 4 * 1024 * 1024
"""Ciphertext of a file that waits in memory; more waits in a temporary file."""
_KEY_BYTES = 32
_KEY_COLUMN = "files_packagekey.key"


class FileTooLarge(PortalError):
    """The file exceeds the size limit."""

    problem = Problem("file-too-large", "The file is too large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    console_message = f"{problem.title}."


class FileKindNotAccepted(PortalError):
    """The file is empty or is not PDF, JPEG or PNG."""

    problem = Problem(
        "file-kind-refused", "The file is empty or is not PDF, JPEG or PNG", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    )
    console_message = "Choose a PDF, JPEG or PNG."


class FilePurged(Exception):
    """The key of the file's package is destroyed; the file's size and hash are kept."""


@transaction.atomic
def store_file(
    subject: Subject, content: IO[bytes], *, kind: FileKind | None = None, package: UUID | None = None, at: datetime
) -> SealedFile:
    """Encrypt a file under the person's key while reading it (policy §5, decision 0013).

    Pass ``kind`` only for content written by the portal. Files of a ``package`` (the id of what they belong to, locked
    by the caller) can be purged with it. Raises FileKindNotAccepted, FileTooLarge, KeyDestroyed.
    """
    chunk = content.read(CHUNK_BYTES)
    kind = kind or detect_file_kind(chunk)
    if kind is None:
        raise FileKindNotAccepted
    with write_file(subject, kind=kind, package=package) as writer:
        return _copy(chunk, content, writer, at)


@transaction.atomic
def store_case_file(
    content: IO[bytes], *, client_id: UUID, case: UUID, sealer: Sealer, most_bytes: int | None = None, at: datetime
) -> SealedFile:
    """Encrypt a file of a case without a known person, of any type, under the case's key (policy §5, decision 0013).

    ``most_bytes`` is FILE_MOST_BYTES by default. Raises FileTooLarge.
    """
    with write_case_file(client_id=client_id, case=case, sealer=sealer, most_bytes=most_bytes) as writer:
        return _copy(content.read(CHUNK_BYTES), content, writer, at)


def _copy(chunk: bytes, rest: IO[bytes], writer: "FileWriter", at: datetime) -> SealedFile:
    while chunk:
        writer.write(chunk)
        chunk = rest.read(CHUNK_BYTES)
    return writer.finish(at=at)


class FileWriter:
    """Encrypts a file while it is written, chunk by chunk; its ciphertext waits in a temporary file until the end."""

    def __init__(self, file: SealedFile, sealer: Sealer, spool: IO[bytes], *, most_bytes: int) -> None:
        self._file, self._sealer, self._spool, self._most_bytes = file, sealer, spool, most_bytes
        self._digest, self._size = hashlib.sha256(), 0
        self._rest, self._lengths = bytearray(), list[int]()

    def write(self, data: bytes) -> int:
        """Encrypt some bytes of the file; return how many. Raises FileTooLarge."""
        self._size += len(data)
        if self._size > self._most_bytes:
            raise FileTooLarge
        self._rest += data
        while len(self._rest) > CHUNK_BYTES:  # the rest waits for finish(), which marks the last chunk as the last
            self._seal(bytes(self._rest[:CHUNK_BYTES]), is_last=False)
            del self._rest[:CHUNK_BYTES]
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was written is encrypted in chunks."""

    def finish(self, *, at: datetime) -> SealedFile:
        """Store the file and its chunks; return the file."""
        if self._rest:
            self._seal(bytes(self._rest), is_last=True)
        file = self._file
        file.size, file.chunks, file.sealed_hash = self._size, len(self._lengths), self._digest.hexdigest()
        file.added_at = at
        file.save(force_insert=True)
        self._spool.seek(0)
        chunks = (
            FileChunk(client_id=file.client_id, file=file, number=number, data=self._spool.read(length))
            for number, length in enumerate(self._lengths)
        )
        for rows in batched(chunks, _CHUNKS_AT_ONCE):
            FileChunk.objects.bulk_create(rows)
        return file

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        column = _chunk_context(self._file.id.hex, len(self._lengths), is_last=is_last)
        data = self._sealer.seal_bytes(chunk, column=column).ciphertext
        self._digest.update(data)
        self._spool.write(data)
        self._lengths.append(len(data))


def write_file(
    subject: Subject, *, kind: FileKind, package: UUID | None = None, most_bytes: int | None = None
) -> AbstractContextManager[FileWriter]:
    """Open a writer of a new file in the caller's transaction; call its ``finish`` once. Raises KeyDestroyed."""
    file = SealedFile(id=new_id(), client_id=subject.client_id, subject=subject, kind=kind, package=package)
    return _open_writer(file, _sealer_for(subject, package), most_bytes)


def write_case_file(
    *, client_id: UUID, case: UUID, sealer: Sealer, most_bytes: int | None
) -> AbstractContextManager[FileWriter]:
    """Open a writer of a new file of a case without a known person, as ``write_file`` of a person."""
    return _open_writer(
        SealedFile(id=new_id(), client_id=client_id, kind=FileKind.OTHER, package=case), sealer, most_bytes
    )


@contextmanager
def _open_writer(file: SealedFile, sealer: Sealer, most_bytes: int | None) -> Iterator[FileWriter]:
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        limit = settings.FILE_MOST_BYTES if most_bytes is None else most_bytes
        yield FileWriter(file, sealer, spool, most_bytes=limit)


def iterate_file(file: SealedFile, *, sealer: Sealer | None = None) -> Iterator[bytes]:
    """Yield the decrypted chunks of a file; a file of a case needs the case's ``sealer``.

    Raises KeyDestroyed, FilePurged, CannotOpen if a chunk was moved or changed, FileChunk.DoesNotExist.
    """
    sealer = sealer or _sealer_of_file(file)
    for number in range(file.chunks):
        yield _open_chunk(file, number, sealer)


def stream_file(
    file: SealedFile, *, sealer: Sealer | None = None, on_sent: Callable[[], object] | None = None
) -> Generator[bytes]:
    """Return the chunks of a file for a response that is sent after its transaction; each is read in one of its own.

    ``on_sent`` is called in the client's context once the last chunk was sent. Raises KeyDestroyed, FilePurged at once.
    """
    return _stream_chunks(file, sealer or _sealer_of_file(file), on_sent)


def _stream_chunks(file: SealedFile, sealer: Sealer, on_sent: Callable[[], object] | None) -> Generator[bytes]:
    for number in range(file.chunks):
        with in_client(file.client_id):
            chunk = _open_chunk(file, number, sealer)
        yield chunk
    if on_sent is not None:  # the server has sent a chunk before it takes the next one
        with in_client(file.client_id):
            on_sent()


def _open_chunk(file: SealedFile, number: int, sealer: Sealer) -> bytes:
    chunk = FileChunk.objects.get(client_id=file.client_id, file=file, number=number)
    column = _chunk_context(file.id.hex, number, is_last=number == file.chunks - 1)
    return sealer.open_bytes(Sealed(bytes(chunk.data)), column=column)


def purge_package(package: UUID, *, client_id: UUID) -> None:
    """Destroy the key of a package, so that its files can no longer be read; their rows stay as evidence."""
    PackageKey.objects.filter(client_id=client_id, pk=package).delete()


def _sealer_for(subject: Subject, package: UUID | None) -> Sealer:
    """Return the sealer for a new file; the first file of a package creates its key."""
    own = sealer_of(subject)
    if package is None:
        return own
    found = PackageKey.objects.filter(client_id=subject.client_id, pk=package).first()
    if found is not None:
        return _package_sealer(found, own)
    key = secrets.token_bytes(_KEY_BYTES)
    sealed = own.seal_bytes(key, column=_KEY_COLUMN)
    PackageKey(id=package, client_id=subject.client_id, subject=subject, key=sealed).save(force_insert=True)
    return Sealer(subject.client_id, subject.pk, key)


def _sealer_of_file(file: SealedFile) -> Sealer:
    if file.subject is None:
        raise ValueError("A file of a case needs the sealer of the case.")
    own = sealer_of(file.subject)
    if file.package is None:
        return own
    found = PackageKey.objects.filter(client_id=file.client_id, pk=file.package).first()
    if found is None:
        raise FilePurged
    return _package_sealer(found, own)


def _package_sealer(package: PackageKey, own: Sealer) -> Sealer:
    key = own.open_bytes(package.key, column=_KEY_COLUMN)
    return Sealer(package.client_id, package.subject_id, key)


def _chunk_context(file: str, number: int, *, is_last: bool) -> str:
    """Return the encryption context of a chunk, so that it cannot be moved, left out or cut off."""
    return f"files_filechunk.data/{file}/{number}{'/last' if is_last else ''}"


_FIRST_BYTES = 16


class SealedDocument(TenantRow):
    """Abstract base of a document's row. The name of the file is not stored."""

    file = RowKey(SealedFile)
    file_kind = models.CharField(max_length=16)
    epoch = models.PositiveIntegerField(null=True)
    wrapped = models.BinaryField(null=True)
    added_by = models.UUIDField()
    added_at = models.DateTimeField()

    class Meta:
        abstract = True


def seal_document(row: SealedDocument, content: IO[bytes], *, added_by: UUID, at: datetime) -> None:
    """Seal a PDF, JPEG or PNG, by its first bytes, and save its new row. Raises FileKindNotAccepted, FileTooLarge."""
    start = content.read(_FIRST_BYTES)
    content.seek(0)
    kind = detect_file_kind(start)
    if kind is None:
        raise FileKindNotAccepted
    sealer, row.epoch, row.wrapped = wrap_new_key(row.client_id, row.pk)
    row.file = store_case_file(content, client_id=row.client_id, case=row.pk, sealer=sealer, at=at)
    row.file_kind, row.added_by, row.added_at = kind.value, added_by, at
    row.save(force_insert=True)


def read_document(row: SealedDocument) -> Iterator[bytes]:
    """Return the decrypted chunks of a document. Raises CannotOpen if its key was destroyed."""
    sealer = Sealer.of_row(row)
    return iterate_file(row.file, sealer=sealer)
