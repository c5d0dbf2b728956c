"""Reading of the whole request body before anything acts on it, so that it is never cut short or treated as empty.

WSGI and Django read as many bytes as ``Content-Length`` says, so a body without that header (chunked, HTTP/2) is empty
to them, and one whose connection broke looks complete. So bodies are read here (``read_body``, by
``whole_requests``), and refused here, in ``RefusedBodiesMiddleware``:

- JSON without a length is read and given one: JSON that was cut short cannot be parsed, so nothing acts on a part.
  Anything else without a length is refused (411), and so is an empty body of unknown length.
- A body that ends before its length is refused (400), one that stops arriving is given up (408).
- A body larger than anything here takes is refused unread (413), and so is one for which there is no memory (503).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.api.problems import is_api, problem_response
from paktaleem.foundation.errors import Problem
from paktaleem.foundation.public.pages import error_page

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

NO_MEMORY = Problem(
    "too-many-large-bodies",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Too many large requests at once",
    f"Send the request again. A body of at most {CHUNK_BYTES // 1024} KiB is always read.",
)
_MEMORY_BYTES = 134_217_728
_RETRY_SECONDS = 5

type Environ = dict[str, Any]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Count = Callable[[int], None]


class BodyRefused(Exception):
    """The body cannot be read whole."""

    def __init__(self, problem: Problem) -> None:
        """Hold what is wrong with it."""
        super().__init__()
        self.problem = problem


class LargeBodies:
    """Limits the memory of one process: counts the bytes of each body that it holds beyond the first CHUNK_BYTES."""

    def __init__(self) -> None:
        """Start with all of the memory free."""
        self._free = _MEMORY_BYTES

    @contextmanager
    def counted(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts more bytes of one body, or raises BodyRefused; forget them at the end."""
        held = 0

        def count(size: int) -> None:
            nonlocal held
            if size > self._free:
                raise BodyRefused(NO_MEMORY)
            self._free -= size
            held += size

        try:
            yield count
        finally:
            self._free += held


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
        if problem is NO_MEMORY:
            response["Retry-After"] = str(_RETRY_SECONDS)
        return response


async def read_body(environ: Environ, receive: Receive, count: Count) -> bytes | None:
    """Return the body, or None where there is none; ``count`` gets its bytes beyond CHUNK_BYTES. Raises BodyRefused."""
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or (not length and _may_hide_a_body(environ)):
        return await _read_without_length(environ, receive, count)
    if not length or length == "0":
        return None
    most = _most_bytes(environ)
    if not length.isdecimal() or int(length) > most:
        raise BodyRefused(_too_large(most))
    body = await _read(receive, int(length), count)
    if len(body) < int(length):
        raise BodyRefused(CUT_SHORT)
    return body


def _may_hide_a_body(environ: Environ) -> bool:
    """Return True if a request without a length can have a body: in HTTP/2 it can (RFC 9113 §8.1.1)."""
    is_http1 = environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1")
    return not is_http1 and environ["REQUEST_METHOD"] not in _WITHOUT_BODY


async def _read_without_length(environ: Environ, receive: Receive, count: Count) -> bytes:
    if _media_type(environ) != _JSON or environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower() != "chunked":
        raise BodyRefused(NO_LENGTH)
    most = _most_bytes(environ)
    body = await _read(receive, most + 1, count)
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


async def _read(receive: Receive, size: int, count: Count) -> bytes:
    """Read up to a size, each chunk within its time. Raises BodyRefused."""
    parts: list[bytes] = []
    read, is_over = 0, False
    while read < size and not is_over:
        if read:
            count(min(size - read, CHUNK_BYTES))
        try:
            async with asyncio.timeout(settings.BODY_SECONDS):
                is_over = await _read_chunk(receive, min(size - read, CHUNK_BYTES), parts)
        except TimeoutError:
            raise BodyRefused(TOO_SLOW) from None
        read = sum(map(len, parts))
    return b"".join(parts)


async def _read_chunk(receive: Receive, size: int, parts: list[bytes]) -> bool:
    """Read until there are ``size`` bytes more; return True if the body is over, or its connection broken."""
    while size > 0:
        message = await receive()
        parts.append(message.get("body", b""))
        size -= len(parts[-1])
        if not message.get("more_body", False):
            return True
    return False
