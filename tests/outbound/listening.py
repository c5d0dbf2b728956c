"""A local receiver that counts connections and answers as configured."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import trustme

type Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

AUTHORITY = trustme.CA()


class Listener:
    """A listening socket on 127.0.0.1; ``connections`` is the number of connections."""

    def __init__(self, behave):
        self.connections, self.port, self._behave = 0, 0, behave

    async def answer(self, reader, writer):
        self.connections += 1
        try:
            await self._behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def saying(status="204 No Content", body=b"", *headers):
    async def behave(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return behave


@asynccontextmanager
async def listener(behave, *, tls_name=None):
    context = None
    if tls_name:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        AUTHORITY.issue_cert(tls_name).configure_cert(context)
    found = Listener(behave)
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def trust():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context
