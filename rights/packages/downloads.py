"""A package as a download: streamed, never displayed in a page."""

from collections.abc import Iterator
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse

from paktaleem.directory.files.kinds import CONTENT_TYPES, FileKind
from rights.packages.models import Package

__all__ = ["stream_package"]


def stream_package(package: Package, content: Iterator[bytes]) -> HttpResponse:
    """Return a response that sends a package as a file named by the request's number.

    It is typed as the pages around it expect, which read its status, headers and cookies only.
    """
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[FileKind.ZIP])
    response.headers["Content-Disposition"] = f'attachment; filename="copy-{package.request.number}.zip"'
    if package.file is not None:
        response.headers["Content-Length"] = str(package.file.size)
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)
