"""A ZIP archive, such as a package, as a download: streamed, never displayed in a page."""

from collections.abc import Iterator
from typing import cast

from django.http import HttpResponse, StreamingHttpResponse

from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from rights.packages.models import Package


def stream_package(package: Package, content: Iterator[bytes]) -> HttpResponse:
    """Return a response that sends a package as a file named by the request's number."""
    name = f"copy-{package.request.number}.zip"
    return stream_archive(content, name=name, size=package.file.size if package.file else None)


def stream_archive(content: Iterator[bytes], *, name: str, size: int | None) -> HttpResponse:
    """Return a response that sends a ZIP archive as the file ``name``; ``size`` in bytes, if known.

    It is typed as the pages around it expect, which read its status, headers and cookies only.
    """
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[FileKind.ZIP])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if size is not None:
        response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)
