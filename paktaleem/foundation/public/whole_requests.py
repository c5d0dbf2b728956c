"""The ASGI application that reads each request whole and then lets the portal, in its one thread, answer it.

A request that is not complete costs its connection and nothing else: a caller who sends slowly, or stops, keeps no one
waiting. The portal itself is a WSGI application: one thread of a process answers one request after the other.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import psutil

from paktaleem.foundation.public.request_bodies import (
    CHUNK_BYTES,
    REFUSED,
    TOO_SLOW,
    BodyRefused,
    LargeBodies,
    read_body,
)

SEND_SECONDS = 60.0
"""Longest time to send one part of a streamed answer."""
CUT_DELAY = 0.5
"""Seconds to send the refusal of a body that stopped arriving; then its connection is cut."""

type Environ = dict[str, Any]
type Scope = dict[str, Any]
type Receive = Callable[[], Awaitable[dict[str, Any]]]
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

    def start(self, status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> None:
        """Take status and headers: WSGI's ``start_response``."""
        del exc_info
        self.status, self.headers = int(status.split(maxsplit=1)[0]), headers


class WholeRequests:
    """An ASGI application that answers by a WSGI application; paths of ``aside`` are answered in another thread."""

    def __init__(self, application: Application, *, aside: Collection[str] = ()) -> None:
        """Create the threads; each starts with its first request."""
        self._application, self._aside = application, aside
        self._thread = ThreadPoolExecutor(1, "portal")
        self._aside_thread = ThreadPoolExecutor(1, "aside")
        self._bodies = LargeBodies()
        self._stalled: set[Client] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        environ = build_environ(scope)
        thread = self._aside_thread if environ["PATH_INFO"] in self._aside else self._thread
        with self._bodies.counted() as count:
            try:
                body = await read_body(environ, receive, count)
            except BodyRefused as refusal:
                environ[REFUSED], body = refusal.problem, b""
                if refusal.problem is TOO_SLOW:
                    self._cut_later(scope["client"])
            if body is not None:
                environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = BytesIO(body or b"")
            answer = await asyncio.get_running_loop().run_in_executor(thread, self._answer, environ)
        await _send(answer, send, thread)

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

    def _cut_later(self, client: tuple[str, str | int]) -> None:
        if not self._stalled:
            asyncio.get_running_loop().call_later(CUT_DELAY, self._cut)
        self._stalled.add((client[0], int(client[1])))

    def _cut(self) -> None:
        clients, self._stalled = self._stalled, set()
        self._aside_thread.submit(cut_connections, clients)


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
    """Return the next bytes, about CHUNK_BYTES; none at the end."""
    taken = bytearray()
    while len(taken) < CHUNK_BYTES and (part := next(parts, None)) is not None:
        taken += part
    return bytes(taken)


def _close(content: Any) -> None:
    if hasattr(content, "close"):
        content.close()


def build_environ(scope: Scope) -> Environ:
    """Return the WSGI environment of a request, without its body.

    A header with an underscore is left out: it would pass for the one with a hyphen.
    """
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
        if b"_" in name:
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
