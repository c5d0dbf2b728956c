"""Reading of the whole request body before anything acts on it, so that it is never cut short or treated as empty.

WSGI and Django read as many bytes as ``Content-Length`` says, so a body without that header (chunked, HTTP/2) is empty
to them; granian ends a body whose connection broke as if it were complete, and waits for a slow one without an end,
with the one thread that serves all requests. So bodies are read here, and refused here, in ``RefusedBodiesMiddleware``:

- JSON without a length is read and given one: JSON that was cut short cannot be parsed, so nothing acts on a part.
  Anything else without a length is refused (411), and so is an empty body of unknown length.
- A body that ends before its length is refused (400), one that stops arriving is given up (408).
- A body larger than anything here takes is refused unread (413).
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.api.problems import is_api, problem_response
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.public.pages import error_page

__all__ = ["REFUSED", "RefusedBodiesMiddleware", "WholeBodies"]

CHUNK_BYTES = 65_536
REFUSED = "paktaleem.body_refused"
"""The key of the WSGI environment under which the problem of a refused body is handed on."""
_JSON = "application/json"
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})

NO_LENGTH = Problem(
    "length-required",
    HTTPStatus.LENGTH_REQUIRED,
    "Send Content-Length",
    "Send Content-Length, also for an empty body; only application/json may be sent in chunks instead.",
)
CUT_SHORT = Problem(
    "body-incomplete", HTTPStatus.BAD_REQUEST, "The body is shorter than Content-Length says", "Send the request again."
)
TOO_SLOW = Problem(
    "body-too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    "The body did not arrive in time",
    f"Send each {CHUNK_BYTES // 1024} KiB within {settings.BODY_SECONDS:g} seconds.",
)

type Environ = dict[str, Any]
type Application = Callable[[Environ, Any], Iterable[bytes]]


class BodyRefused(Exception):
    """The body cannot be read whole."""

    def __init__(self, problem: Problem) -> None:
        """Hold what is wrong with it."""
        super().__init__()
        self.problem = problem


class WholeBodies:
    """A WSGI application that hands on every request with its whole body, or with the reason why it has none."""

    def __init__(self, application: Application) -> None:
        """Hold the application that answers."""
        self._application = application

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        try:
            body = _read_body(environ)
        except BodyRefused as refusal:
            environ[REFUSED] = refusal.problem
            body = b""
        if body is not None:
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self._application(environ, start_response)


class RefusedBodiesMiddleware:
    """Answers requests whose body was refused, before anything acts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        problem = request.META.get(REFUSED)
        if problem is None:
            return self.get_response(request)
        response = problem_response(problem, request) if is_api(request) else error_page(problem.status)
        response["Cache-Control"] = "no-store"
        return response


def _read_body(environ: Environ) -> bytes | None:
    """Return the body, or None where there is none. Raises BodyRefused."""
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or (not length and _may_hide_a_body(environ)):
        return _read_without_length(environ)
    if not length or length == "0":
        return None
    most = _most_bytes(environ)
    if not length.isdecimal() or int(length) > most:
        raise BodyRefused(_too_large(most))
    body = _read(environ["wsgi.input"], int(length))
    if len(body) < int(length):
        raise BodyRefused(CUT_SHORT)
    return body


def _may_hide_a_body(environ: Environ) -> bool:
    """Return True if a request without a length can have a body: in HTTP/2 it can (RFC 9113 §8.1.1)."""
    is_http1 = environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1")
    return not is_http1 and environ["REQUEST_METHOD"] not in _WITHOUT_BODY


def _read_without_length(environ: Environ) -> bytes:
    if _media_type(environ) != _JSON or environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
        raise BodyRefused(NO_LENGTH)
    most = _most_bytes(environ)
    body = _read(environ["wsgi.input"], most + 1)
    if len(body) > most:
        raise BodyRefused(_too_large(most))
    if not body:
        raise BodyRefused(NO_LENGTH)
    return body


def _media_type(environ: Environ) -> str:
    given: str = environ.get("CONTENT_TYPE", "")
    return given.partition(";")[0].strip().lower()


def _most_bytes(environ: Environ) -> int:
    """Return the most that anything here takes of this kind; views with a lower limit refuse by themselves."""
    json: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    files: int = max(settings.FILE_UPLOAD_MAX_MEMORY_SIZE, settings.FILE_MOST_BYTES + 1)
    return json if _media_type(environ) == _JSON else files


def _too_large(most: int) -> Problem:
    detail = f"A body has at most {most:,} bytes."
    return Problem("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _read(stream: IO[bytes], size: int) -> bytes:
    return b"".join(_chunks(stream, size))


def _chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Read up to a size, each chunk within its time. Raises BodyRefused."""
    while size > 0:
        chunk = _read_in_time(stream, min(size, CHUNK_BYTES))
        if not chunk:
            return
        yield chunk
        size -= len(chunk)


class _Reader:
    """A thread that reads for another one, which can give up waiting; granian's read itself cannot be given up.

    The thread holds the queues alone, so that it ends with the reader: when that one's thread ends, or gives up.
    """

    def __init__(self) -> None:
        self._wanted: SimpleQueue[tuple[IO[bytes], int] | None] = SimpleQueue()
        self._read: SimpleQueue[bytes] = SimpleQueue()
        threading.Thread(target=_read_wanted, args=(self._wanted, self._read), name="bodies", daemon=True).start()

    def __del__(self) -> None:
        self._wanted.put(None)

    def read(self, stream: IO[bytes], size: int) -> bytes:
        """Read. Raises queue.Empty if it takes too long; then this reader is not to be used again."""
        self._wanted.put((stream, size))
        return self._read.get(timeout=settings.BODY_SECONDS)


def _read_wanted(wanted: SimpleQueue[tuple[IO[bytes], int] | None], read: SimpleQueue[bytes]) -> None:
    while (asked := wanted.get()) is not None:
        stream, size = asked
        chunk = b""
        with suppress(OSError):
            chunk = stream.read(size)
        read.put(chunk)
        del stream, asked


_readers = threading.local()
"""The reader of each thread that answers requests."""


def _read_in_time(stream: IO[bytes], size: int) -> bytes:
    reader: _Reader = getattr(_readers, "reader", None) or _Reader()
    _readers.reader = reader
    try:
        return reader.read(stream, size)
    except Empty:
        _readers.reader = None
        raise BodyRefused(TOO_SLOW) from None
