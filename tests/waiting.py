"""Waiting for another connection in tests of races, and for a server of others to answer."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread

from django.db import connection

from paktaleem.office.demo.supervision import Child
from tests.demo.running import PATIENCE

_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"


def wait_until(condition: Callable[..., object], process: Child | None = None) -> None:
    """Wait until a condition is true. Raises TimeoutError, or ChildDied if the process has ended."""
    ends_at = time.monotonic() + PATIENCE
    while not condition():
        if process is not None:
            process.check()
        if time.monotonic() >= ends_at:
            raise TimeoutError
        time.sleep(0.05)


def wait_until_one_waits() -> None:

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_WAITS)
            return bool(cursor.fetchone() == (True,))

    wait_until(waits)


def wait_until_served(process: Child, address: str) -> None:

    def answers() -> bool:
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 -- on this computer
        except OSError:
            return False
        return True

    wait_until(answers, process)


SECONDS_BETWEEN_LOOKS = 0.005
"""How often the server looks whether it must end. Each test would wait for the half second of the standard library."""


@contextmanager
def in_thread(server: BaseServer) -> Iterator[None]:
    """Serve until the block ends, then close the server."""
    with server:
        thread = Thread(target=server.serve_forever, args=(SECONDS_BETWEEN_LOOKS,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
