"""Local receivers, good and bad, and a worker that sends to them until nothing is due."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from paktaleem.directory.webhooks.models import Attempt, Delivery, DeliveryState, Endpoint, Message
from paktaleem.directory.webhooks.services import add_endpoint, send_test
from paktaleem.directory.webhooks.tasks import Pump
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.demo.running import PATIENCE
from tests.factories import SETTING_UP
from tests.outbound.listening import listener, saying


class Receiver:
    """A local receiver that stores what it is sent, and answers with a status and headers."""

    def __init__(self, status="204 No Content", *headers, body=b""):
        self.got, self.answer = [], saying(status, body, *headers)

    async def __call__(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append((headers, body))
        again = asyncio.StreamReader()
        again.feed_data(head)
        await self.answer(again, writer)


@dataclass
class Siege:
    """Good receivers beside bad ones, ordered by events instead of a clock.

    No good receiver answers before every bad one has its first connection, and no bad one releases it before every good
    one has all its messages. If a good receiver had to wait for a bad one, both would wait for each other.
    """

    goods: int
    bads: int
    messages: int
    met: int = 0
    taken: int = 0
    all_met: asyncio.Event = field(default_factory=asyncio.Event)
    all_taken: asyncio.Event = field(default_factory=asyncio.Event)

    def good(self) -> Receiver:
        """Return a receiver that accepts everything, once the bad ones are busy."""
        receiver = Receiver()
        taking = receiver.answer

        async def answer(reader, writer):
            await self.all_met.wait()
            await taking(reader, writer)
            self.taken += 1
            if self.taken == self.goods * self.messages:
                self.all_taken.set()

        receiver.answer = answer
        return receiver

    def bad(self, behave):
        """Return a receiver that behaves badly while held; ``behave`` gets the reader, the writer and the end event."""
        is_first = True

        async def answer(reader, writer):
            nonlocal is_first
            if is_first:
                is_first = False
                self.met += 1
                if self.met == self.bads:
                    self.all_met.set()
            await behave(reader, writer, self.all_taken)

        return answer


async def silent(reader, writer, over):
    del reader, writer
    await over.wait()


async def dripping(reader, writer, over):
    del reader
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.is_set():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(reader, writer, over):
    del over
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


def add(cast, port, code="indus", tests=1):
    at = timezone.now()
    with in_client(cast.client_id(code)):
        endpoint, secret = add_endpoint(
            cast.client_id(code), url=f"http://127.0.0.1:{port}/hooks", events=["consent.*"], actor=SETTING_UP, at=at
        )
        for _ in range(tests):
            send_test(endpoint, actor=SETTING_UP, at=at)
    return endpoint, secret


async def ask(work: Any, *args: Any) -> Any:
    def alone():
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(None, alone)


def pumped(committed, settings, *receivers, tests=1):
    """Listen with each receiver, add an endpoint for each, and send until nothing is due; return the endpoints.

    An exchange may take as long as a busy machine needs, unless its receiver sets a shorter time.
    """

    async def run():
        async with AsyncExitStack() as listening:
            found = [await listening.enter_async_context(listener(one)) for one in receivers]
            settings.WEBHOOKS_ALLOWED = [f"127.0.0.1:{one.port}" for one in found]
            added = [await ask(add, committed, one.port, "indus", tests) for one in found]
            await Pump(exchange_seconds=PATIENCE).run(seconds=PATIENCE, until_idle=True)
            return added

    return asyncio.run(run())


URL = "https://lms.example/hooks"


def make_endpoint(cast: Cast, code: str, *, at: datetime, **values: Any) -> Endpoint:
    given: dict[str, Any] = {"url": URL, "events": ["consent.*"], **values}
    endpoint, _ = add_endpoint(cast.client_id(code), **given, actor=SETTING_UP, at=at)
    return endpoint


def make_given_up(endpoint: Endpoint, *, at: datetime) -> Delivery:
    own: dict[str, Any] = {"client_id": endpoint.client_id}
    message = Message.objects.create(type="consent.given", data={"purpose": "newsletter"}, happened_at=at, **own)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        message=message,
        state=DeliveryState.FAILED,
        attempts=10,
        queued_at=at,
        due_at=at,
        done_at=at + timedelta(days=3),
        **own,
    )
    Attempt.objects.create(delivery=delivery, started_at=at, milliseconds=120, status=503, **own)
    return delivery
