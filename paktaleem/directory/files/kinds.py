"""Which files are taken: known by their first bytes, whatever their name or sender says."""

from django.db import models

__all__ = ["CONTENT_TYPES", "TAKEN", "FileKind", "kind_of"]


class FileKind(models.TextChoices):
    """The kinds that are taken. None of them is shown in a page: they are downloaded."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "JPEG image"
    PNG = "png", "PNG image"
    JSON = "json", "JSON"
    """written by the portal itself out of what a system answered; never taken as a file"""


CONTENT_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.JSON: "application/json",
}

_STARTS = {b"%PDF-": FileKind.PDF, b"\xff\xd8\xff": FileKind.JPEG, b"\x89PNG\r\n\x1a\n": FileKind.PNG}
TAKEN = tuple(_STARTS.values())
"""Those that are taken from outside."""


def kind_of(start: bytes) -> FileKind | None:
    """Tell the kind by the first bytes; None for whatever is not taken."""
    return next((kind for mark, kind in _STARTS.items() if start.startswith(mark)), None)
