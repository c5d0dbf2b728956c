"""A server of the standard library in a thread of the test's process."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread

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
