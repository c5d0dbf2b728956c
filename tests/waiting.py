"""Waiting for another connection in tests of races."""

import time

from django.db import connection

__all__ = ["wait_until_one_waits"]

_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
_SECONDS = 60


def wait_until_one_waits() -> None:
    """Wait until another connection waits for a lock of this one. Raises TimeoutError after a minute."""
    ends_at = time.monotonic() + _SECONDS
    while time.monotonic() < ends_at:
        with connection.cursor() as cursor:
            cursor.execute(_WAITS)
            if cursor.fetchone() == (True,):
                return
    raise TimeoutError
