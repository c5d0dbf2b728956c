"""Documents that are about no person: each is a file sealed under a key of its own, which is wrapped in its row."""

from collections.abc import Iterator
from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import models

from paktaleem.directory.files.kinds import detect_file_kind
from paktaleem.directory.files.models import SealedFile
from paktaleem.directory.files.services import FileKindNotAccepted, iterate_file, store_case_file
from paktaleem.foundation.encryption.sealing import CannotOpen, Sealer, wrap_new_key
from paktaleem.foundation.tenancy.models import TenantRow

_FIRST_BYTES = 16


class SealedDocument(TenantRow):
    """Abstract base of a document's row. The name of the file is not stored."""

    file = models.ForeignKey(SealedFile, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
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
    if row.wrapped is None or row.epoch is None:
        raise CannotOpen("The document's key has been destroyed.")
    sealer = Sealer.unwrapped(row.client_id, row.pk, wrapped=bytes(row.wrapped), epoch=row.epoch)
    return iterate_file(row.file, sealer=sealer)
