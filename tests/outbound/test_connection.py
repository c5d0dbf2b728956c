"""One connection for many messages: reused, reopened when the receiver closed it, checked each time it connects."""

import asyncio
import os

import httpcore
import pytest

from paktaleem.foundation.web.http_client.client import Connection, Unreachable
from paktaleem.foundation.web.http_client.destinations import DestinationRefused
from tests.outbound.listening import listener, saying, trust

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


async def answering_for_ever(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(NO_CONTENT)
        await writer.drain()


async def closing_after_two_requests(reader, writer):
    """Answer one request, read the next, and close without an answer, as a receiver that restarts."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(NO_CONTENT)
    await reader.readuntil(b"\r\n\r\n")


async def closing_unasked(reader, writer):
    await reader.readuntil(b"\r\n\r\n")


async def answering_outside_tls(reader, writer):
    """Send the answer on the bare socket, as a broken proxy does."""
    await reader.readuntil(b"\r\n\r\n")
    os.write(writer.get_extra_info("socket").fileno(), NO_CONTENT)
    await reader.read()


async def answering_then_outside_tls(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(NO_CONTENT)
    await answering_outside_tls(reader, writer)


def statuses_of(number, behave):
    """Send a number of messages over one connection; return their statuses, and how many connections were made."""

    async def run():
        async with listener(behave) as found:
            allowed = [f"127.0.0.1:{found.port}"]
            async with Connection(f"http://127.0.0.1:{found.port}/", allowed=allowed) as connection:
                answers = [await connection.post(b"", {}) for _ in range(number)]
            return [answer.status for answer in answers], found.connections

    return asyncio.run(run())


def test_many_messages_share_a_connection():
    assert statuses_of(5, answering_for_ever) == ([204] * 5, 1)


@pytest.mark.parametrize("behave", [saying(), closing_after_two_requests], ids=["at once", "during the next request"])
def test_a_connection_that_the_receiver_closed_is_opened_again(behave):
    assert statuses_of(3, behave) == ([204] * 3, 3)


def posted_over_tls(number, behave):
    """Send a number of messages over one connection of TLS; return their statuses."""

    async def resolve(_host, _port):
        return ["127.0.0.1"]

    async def run():
        async with listener(behave, tls_name="lms.example") as found:
            url, allowed = f"https://lms.example:{found.port}/", [f"lms.example:{found.port}"]
            async with Connection(url, allowed=allowed, trust=trust(), resolve=resolve) as connection:
                return [(await connection.post(b"", {})).status for _ in range(number)]

    return asyncio.run(run())


def test_an_answer_outside_tls_is_no_response():
    with pytest.raises(Unreachable, match="tls"):
        posted_over_tls(1, answering_outside_tls)


def test_a_connection_whose_tls_breaks_later_is_opened_again():
    assert posted_over_tls(2, answering_then_outside_tls) == [204, 204]


def test_a_new_connection_that_breaks_is_not_tried_again():
    async def run():
        async with listener(closing_unasked) as found:
            allowed = [f"127.0.0.1:{found.port}"]
            async with Connection(f"http://127.0.0.1:{found.port}/", allowed=allowed) as connection:
                with pytest.raises(Unreachable, match="protocol"):
                    await connection.post(b"", {})
            return found.connections

    assert asyncio.run(run()) == 1


def test_the_address_is_checked_again_when_the_connection_is_opened_again(monkeypatch):
    """A name that first leads to a public address and then to an internal one (DNS rebinding)."""
    addresses = iter(["93.184.216.34", "127.0.0.1"])

    async def resolve(_host, _port):
        return [next(addresses)]

    async def run():
        async with listener(saying(), tls_name="lms.example") as found:

            async def connect_here(_backend, _host, _port, *_args, **_kwargs):
                return await connect("127.0.0.1", found.port)

            connect = httpcore.AnyIOBackend().connect_tcp
            monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_here)
            async with Connection("https://lms.example/", trust=trust(), resolve=resolve) as connection:
                assert (await connection.post(b"", {})).status == 204
                with pytest.raises(DestinationRefused):
                    await connection.post(b"", {})

    asyncio.run(run())
