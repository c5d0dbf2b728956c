"""Accepted file types, detected by their first bytes, regardless of name or declared type."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
