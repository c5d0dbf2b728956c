"""Start the server of a complete cluster in the background."""

from __future__ import annotations

import os
import random
import socket
import time
from typing import TYPE_CHECKING

from paktaleem.development.embedded.binaries import find_binaries
from paktaleem.development.embedded.errors import ClusterError
from paktaleem.development.embedded.files import write_atomically
from paktaleem.development.embedded.log import prepare_log, read_log_since
from paktaleem.development.embedded.postmaster import (
    HOST,
    Postmaster,
    clear_stale_pid_file,
    find_postmaster,
    wait_until_answering,
)

if TYPE_CHECKING:
    from pathlib import Path

    from paktaleem.development.embedded.account import Account
    from paktaleem.development.embedded.layout import Layout

PORTS = range(20000, 30000)
"""Below the ephemeral port range, so that the port stays free."""

SECONDS_TO_START = 120
ATTEMPTS = 7

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "cluster_name": "paktaleem",
    "max_connections": "300",  # two per thread: one for the request, one for autonomous transactions
    # No personal data in the log: no statements, no values, no client errors (they quote values).
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_lock_waits": "off",
    "log_autovacuum_min_duration": "-1",
}
LEAST_CACHE, MOST_CACHE = 128, 2048  # megabytes
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
QUICK = {"wal_level": "minimal", "max_wal_senders": "0", "jit": "off", "scram_iterations": "1"}
"""More settings of a server for tests: the least log, no compiling of queries that run once, quick password checks."""

IN_BACKGROUND = '"$@" </dev/null >>"$0" 2>&1 & echo $!'
"""The shell exits immediately, so the server is not a child of this process and outlives it."""


def start_postgres(layout: Layout, account: Account, *, durable: bool) -> Postmaster:
    """Start the server, or wait for one that is starting; call it while holding the lock.

    Retries if the port or the remains of a killed server are in the way. Raises ClusterError with the end of the
    log if it does not start.
    """
    log_position = prepare_log(layout.log, account)
    for attempt in range(ATTEMPTS):
        running = find_postmaster(layout.data)
        log_position = prepare_log(layout.log, account)
        pid = running.pid if running else _start_process(layout, account, durable=durable)
        if postmaster := wait_until_answering(layout.data, pid, SECONDS_TO_START):
            write_atomically(layout.port, f"{postmaster.port}\n")
            return postmaster
        if not (running or find_postmaster(layout.data) or "in use" in read_log_since(layout.log, log_position)):
            break
        time.sleep(0.1 * 2**attempt)
    output = read_log_since(layout.log, log_position)
    raise ClusterError(f"PostgreSQL did not start in {layout.home}. The end of {layout.log}:\n{output}")


def _start_process(layout: Layout, account: Account, *, durable: bool) -> int:
    binaries = find_binaries(account, copies=layout.binaries, major=_data_version(layout))
    clear_stale_pid_file(layout.data)
    durability = dict.fromkeys(DURABILITY, "on" if durable else "off")
    purpose = _memory_settings() if durable else QUICK
    settings = SETTINGS | durability | purpose | {"port": str(_choose_port(layout))}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server: list[str | Path] = [binaries.folder / "postgres", "-D", layout.data, *options]
    done = account.run("/bin/sh", "-c", IN_BACKGROUND, layout.log, *server, cwd=layout.home)
    if not done.stdout.strip().isdigit():
        raise ClusterError(f"PostgreSQL could not be started in {layout.home}: {done.stderr}")
    return int(done.stdout)


def _memory_settings() -> dict[str, str]:
    """Return a cache size of an eighth of the memory, for people and consents; tests need no cache.

    Pages use memory only once they are used. PostgreSQL's default of 128 MB does not fit a million consents.
    """
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    cache = min(max(megabytes // 8, LEAST_CACHE), MOST_CACHE)
    return {"shared_buffers": f"{cache}MB", "max_wal_size": f"{2 * cache}MB"}


def _data_version(layout: Layout) -> int:
    try:
        return int((layout.data / "PG_VERSION").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(
            f"The finished database in {layout.data} is damaged: {error}. Nothing was changed. Restore a"
            f" backup, or remove {layout.home} to start with an empty database.",
        ) from error


def _choose_port(layout: Layout) -> int:
    """Return the port of the last start if it is free, else another free one."""
    last = layout.port.read_text(encoding="utf-8").strip() if layout.port.exists() else ""
    candidates = [int(last)] if last.isdigit() else []
    candidates += random.SystemRandom().sample(PORTS, 200)
    for port in candidates:
        if _is_free(port):
            return port
    raise ClusterError(f"No port is free between {PORTS.start} and {PORTS.stop} on {HOST}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
