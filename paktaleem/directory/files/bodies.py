"""Parser for a file sent as the whole request body, without a file name."""

import hashlib
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from paktaleem.directory.files.models import ACCEPTED_KINDS, CONTENT_TYPES
from paktaleem.directory.files.services import FileTooLarge

FILE_BODY = {CONTENT_TYPES[kind]: bytes for kind in ACCEPTED_KINDS}
"""Request body for the OpenAPI schema."""


class FileBody:
    """A file sent as the request body; its string form is its hash, used for idempotency."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __str__(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class FileParser(BaseParser):
    """Parser that accepts any body up to the file size limit; the type follows from the first bytes."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], *_: object, **__: object) -> Any:
        content = stream.read(settings.FILE_MOST_BYTES + 1)
        if len(content) > settings.FILE_MOST_BYTES:
            raise FileTooLarge
        return FileBody(content)
