"""Store and read encrypted files in chunks; callers check permissions."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import IO, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from paktaleem.directory.files.kinds import FileKind, detect_file_kind
from paktaleem.directory.files.models import FileChunk, PackageKey, SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed, Sealer
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.ids import new_id

__all__ = [
    "CHUNK_BYTES",
    "FileKindNotAccepted",
    "FilePurged",
    "FileTooLarge",
    "iterate_file",
    "purge_package",
    "store_case_file",
    "store_file",
]

CHUNK_BYTES = 256 * 1024
_KEY_BYTES = 32
_KEY_COLUMN = "files_packagekey.key"


class _Owner(NamedTuple):
    """Owner of a file: the client, the person or None, and the package or case."""

    client_id: UUID
    subject: Subject | None
    package: UUID | None


class FileTooLarge(PortalError):
    """The file exceeds the size limit."""

    problem = Problem("file-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is too large")
    console_message = f"{problem.title}."


class FileKindNotAccepted(PortalError):
    """The file is empty or is not PDF, JPEG or PNG."""

    problem = Problem(
        "file-kind-refused", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The file is empty or is not PDF, JPEG or PNG"
    )
    console_message = "Choose a PDF, JPEG or PNG."


class FilePurged(Exception):
    """The key of the file's package is destroyed; the file's size and hash are kept."""


@transaction.atomic
def store_file(
    subject: Subject,
    content: IO[bytes],
    *,
    kind: FileKind | None = None,
    package: UUID | None = None,
    at: datetime,
) -> SealedFile:
    """Encrypt a file under the person's key while reading it, never whole in memory or in clear on disk.

    Pass ``kind`` only for content written by the portal; otherwise it is detected from the first bytes. Files of a
    ``package`` (the id of what they belong to, locked by the caller) can be purged with it. Raises FileKindRefused,
    FileTooLarge, KeyDestroyed.
    """
    sealer = _sealer_for(subject, package)
    return _store(content, owner=_Owner(subject.client_id, subject, package), sealer=sealer, kind=kind, at=at)


@transaction.atomic
def store_case_file(content: IO[bytes], *, client_id: UUID, case: UUID, sealer: Sealer, at: datetime) -> SealedFile:
    """Encrypt a file of a case without a known person, of any type, under the case's key; it is never opened here.

    ``case`` is the id of what it belongs to, whose ``sealer`` is also needed to read it. Raises FileTooLarge.
    """
    return _store(content, owner=_Owner(client_id, None, case), sealer=sealer, kind=FileKind.OTHER, at=at)


def _store(content: IO[bytes], *, owner: _Owner, sealer: Sealer, kind: FileKind | None, at: datetime) -> SealedFile:
    file_id = new_id()
    digest, size, number = hashlib.sha256(), 0, 0
    chunk = content.read(CHUNK_BYTES)
    kind = kind or detect_file_kind(chunk)
    if kind is None:
        raise FileKindNotAccepted
    parts = []
    while chunk:
        following = content.read(CHUNK_BYTES)
        size += len(chunk)
        if size > settings.FILE_MOST_BYTES:
            raise FileTooLarge
        chunk_context = _chunk_context(file_id.hex, number, is_last=not following)
        data = sealer.seal_bytes(chunk, column=chunk_context).ciphertext
        digest.update(data)
        parts.append(FileChunk(client_id=owner.client_id, file_id=file_id, number=number, data=data))
        chunk, number = following, number + 1
    file = SealedFile(
        id=file_id,
        client_id=owner.client_id,
        subject=owner.subject,
        kind=kind,
        size=size,
        chunks=number,
        sealed_hash=digest.hexdigest(),
        package=owner.package,
        added_at=at,
    )
    file.save(force_insert=True)
    FileChunk.objects.bulk_create(parts)
    return file


def iterate_file(file: SealedFile, *, sealer: Sealer | None = None) -> Iterator[bytes]:
    """Yield the decrypted chunks of a file; a file of a case needs the case's ``sealer``.

    Raises KeyDestroyed; FilePurged if the file's package was purged; CannotOpen if a chunk was moved or changed;
    FileChunk.DoesNotExist if one is missing.
    """
    sealer = sealer or _sealer_of_file(file)
    for number in range(file.chunks):
        chunk = FileChunk.objects.get(client_id=file.client_id, file=file, number=number)
        column = _chunk_context(file.id.hex, number, is_last=number == file.chunks - 1)
        yield sealer.open_bytes(Sealed(bytes(chunk.data)), column=column)


def purge_package(package: UUID, *, client_id: UUID) -> None:
    """Destroy the key of a package, so that its files can no longer be read; idempotent.

    Their rows stay as evidence: kind, size and hash of the ciphertext.
    """
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
