"""Reading of the whole request body before anything acts on it, so that it is never cut short or treated as empty.

WSGI and Django read as many bytes as ``Content-Length`` says, so a body without that header (chunked, HTTP/2) is empty
to them, and one whose connection broke looks complete. So bodies are read here (``read_body``, by
``whole_requests``), and refused here, in ``RefusedBodiesMiddleware``:

- JSON without a length is read and given one: JSON that was cut short cannot be parsed, so nothing acts on a part.
  Anything else without a length is refused (411), and so is an empty body of unknown length.
- A body that ends before its length is refused (400), one that stops arriving is given up (408).
- A body larger than anything here takes is refused unread (413), and so is one for which there is no memory (503).

A request that is not complete costs its connection and nothing else: a caller who sends slowly, or stops, keeps no one
waiting. The portal itself is a WSGI application: one thread of a process answers one request after the other.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import psutil
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.errors import Problem
from paktaleem.foundation.web.api.problems import is_api, problem_response
from paktaleem.foundation.web.public.pages import error_page

CHUNK_BYTES = 65_536
REFUSED = "paktaleem.body_refused"
"""The key of the WSGI environment under which the problem of a refused body is handed on."""
_JSON = "application/json"
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})

NO_LENGTH = Problem(
    "length-required",
    "Send Content-Length",
    "Send Content-Length, also for an empty body; only application/json may be sent in chunks instead.",
    status=HTTPStatus.LENGTH_REQUIRED,
)
CUT_SHORT = Problem(
    "body-incomplete",
    "The body is shorter than Content-Length says",
    "Send the request again.",
    status=HTTPStatus.BAD_REQUEST,
)
TOO_SLOW = Problem(
    "body-too-slow",
    "The body did not arrive in time",
    f"Send each {CHUNK_BYTES // 1024} KiB within {settings.BODY_SECONDS:g} seconds.",
    status=HTTPStatus.REQUEST_TIMEOUT,
)

NO_MEMORY = Problem(
    "too-many-large-bodies",
    "Too many large requests at once",
    f"Send the request again. A body of at most {CHUNK_BYTES // 1024} KiB is always read.",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
)
_MEMORY_BYTES = 134_217_728
_RETRY_SECONDS = 5

type Environ = dict[str, Any]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Count = Callable[[int], None]


class BodyRefused(Exception):
    """The body cannot be read whole."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class LargeBodies:
    """Limits the memory of one process: counts the bytes of each body that it holds beyond the first CHUNK_BYTES."""

    def __init__(self) -> None:
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
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
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
    is_http1 = environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1")
    may_hide_a_body = not is_http1 and environ["REQUEST_METHOD"] not in _WITHOUT_BODY  # in HTTP/2 (RFC 9113 §8.1.1)
    if "HTTP_TRANSFER_ENCODING" in environ or (not length and may_hide_a_body):
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
    return Problem("body-too-large", f"A body has at most {most:,} bytes.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


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


SEND_SECONDS = 60.0
"""Longest time to send one part of a streamed answer."""
CUT_DELAY = 0.5
"""Seconds to send the refusal of a body that stopped arriving; then its connection is cut."""

type Scope = dict[str, Any]
type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Application = Callable[[Environ, Any], Iterable[bytes]]
type Client = tuple[str, int]


@dataclass(slots=True)
class _Answer:
    """The answer to one request; the parts of a streamed one follow ``content``."""

    status: int = 500
    headers: Iterable[tuple[str, str]] = ()
    content: bytes = b""
    stream: Any = None

    def start(self, status: str, headers: Iterable[tuple[str, str]], exc_info: object = None) -> None:
        """Take status and headers: WSGI's ``start_response``."""
        del exc_info
        self.status, self.headers = int(status.split(maxsplit=1)[0]), headers


class WholeRequests:
    """An ASGI application that answers by a WSGI application; paths of ``aside`` are answered in another thread."""

    def __init__(self, application: Application, *, aside: Collection[str] = ()) -> None:
        self._application, self._aside = application, aside
        self._thread = ThreadPoolExecutor(1, "portal")
        self._aside_thread = ThreadPoolExecutor(1, "aside")
        self._bodies = LargeBodies()
        self._stalled: dict[Client, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = build_environ(scope)
        thread = self._aside_thread if environ["PATH_INFO"] in self._aside else self._thread
        try:
            with self._bodies.counted() as count:
                try:
                    body = await read_body(environ, receive, count)
                except BodyRefused as refusal:
                    environ[REFUSED], body = refusal.problem, b""
                if body is not None:
                    environ["CONTENT_LENGTH"] = str(len(body))
                environ["wsgi.input"] = BytesIO(body or b"")
                answer = await asyncio.get_running_loop().run_in_executor(thread, self._answer, environ)
            await _send(answer, send, thread)
        finally:
            if environ.get(REFUSED) is TOO_SLOW:
                loop = asyncio.get_running_loop()
                if not self._stalled:
                    loop.call_later(CUT_DELAY, self._cut)
                self._stalled[scope["client"][0], int(scope["client"][1])] = loop.time() + CUT_DELAY

    def _answer(self, environ: Environ) -> _Answer:
        answer = _Answer()
        content: Any = self._application(environ, answer.start)
        if getattr(content, "streaming", False):
            answer.stream = content
            return answer
        try:
            answer.content = b"".join(content)
        finally:
            _close(content)
        return answer

    def _cut(self) -> None:
        """Cut the connections whose refusal was sent long enough ago, in one go: each search reads every socket."""
        loop = asyncio.get_running_loop()
        due = {client for client, at in self._stalled.items() if at <= loop.time()}
        self._stalled = {client: at for client, at in self._stalled.items() if client not in due}
        if self._stalled:
            loop.call_later(CUT_DELAY, self._cut)
        if due:
            self._aside_thread.submit(cut_connections, due)


async def _send(answer: _Answer, send: Send, thread: ThreadPoolExecutor) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.stream is not None:
        await _send_stream(answer.stream, send, thread)
    await send({"type": "http.response.body", "body": answer.content})


async def _send_stream(stream: Any, send: Send, thread: ThreadPoolExecutor) -> None:
    """Send part after part as the client takes them; the thread is free between them."""
    loop = asyncio.get_running_loop()
    parts = iter(stream)
    try:
        while part := await loop.run_in_executor(thread, _take_part, parts):
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        await loop.run_in_executor(thread, _close, stream)


def _take_part(parts: Iterator[bytes]) -> bytes:
    taken = bytearray()
    while len(taken) < CHUNK_BYTES and (part := next(parts, None)) is not None:
        taken += part
    return bytes(taken)


def _close(content: object) -> None:
    if hasattr(content, "close"):
        content.close()


def build_environ(scope: Scope) -> Environ:
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:  # it would pass for the one with a hyphen
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}" if key in environ else text
    return environ


def cut_connections(clients: Collection[Client]) -> None:
    """Shut down the connections of these clients, each an address and a port: the server has no call for it."""
    for connection in psutil.Process().net_connections("tcp"):
        if connection.raddr in clients:
            with suppress(OSError), socket.socket(fileno=os.dup(connection.fd)) as wire:
                if wire.getpeername()[:2] in clients:
                    wire.shutdown(socket.SHUT_RDWR)
