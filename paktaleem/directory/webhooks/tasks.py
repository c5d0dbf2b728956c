"""The background task that sends waiting messages to many endpoints concurrently, each at its own pace.

One coroutine serves one endpoint, so a slow or dead receiver delays only itself. The database is queried from a few
threads; no transaction is open while waiting for a receiver. A lease assigns each endpoint to one of several workers.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Barrier
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connections
from django.urls import reverse
from django.utils import translation
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.webhooks.selectors import (
    WaitingEndpoint,
    endpoints_to_serve,
    has_endpoints,
    list_unspread_messages,
)
from paktaleem.directory.webhooks.services import (
    DeliveryBatch,
    Result,
    Sending,
    begin_batch,
    copy_to_clients,
    record_results,
    release_batch,
)
from paktaleem.directory.webhooks.signing import headers_of
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_client_ids, list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.web.http_client.client import TIMEOUT_SECONDS, Connection, Unreachable
from paktaleem.foundation.web.http_client.destinations import DestinationRefused

DISABLED = declare_message("webhook_disabled", fields=("name", "why", "url"))
log = structlog.stdlib.get_logger(__name__)
PUMP = "webhooks.pump"
_SIDE_BY_SIDE = 200
_BATCH = 50
_AT_ONCE = 10
"""Connections to one receiver; each sends one message after the other."""
_LOOK_EVERY = 0.5
_THREADS = 4


@dataclass(slots=True)
class Pump:
    """One worker's sender; ``trust`` holds the trusted certificates, by default those of the public web."""

    trust: ssl.SSLContext | None = None
    exchange_seconds: float = TIMEOUT_SECONDS

    async def run(self, *, seconds: float, until_idle: bool = False) -> None:
        """Send for ``seconds`` while a client has an endpoint, or until nothing is due; complete what is being sent."""
        ends = time.monotonic() + seconds
        serving: dict[UUID, asyncio.Task[None]] = {}
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks") as threads:
            try:
                while await self._run_in_thread(threads, has_endpoints) and time.monotonic() < ends:
                    started = await self._start(serving, threads)
                    if until_idle and not started and not serving:
                        break
                    await self._wait(serving, ends)
            except asyncio.CancelledError:
                for task in serving.values():
                    task.cancel()
                raise
            finally:
                await asyncio.gather(*serving.values(), return_exceptions=True)
                close = partial(_close_connections, Barrier(_THREADS))
                await asyncio.gather(*(self._run_in_thread(threads, close) for _ in range(_THREADS)))

    async def _start(self, serving: dict[UUID, asyncio.Task[None]], threads: ThreadPoolExecutor) -> int:
        await self._run_in_thread(threads, _spread)
        free = _SIDE_BY_SIDE - len(serving)
        find = partial(endpoints_to_serve, without=frozenset(serving), most=free, at=wall_clock_now())
        waiting = await self._run_in_thread(threads, find) if free else []
        for one in waiting:
            serving[one.endpoint_id] = asyncio.create_task(self._serve(one, threads))
        return len(waiting)

    async def _wait(self, serving: dict[UUID, asyncio.Task[None]], ends: float) -> None:
        pause = min(_LOOK_EVERY, max(0.0, ends - time.monotonic()))
        if serving:
            await asyncio.wait(serving.values(), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(pause)
        for endpoint_id in [key for key, task in serving.items() if task.done()]:
            task = serving.pop(endpoint_id)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("Serving a webhook failed.", exc_info=error)

    async def _serve(self, one: WaitingEndpoint, threads: ThreadPoolExecutor) -> None:
        batch = await self._run_in_thread(threads, _begin_batch, one)
        if batch is None:
            return
        try:
            results = await self._send_all(batch)
        except asyncio.CancelledError:
            await self._run_in_thread(threads, release_batch, batch)
            raise
        await self._run_in_thread(threads, _record_batch, batch, results)

    async def _send_all(self, batch: DeliveryBatch) -> list[Result]:
        """Send a batch over a few connections at once; skip the rest once the receiver does not respond."""
        waiting, results = deque(batch.sendings), list[Result]()
        connect = partial(Connection, batch.url, allowed=settings.WEBHOOKS_ALLOWED, trust=self.trust)

        async def send_in_turn() -> None:
            async with connect(seconds=self.exchange_seconds) as connection:
                while waiting and all(result.status is not None for result in results):
                    results.append(await self._send(connection, batch, waiting.popleft()))

        async with asyncio.TaskGroup() as connections_:
            for _ in range(min(_AT_ONCE, len(batch.sendings))):
                connections_.create_task(send_in_turn())
        return results

    @staticmethod
    async def _send(connection: Connection, batch: DeliveryBatch, sending: Sending) -> Result:
        started_at, clock = wall_clock_now(), time.monotonic()
        headers = headers_of(
            batch.secrets, message_id=str(sending.message_id), timestamp=int(started_at.timestamp()), body=sending.body
        )
        answer, error = None, ""
        try:
            answer = await connection.post(sending.body, headers)
        except DestinationRefused:
            error = "refused"
        except Unreachable as unreachable:
            error = str(unreachable)
        took = int((time.monotonic() - clock) * 1_000)
        if answer is None:
            return Result(sending.delivery_id, started_at, took, error=error)
        return Result(sending.delivery_id, started_at, took, answer.status, retry_after=answer.retry_after)

    @staticmethod
    async def _run_in_thread[*Ts, T](threads: ThreadPoolExecutor, work: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work, *args)


def _spread() -> None:
    with in_client(PAKTALEEM):
        waiting = list_unspread_messages(most=20)
    for message_id in waiting:
        copy_to_clients(message_id, client_ids=list_client_ids(), at=wall_clock_now())


def _begin_batch(one: WaitingEndpoint) -> DeliveryBatch | None:
    with in_client(one.client_id):
        return begin_batch(one.client_id, one.endpoint_id, most=_BATCH, at=wall_clock_now())


def _record_batch(batch: DeliveryBatch, results: list[Result]) -> None:
    actor, at = system_actor(PUMP), wall_clock_now()
    with in_client(batch.client_id):
        endpoint = record_results(batch, results, actor=actor, at=at)
        if endpoint is None:
            return
        for user in list_staff(batch.client_id, Role.CLIENT_ADMIN, at=at):
            with translation.override(user.language):
                why = str(endpoint.get_disabled_because_display())
            page = reverse("admin:webhooks_endpoint_change", args=[endpoint.pk], current_app="console")
            context = {"name": str(endpoint)[:200], "why": why, "url": build_public_url(page)}
            about: SendArguments = {"related_id": endpoint.pk, "actor": actor, "at": at}
            send_message(DISABLED.code, to=user, client_id=batch.client_id, context=context, **about)


def _close_connections(everyone: Barrier) -> None:
    """Close this thread's connections; the barrier makes each thread do it exactly once."""
    everyone.wait()
    connections.close_all()


@app.periodic(cron="* * * * *", periodic_id="webhooks_pump")
@app.task(name=PUMP, queueing_lock=PUMP, pass_context=False)
async def pump(timestamp: int) -> None:
    """Send for a minute; the next job continues. Overlapping jobs share the endpoints."""
    del timestamp
    await Pump().run(seconds=settings.WEBHOOKS_PUMP_SECONDS)
