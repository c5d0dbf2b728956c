"""The server's main process (postmaster): find it, check it, signal it.

A process id alone is not reliable: after a crash or in a new container it may belong to another process. A process
counts as the postmaster of a data folder only if its command line or working folder confirms it, and no other process
is signalled.
"""

import os
import random
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq

from paktaleem.foundation.embedded.layout import Account, ClusterError, Layout, find_binaries, write_atomically

HOST = "127.0.0.1"
PROC = Path("/proc")
PID_FILE = "postmaster.pid"
PORT_LINE = 3
STATE_LINE = 7
PAUSE = 0.02
"""Seconds between two checks."""

SECONDS_TO_WRITE_PID = 2


@dataclass(frozen=True)
class Postmaster:
    """A running postmaster of a data folder, with the content of its pid file; the port is None until it is written."""

    pid: int
    port: int | None
    is_ready_in_pid_file: bool
    command: tuple[str, ...]

    @property
    def is_durable(self) -> bool:
        return "fsync=off" not in self.command

    def answers(self) -> bool:
        """Return True if it accepts connections (as pg_isready does); False while it starts or stops.

        A server that is not ready by its pid file is not contacted, as it would log every attempt.
        """
        if self.port is None or not self.is_ready_in_pid_file:
            return False
        address = f"host={HOST} hostaddr={HOST} port={self.port} dbname=postgres sslmode=disable"
        return pq.PGconn.ping(f"{address} connect_timeout=3".encode()) == pq.Ping.OK


def find_postmaster(data: Path) -> Postmaster | None:
    """Return the running postmaster of a data folder, or None if the pid file is missing, stale or foreign."""
    lines = _pid_file_lines(data)
    pid = _pid_in(lines)
    if pid is None:
        return None
    command = _command_of(pid)
    if not _serves(pid, command, data):
        return None
    port, state = _line(lines, PORT_LINE), _line(lines, STATE_LINE)
    return Postmaster(pid, int(port) if port.isdigit() else None, state == "ready", command)


def clear_stale_pid_file(data: Path) -> None:
    """Remove a pid file that is empty or names a foreign or zombie process: PostgreSQL would not start.

    This is safe while backends outlive a killed postmaster: the new server finds their shared memory by the data
    folder and does not start while they use it.
    """
    path = data / PID_FILE
    with suppress(FileNotFoundError):
        while not path.read_bytes().strip() and time.time() - path.stat().st_mtime < SECONDS_TO_WRITE_PID:
            time.sleep(PAUSE)
    if find_postmaster(data) is not None:
        return
    if pid := _pid_in(_pid_file_lines(data)):
        _reap(pid)
    (data / PID_FILE).unlink(missing_ok=True)


def wait_until_answering(data: Path, pid: int, seconds: float) -> Postmaster | None:
    """Wait for the server to accept connections; return None if the process ends or on timeout."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        postmaster = find_postmaster(data)
        if postmaster is not None and postmaster.answers():
            return postmaster
        if not _is_alive(pid):
            return None
        time.sleep(PAUSE)
    return None


def signal_and_wait(data: Path, signal_number: int, seconds: float) -> bool:
    """Signal the postmaster of a data folder, if any, and wait; return True if it has ended."""
    postmaster = find_postmaster(data)
    if postmaster is None:
        return True
    os.kill(postmaster.pid, signal_number)
    ends_at = time.monotonic() + seconds
    while _is_alive(postmaster.pid):
        command = _command_of(postmaster.pid)  # an exiting process loses it before it closes its port
        if command and not _serves(postmaster.pid, command, data):
            break
        if time.monotonic() > ends_at:
            return False
        time.sleep(PAUSE)
    _reap(postmaster.pid)
    return True


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / PID_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _line(lines: list[str], number: int) -> str:
    return lines[number].strip() if number < len(lines) else ""


def _pid_in(lines: list[str]) -> int | None:
    return int(lines[0]) if lines and lines[0].isdigit() and int(lines[0]) > 1 else None


def _serves(pid: int, command: tuple[str, ...], data: Path) -> bool:
    if not command or Path(command[0]).name != "postgres":
        return False
    if str(data) in command:
        return True
    try:
        return (PROC / str(pid) / "cwd").readlink() == data
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    if not (PROC / "self").exists():
        return bool(_command_by_ps(pid))
    try:
        status = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _command_of(pid: int) -> tuple[str, ...]:
    if not (PROC / "self").exists():
        return _command_by_ps(pid)
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in text.split(b"\0") if part)


def _command_by_ps(pid: int) -> tuple[str, ...]:
    ps_command = ["/bin/ps", "-ww", "-p", str(pid), "-o", "stat=,command="]
    answer = subprocess.run(ps_command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    state, _, command = answer.stdout.strip().partition(" ")
    if not command or state.startswith("Z"):
        return ()
    program, _, options = command.strip().partition(" -D ")
    folder, *settings = options.split(" -c ")
    return (program, "-D", folder, *settings)


SIZE_LIMIT = 5_000_000
TAIL = 4000


def prepare_log(log: Path, account: Account) -> int:
    """Create a log that only the server and this process can read (a large one becomes .old); return its size."""
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
    if not log.exists():
        return ""
    return log.read_bytes()[position:][-TAIL:].decode(errors="replace")


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
    """Start the server, or wait for one that is starting, while holding the lock. Raises ClusterError.

    Retries if the port or the remains of a killed server are in the way.
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
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    cache = min(max(megabytes // 8, LEAST_CACHE), MOST_CACHE)  # PostgreSQL's 128 MB do not fit a million consents
    purpose = {"shared_buffers": f"{cache}MB", "max_wal_size": f"{2 * cache}MB"} if durable else QUICK
    settings = SETTINGS | durability | purpose | {"port": str(_choose_port(layout))}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server: list[str | Path] = [binaries.folder / "postgres", "-D", layout.data, *options]
    done = account.run("/bin/sh", "-c", IN_BACKGROUND, layout.log, *server, cwd=layout.home)
    if not done.stdout.strip().isdigit():
        raise ClusterError(f"PostgreSQL could not be started in {layout.home}: {done.stderr}")
    return int(done.stdout)


def _data_version(layout: Layout) -> int:
    try:
        return int((layout.data / "PG_VERSION").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(
            f"The finished database in {layout.data} is damaged: {error}. Nothing was changed. Restore a"
            f" backup, or remove {layout.home} to start with an empty database."
        ) from error


def _choose_port(layout: Layout) -> int:
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
