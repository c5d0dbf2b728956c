"""A package as a download: streamed, never displayed in a page."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse

from paktaleem.directory.files.kinds import CONTENT_TYPES, FileKind
from rights.packages.models import Package

__all__ = ["stream_package"]


def stream_package(package: Package, content: Iterator[bytes]) -> StreamingHttpResponse:
    """Return a response that sends a package as a file named by the request's number."""
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[FileKind.ZIP])
    response.headers["Content-Disposition"] = f'attachment; filename="copy-{package.request.number}.zip"'
    if package.file is not None:
        response.headers["Content-Length"] = str(package.file.size)
    response.headers["Cache-Control"] = "no-store"
    return response
