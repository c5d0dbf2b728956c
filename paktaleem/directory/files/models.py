"""Files as encrypted chunks, never deleted; file names are not stored, as they often contain names of people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import SealedField
from paktaleem.foundation.tenancy.models import RowKey, TenantRow, unique_in_client
from paktaleem.foundation.tenancy.tables import APPEND, TablePolicy, classify


class FileKind(models.TextChoices):
    """File types. Files are downloaded, never displayed in a page."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "JPEG image"
    PNG = "png", "PNG image"
    JSON = "json", "JSON"
    """data of a system, in its answer to an order; not accepted as other uploads"""
    ZIP = "zip", "ZIP"
    """written by the portal: the copy of a person's data; not accepted as an upload"""
    OTHER = "other", _("File of any type")
    """an attachment of an email; stored as it came, never opened, not accepted as an upload"""


CONTENT_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.JSON: "application/json",
    FileKind.ZIP: "application/zip",
    FileKind.OTHER: "application/octet-stream",
}

_SIGNATURES = {b"%PDF-": FileKind.PDF, b"\xff\xd8\xff": FileKind.JPEG, b"\x89PNG\r\n\x1a\n": FileKind.PNG}
ACCEPTED_KINDS = tuple(_SIGNATURES.values())
"""File types accepted as uploads."""


def detect_file_kind(start: bytes) -> FileKind | None:
    """Return the file type by its first bytes, or None if it is not accepted."""
    return next((kind for mark, kind in _SIGNATURES.items() if start.startswith(mark)), None)


class SealedFile(TenantRow):
    """A file about a person, encrypted under their key, or that of its ``package``, which is sealed under theirs.

    A file without a person belongs to a case (``package`` is the case's id) and is encrypted under a key of that case.
    """

    wall = TablePolicy(APPEND, disposed_as="person", personal=classify(pseudonym="sealed_hash"))
    copied = Copied("files", _("Files about you"), "kind size added_at", titles={"size": _("Size in bytes")})

    subject = RowKey(Subject, null=True)
    kind = models.CharField(max_length=16, choices=FileKind)
    size = models.PositiveIntegerField(help_text="In bytes, before encryption.")
    chunks = models.PositiveSmallIntegerField()
    sealed_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the ciphertext, which reveals nothing about the content."
    )
    package = models.UUIDField(null=True, help_text="The package or case that it belongs to, such as an order.")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["-added_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subject__isnull=False) | models.Q(package__isnull=False),
                name="sealedfile_of_person_or_case",
            )
        ]
        indexes = [
            models.Index(fields=["client", "package"], condition=models.Q(subject=None), name="sealedfile_of_case")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.size:,} bytes"


class PackageKey(models.Model):
    """The key of one package of files of one person, sealed under the person's key. Deleting it purges the files."""

    wall = TablePolicy(
        APPEND | {"DELETE"},
        officer=False,
        disposed_as="packages",
        personal=classify(sealed="key"),
        left_out_of_copies="an encryption key, without data",
    )

    id = models.UUIDField(primary_key=True, editable=False)
    client = RowKey(Client)
    subject = RowKey(Subject)
    key = SealedField()

    def __str__(self) -> str:
        return str(self.pk)


class FileChunk(TenantRow):
    """An encrypted chunk of a file, bound to its position."""

    wall = TablePolicy(
        APPEND,
        officer=False,
        disposed_as="person",
        personal=classify(sealed="data"),
        left_out_of_copies="the content of files, which are listed, and in the copy unless they show another person",
    )

    file = RowKey(SealedFile)
    number = models.PositiveSmallIntegerField()
    data = models.BinaryField(help_text="Ciphertext under the person's or the case's key.")

    class Meta:
        ordering = ["number"]
        constraints = [unique_in_client("filechunk_number_unique", "file", "number")]
