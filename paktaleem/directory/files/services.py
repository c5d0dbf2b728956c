"""Keeping a file and opening it, chunk by chunk; who may do either is the business of whoever calls."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from django.conf import settings
from django.db import transaction

from paktaleem.directory.files.kinds import FileKind, kind_of
from paktaleem.directory.files.models import FileChunk, SealedFile
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.tenancy.ids import new_id

__all__ = ["CHUNK_BYTES", "FileKindRefused", "FileTooLarge", "open_file", "store_file"]

CHUNK_BYTES = 256 * 1024


class FileTooLarge(Exception):
    """The file is larger than files may be."""


class FileKindRefused(Exception):
    """The file is empty, or not of a kind that is taken: PDF, JPEG, PNG."""


@transaction.atomic
def store_file(subject: Subject, content: IO[bytes], *, kind: FileKind | None = None, at: datetime) -> SealedFile:
    """Seal a file under the person's key as it is read: never as a whole in memory, never in clear on a disk.

    ``kind`` is given for what the portal wrote itself; what comes from outside is known by its first bytes.
    Raises FileKindRefused, FileTooLarge, KeyDestroyed.
    """
    sealer, file_id = sealer_of(subject), new_id()
    digest, size, number = hashlib.sha256(), 0, 0
    chunk = content.read(CHUNK_BYTES)
    kind = kind or kind_of(chunk)
    if kind is None:
        raise FileKindRefused
    parts = []
    while chunk:
        following = content.read(CHUNK_BYTES)
        size += len(chunk)
        if size > settings.FILE_MOST_BYTES:
            raise FileTooLarge
        place = _place(file_id.hex, number, is_last=not following)
        data = sealer.seal_bytes(chunk, column=place).ciphertext
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


def open_file(file: SealedFile) -> Iterator[bytes]:
    """Open a file chunk by chunk. Raises KeyDestroyed, CannotOpen if a part is missing, moved or changed."""
    sealer = sealer_of(file.subject)
    for number in range(file.chunks):
        chunk = FileChunk.objects.get(client_id=file.client_id, file=file, number=number)
        column = _place(file.id.hex, number, is_last=number == file.chunks - 1)
        yield sealer.open_bytes(Sealed(bytes(chunk.data)), column=column)


def _place(file: str, number: int, *, is_last: bool) -> str:
    """Bind a chunk to its file, its place and whether it ends it, so that none can be moved, left out or cut off."""
    return f"files_filechunk.data/{file}/{number}{'/last' if is_last else ''}"
