"""Store and read encrypted files in chunks; callers check permissions."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import IO

from django.conf import settings
from django.db import transaction

from paktaleem.directory.files.kinds import FileKind, detect_file_kind
from paktaleem.directory.files.models import FileChunk, SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.ids import new_id

__all__ = ["CHUNK_BYTES", "FileKindNotAccepted", "FileTooLarge", "iterate_file", "store_file"]

CHUNK_BYTES = 256 * 1024


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


@transaction.atomic
def store_file(subject: Subject, content: IO[bytes], *, kind: FileKind | None = None, at: datetime) -> SealedFile:
    """Encrypt a file under the person's key while reading it, never whole in memory or in clear on disk.

    Pass ``kind`` only for content written by the portal; otherwise it is detected from the first bytes. Raises
    FileKindRefused, FileTooLarge, KeyDestroyed.
    """
    sealer, file_id = sealer_of(subject), new_id()
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
        parts.append(FileChunk(client_id=subject.client_id, file_id=file_id, number=number, data=data))
        chunk, number = following, number + 1
    file = SealedFile(
        id=file_id,
        client_id=subject.client_id,
        subject=subject,
        kind=kind,
        size=size,
        chunks=number,
        sealed_hash=digest.hexdigest(),
        added_at=at,
    )
    file.save(force_insert=True)
    FileChunk.objects.bulk_create(parts)
    return file


def iterate_file(file: SealedFile) -> Iterator[bytes]:
    """Yield the decrypted chunks of a file.

    Raises KeyDestroyed; CannotOpen if a chunk was moved or changed; FileChunk.DoesNotExist if one is missing.
    """
    sealer = sealer_of(file.subject)
    for number in range(file.chunks):
        chunk = FileChunk.objects.get(client_id=file.client_id, file=file, number=number)
        column = _chunk_context(file.id.hex, number, is_last=number == file.chunks - 1)
        yield sealer.open_bytes(Sealed(bytes(chunk.data)), column=column)


def _chunk_context(file: str, number: int, *, is_last: bool) -> str:
    """Return the encryption context of a chunk, so that it cannot be moved, left out or cut off."""
    return f"files_filechunk.data/{file}/{number}{'/last' if is_last else ''}"
