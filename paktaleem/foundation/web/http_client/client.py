"""HTTP client for other systems, safe against SSRF: resolves once, checks the addresses, connects to one of them.

It uses no proxies from the environment, follows no redirects, and limits the total time and the size of the response.
httpcore implements the protocol; the maintained SSRF packages either check before resolving or connect before they
check (docs/decisions).
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Self

import httpcore
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from paktaleem.foundation.web.http_client.destinations import (
    Destination,
    DestinationRefused,
    is_public,
    parse_destination,
)

MAX_RESPONSE_BYTES = 4_096
"""Largest part of a response body that is read."""
TIMEOUT_SECONDS = 20.0
"""Time limit of an exchange, from name resolution to the last byte (Standard Webhooks: 15 to 30 seconds)."""

type Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Return all addresses of a name; raises OSError if there is none."""


class Unreachable(Exception):
    """No response; the argument is ``dns``, ``connect``, ``tls``, ``timeout`` or ``protocol``."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str
    body: bytes
    content_type: str = ""


type _Message = tuple[str, bytes, Mapping[str, str]]
"""Method, body and headers of a request."""


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Iterable[str] = (),
    seconds: float = TIMEOUT_SECONDS,
    trust: ssl.SSLContext | None = None,
    resolve: Resolve = _resolve,
) -> Answer:
    """Send one POST request and return the response, whatever its status; redirects are not followed.

    ``allowed`` are internal ``host:port`` pairs that the operator permits; ``trust`` are the trusted certificates,
    by default those of the public web. Raises DestinationRefused, before connecting, if any address of the host is
    not public; Unreachable if no complete response arrived within ``seconds``.
    """
    async with Connection(url, allowed=allowed, seconds=seconds, trust=trust, resolve=resolve) as connection:
        return await connection.post(body, {"Connection": "close", **headers})


class Connection:
    """A connection that sends one request after the other to the same URL; closed at the end of the block.

    It connects with the first request, and again when the receiver has closed it. The arguments are those of ``post``;
    ``seconds`` limits each exchange, ``most_bytes`` is how much of a response body is read.
    """

    def __init__(
        self,
        url: str,
        *,
        allowed: Iterable[str] = (),
        seconds: float = TIMEOUT_SECONDS,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = _resolve,
        most_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._url, self._allowed, self._seconds, self._most_bytes = url, allowed, seconds, most_bytes
        self._trust, self._resolve = trust or _public_tls_context(), resolve
        self._link: httpcore.AsyncHTTPConnection | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a POST request and return the response; see ``send``."""
        return await self.send("POST", body, headers)

    async def send(self, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and return the response.

        If the receiver closed the connection after an earlier response, the request is sent again on a new one: it may
        arrive twice, with the same headers. Raises DestinationRefused or Unreachable.
        """
        destination = parse_destination(self._url, allowed=self._allowed)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._send_and_read(destination, (method, body, headers))
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise Unreachable("timeout") from error
        except (httpcore.ConnectError, ssl.SSLError) as error:  # httpcore passes errors after the handshake on
            raise Unreachable("tls" if _is_tls_error(error) else "connect") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unreachable("protocol") from error

    async def _send_and_read(self, destination: Destination, message: _Message) -> Answer:
        if self._link is not None and self._link.is_idle() and not self._link.has_expired():
            with suppress(httpcore.NetworkError, httpcore.RemoteProtocolError, ssl.SSLError):  # closed by the receiver
                return await self._exchange(self._link, destination.url, message)
        await self._close()
        self._link = httpcore.AsyncHTTPConnection(
            httpcore.URL(destination.url).origin,
            ssl_context=self._trust,
            network_backend=_PinnedBackend(destination, self._resolve),
        )
        return await self._exchange(self._link, destination.url, message)

    async def _exchange(self, link: httpcore.AsyncHTTPConnection, url: str, message: _Message) -> Answer:
        method, body, headers = message
        sent = {"User-Agent": "PakTaleem-privacy-portal", **headers}
        async with link.stream(method, url, headers=[*sent.items()], content=body) as response:
            content = b""
            async for chunk in response.aiter_stream():
                content += chunk[: self._most_bytes - len(content)]
                if len(content) >= self._most_bytes:
                    break
            given = {name.lower(): value.decode("ascii", "replace")[:100] for name, value in reversed(response.headers)}
            return Answer(response.status, given.get(b"retry-after", ""), content, given.get(b"content-type", ""))

    async def _close(self) -> None:
        if self._link is not None:
            await self._link.aclose()
            self._link = None


@cache
def _public_tls_context() -> ssl.SSLContext:
    """Return the TLS context with the public CA certificates; cached, as loading them is slow."""
    return httpcore.default_ssl_context()


def _is_tls_error(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class _PinnedBackend(httpcore.AsyncNetworkBackend):
    """Network backend that connects to a checked address and does not resolve the name again."""

    def __init__(self, destination: Destination, resolve: Resolve) -> None:
        self._destination, self._resolve = destination, resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 -- httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = Unreachable("dns")
        for address in await self._resolve_checked(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _resolve_checked(self, host: str, port: int) -> list[str]:
        """Return all addresses of the name; raise DestinationRefused if one of them is not public."""
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise Unreachable("dns") from error
        if not self._destination.is_allowed and not all(map(is_public, found)):
            raise DestinationRefused("The host name resolves to an address that is not public.")
        return found

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


MOST_BYTES = 256 * 1024
"""Largest response that is read: a provider's list of keys has some ten thousand bytes."""


class _GuardedAdapter(BaseAdapter):
    """Transport of ``requests`` that checks each destination; ``timeout`` and proxies of a caller are ignored."""

    def __init__(self, allowed: Iterable[str], seconds: float) -> None:
        super().__init__()
        self._allowed, self._seconds = tuple(allowed), seconds

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        try:
            answer = asyncio.run(self._exchange(request))
        except DestinationRefused as error:
            raise requests.exceptions.InvalidURL(str(error), request=request) from error
        except Unreachable as error:
            raise requests.ConnectionError(str(error), request=request) from error
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, request.url or "", request
        response.headers = CaseInsensitiveDict({"Content-Type": answer.content_type})
        response.raw = BytesIO(answer.body)
        return response

    async def _exchange(self, request: requests.PreparedRequest) -> Answer:
        body = request.body or b""
        headers = {name: str(value) for name, value in request.headers.items()} | {"Accept-Encoding": "identity"}
        url, seconds = request.url or "", self._seconds
        async with Connection(url, allowed=self._allowed, seconds=seconds, most_bytes=MOST_BYTES) as connection:
            sent = body if isinstance(body, bytes) else str(body).encode()
            return await connection.send(request.method or "GET", sent, {**headers, "Connection": "close"})

    def close(self) -> None: ...


def open_guarded_session(*, allowed: Iterable[str], seconds: float) -> requests.Session:
    """Return a session of ``requests`` whose requests are sent by our HTTP client.

    ``allowed`` are internal ``host:port`` pairs that the operator permits; ``seconds`` limits each exchange.
    """
    session = requests.Session()
    session.trust_env, session.max_redirects = False, 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, _GuardedAdapter(allowed, seconds))
    return session
