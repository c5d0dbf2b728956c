"""The one door to other people's machines: resolves once, judges, connects to just that address, and reads little.

No proxies from the environment, no redirects, a bound on the whole exchange and on what is read: a slow, huge or dead
receiver costs its own time and nobody else's. httpcore speaks the protocol; of the packages that guard against inside
addresses, those that are kept either check before resolving or connect before they check (docs/decisions).
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import httpcore

from paktaleem.foundation.http_client.destinations import (
    Destination,
    DestinationRefused,
    is_public,
    parse_destination,
)

__all__ = ["KEPT_BYTES", "SECONDS", "Answer", "Resolve", "Unreachable", "post"]

KEPT_BYTES = 4_096
"""How much of an answer is read and kept; the rest is not fetched."""
SECONDS = 20.0
"""How long a whole exchange may take, from the look-up of the name to the last byte (Standard Webhooks: 15 to 30)."""

type Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Gives every address of a name; raises OSError if there is none."""


class Unreachable(Exception):
    """No answer came back; the argument is a code: ``dns``, ``connect``, ``tls``, ``timeout`` or ``protocol``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: status, its wish to be left alone (Retry-After, as sent), a little of its body."""

    status: int
    retry_after: str
    body: bytes


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Iterable[str] = (),
    seconds: float = SECONDS,
    trust: ssl.SSLContext | None = None,
    resolve: Resolve = _resolve,
) -> Answer:
    """Send one POST and return what came back, whatever its status; a redirect is an answer like others.

    ``allowed`` are ``host:port`` pairs the operator vouches for; ``trust`` are the certificates believed, those of the
    public web unless given. Raises DestinationRefused if the address, or any address its name stands for, is not
    public: nothing has been connected to then. Raises Unreachable if no whole answer came back within ``seconds``.
    """
    destination = parse_destination(url, allowed=allowed)
    pool = httpcore.AsyncConnectionPool(
        ssl_context=trust or _public_web(),
        network_backend=_Pinned(destination, resolve),
        max_connections=1,
    )
    try:
        async with asyncio.timeout(seconds), pool:
            return await _exchange(pool, destination.url, body, headers)
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise Unreachable("timeout") from error
    except httpcore.ConnectError as error:
        raise Unreachable("tls" if _is_of_tls(error) else "connect") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Unreachable("protocol") from error


@cache
def _public_web() -> ssl.SSLContext:
    """Read the certificates that the public web is believed by: once, since it takes longer than an exchange."""
    return httpcore.default_ssl_context()


async def _exchange(pool: httpcore.AsyncConnectionPool, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    sent = {"User-Agent": "PakTaleem-privacy-portal", "Connection": "close", **headers}
    async with pool.stream("POST", url, headers=[*sent.items()], content=body) as response:
        kept = b""
        async for chunk in response.aiter_stream():
            kept += chunk[: KEPT_BYTES - len(kept)]
            if len(kept) >= KEPT_BYTES:
                break
        wish = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
        return Answer(response.status, wish.decode("ascii", "replace")[:100], kept)


def _is_of_tls(error: BaseException) -> bool:
    """Say whether certificates or the handshake were the matter."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to an address that was judged, and never looks the name up a second time."""

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
        """Try the judged addresses in turn."""
        failure: Exception = Unreachable("dns")
        for address in await self._judged(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _judged(self, host: str, port: int) -> list[str]:
        """Return every address of the name, or none: one that lies inside speaks against all of them."""
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise Unreachable("dns") from error
        if not self._destination.is_allowed and not all(map(is_public, found)):
            raise DestinationRefused("The name stands for an address that is not one of the public internet.")
        return found

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its tries."""
        await self._network.sleep(seconds)
