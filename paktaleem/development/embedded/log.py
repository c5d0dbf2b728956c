"""The server's log file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from paktaleem.development.embedded.account import Account

SIZE_LIMIT = 5_000_000
TAIL = 4000


def prepare_log(log: Path, account: Account) -> int:
    """Create a log that only the server and this process can read, and return its current size in bytes.

    A large log is renamed to .old first.
    """
    if log.exists() and log.stat().st_size > SIZE_LIMIT:
        log.replace(log.with_name(f"{log.name}.old"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if account.owner is not None:
            os.fchown(descriptor, *account.owner)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def read_log_since(log: Path, position: int) -> str:
    """Return the end of the log written after a position."""
    if not log.exists():
        return ""
    return log.read_bytes()[position:][-TAIL:].decode(errors="replace")
