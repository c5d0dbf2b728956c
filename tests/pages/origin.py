"""The origin of the opened pages: made pages and the files beside them, from memory, on a port of this machine.

It is no server of the portal: the test's thread makes each page, in the transaction of the test. A route of Playwright
would answer as well, but it switches off Chromium's cache, so that each page would load some twenty files again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from tests.waiting import in_thread

FILES = "/static/"
KEPT = {"Cache-Control": "public, max-age=86400, immutable"}
MADE_HERE = {"content-length", "connection", "date", "server"}


class Origin(ThreadingHTTPServer):
    """A server that answers from ``made`` and the static files; ``missed`` has the other addresses."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.made: dict[str, Any] = {}
        self.missed: list[str] = []

    @property
    def url(self) -> str:
        """The origin; a secure context, as every origin on this machine."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def find(self, address: str) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of a page that was made, or of a static file."""
        if (page := self.made.get(address)) is not None:
            return page.status_code, dict(page.items()), page.content
        if (file := read_file(address)) is not None:
            return 200, {"Content-Type": guess_type(address)[0] or "application/octet-stream", **KEPT}, file
        self.missed.append(address)
        return 404, {}, b""


class _Handler(BaseHTTPRequestHandler):
    server: Origin
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, headers, body = self.server.find(self.path)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in MADE_HERE:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name in http.server
        """Write no log."""


@cache
def read_file(address: str) -> bytes | None:
    """Return a static file, or None."""
    path = finders.find(address.removeprefix(FILES)) if address.startswith(FILES) else None
    return Path(str(path)).read_bytes() if path else None


@contextmanager
def open_origin() -> Iterator[Origin]:
    """Answer in threads of their own until the context ends."""
    origin = Origin()
    with in_thread(origin):
        yield origin
