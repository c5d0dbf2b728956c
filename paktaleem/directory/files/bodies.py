"""A file sent as the whole body of a request: no name comes with it."""

import hashlib
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from paktaleem.directory.files.kinds import CONTENT_TYPES, TAKEN
from paktaleem.directory.files.services import FileKindRefused, FileTooLarge
from paktaleem.foundation.api.problems import Problem, declare_problems

__all__ = ["FILE_BODY", "FileBody", "FileParser"]

FILE_BODY = {CONTENT_TYPES[kind]: bytes for kind in TAKEN}
"""The body as the schema describes it."""

declare_problems(
    {
        FileTooLarge: Problem("file-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is too large"),
        FileKindRefused: Problem(
            "file-kind-refused", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Files are PDF, JPEG or PNG, and not empty"
        ),
    }
)


class FileBody:
    """A file sent as the whole body; its text is its hash, by which a repeated request is known."""

    def __init__(self, content: bytes) -> None:
        """Hold it."""
        self.content = content

    def __str__(self) -> str:
        """Give the hash."""
        return hashlib.sha256(self.content).hexdigest()


class FileParser(BaseParser):
    """Takes the body as it is, up to the size of files; what it is its first bytes say."""

    media_type = "*/*"

    def parse(self, stream: IO[bytes], *_: Any, **__: Any) -> Any:
        """Read the body. Raises FileTooLarge."""
        content = stream.read(settings.FILE_MOST_BYTES + 1)
        if len(content) > settings.FILE_MOST_BYTES:
            raise FileTooLarge
        return FileBody(content)
