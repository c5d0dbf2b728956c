"""How long a web server waits for the database: a hang is noticed within about two seconds.

One thread answers all requests of a process, so a statement that waits for a database that hangs would delay all of
them, for as long as the kernel holds the connection. A slow statement goes on: after PATIENCE_SECONDS the server is
asked, on a connection of its own, whether it answers at all.
"""

import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.errors import ConnectionTimeout, OperationalError

CONNECT_SECONDS = 2
"""The least that libpq accepts."""
PATIENCE_SECONDS = 1.0
ANSWER_SECONDS = 1.0
LONGEST_SECONDS = 40.0
"""Longest statement of a request; ``statement_timeout`` ends it before, unless a pooler hides a server that hangs."""
DECISION_SECONDS = 1.5
"""Longest statement of a decision, checked every PATIENCE_SECONDS; it usually takes milliseconds."""
PAUSE_SECONDS = 1.0
"""Time after a hang in which no connection is tried, so that the requests that wait are answered."""

_SSL_REQUEST = bytes.fromhex("00000008 04d2162f")


class _State:
    is_limited = False
    silent_until = 0.0


def limit_waiting() -> None:
    """Limit the waiting of this process: it serves requests."""
    _State.is_limited = True


def is_limited() -> bool:
    return _State.is_limited


@contextmanager
def connecting() -> Iterator[None]:
    """Note a hang of the connection attempt inside. Raises OperationalError if there was one within PAUSE_SECONDS."""
    if time.monotonic() < _State.silent_until:
        raise OperationalError("The database did not answer within the last second.")
    try:
        yield
    except ConnectionTimeout:
        _note_hang()
        raise


def wait(wrapper: Any, connection: Any, plain_wait: Callable[..., Any], gen: Any, *args: Any, **kwargs: Any) -> Any:
    """Wait for a statement as psycopg does. Raises OperationalError, and closes the connection, if the database hangs.

    Its outcome is unknown then.
    """
    if args or kwargs:  # psycopg's own limits
        return plain_wait(gen, *args, **kwargs)
    seconds = DECISION_SECONDS if wrapper.is_deciding else LONGEST_SECONDS
    return plain_wait(_watch(gen, connection, time.monotonic() + seconds))


def _watch(gen: Generator[Any, Any, Any], connection: Any, ends_at: float) -> Generator[Any, Any, Any]:
    """Pass on what a generator of psycopg yields and returns. Raises OperationalError if the database hangs.

    While it waits, psycopg resumes it ten times a second, to notice Ctrl-C (``interval`` of ``Connection.wait``).
    """
    ask_at = time.monotonic() + PATIENCE_SECONDS
    ready = None
    try:
        while True:
            ready = yield gen.send(ready)
            if time.monotonic() >= ask_at:
                is_answering = _is_answering(connection)
                if not is_answering:
                    _note_hang()
                if not is_answering or time.monotonic() >= ends_at:
                    connection.pgconn.finish()
                    raise OperationalError("The database does not answer.")
                ask_at = time.monotonic() + PATIENCE_SECONDS
    except StopIteration as end:
        return end.value


def _note_hang() -> None:
    _State.silent_until = time.monotonic() + PAUSE_SECONDS


def _is_answering(connection: Any) -> bool:
    try:
        with _open_probe(connection.info.hostaddr or connection.info.host, connection.info.port) as probe:
            probe.sendall(_SSL_REQUEST)
            return bool(probe.recv(1))
    except OSError:
        return False


def _open_probe(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), timeout=ANSWER_SECONDS)
    probe = socket.socket(socket.AF_UNIX)
    probe.settimeout(ANSWER_SECONDS)
    probe.connect(f"{host}/.s.PGSQL.{port}")
    return probe
