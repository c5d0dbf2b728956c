"""The server's main process (postmaster): find it, check it, signal it.

A process id alone is not reliable: after a crash or in a new container it may belong to another process. A process
counts as the postmaster of a data folder only if its command line or working folder confirms it, and no other process
is signalled.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq

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
    """A running postmaster of a data folder, with the content of its pid file.

    The port is None until it is written.
    """

    pid: int
    port: int | None
    is_ready_in_pid_file: bool
    command: tuple[str, ...]

    @property
    def is_durable(self) -> bool:
        """Return True if it was started with durable writes."""
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
    _wait_for_first_line(data)
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
    while _is_ending(postmaster.pid, data):
        if time.monotonic() > ends_at:
            return False
        time.sleep(PAUSE)
    _reap(postmaster.pid)
    return True


def _reap(pid: int) -> None:
    """Reap a zombie, if it is a child of this process."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _wait_for_first_line(data: Path) -> None:
    """Wait until a starting server has written to its new pid file."""
    path = data / PID_FILE
    with suppress(FileNotFoundError):
        while not path.read_bytes().strip() and time.time() - path.stat().st_mtime < SECONDS_TO_WRITE_PID:
            time.sleep(PAUSE)


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


def _is_ending(pid: int, data: Path) -> bool:
    """Return True while the process exists; an exiting one loses its command line before it closes its port."""
    command = _command_of(pid)
    return _is_alive(pid) and (not command or _serves(pid, command, data))


def _is_alive(pid: int) -> bool:
    """Return True if the process exists and is not a zombie."""
    if not (PROC / "self").exists():
        return bool(_command_by_ps(pid))
    try:
        status = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _command_of(pid: int) -> tuple[str, ...]:
    """Return the command line of a running process; empty for a zombie."""
    if not (PROC / "self").exists():
        return _command_by_ps(pid)
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in text.split(b"\0") if part)


def _command_by_ps(pid: int) -> tuple[str, ...]:
    """Return the command line where there is no /proc (macOS), for servers started by starting.py."""
    ps_command = ["/bin/ps", "-ww", "-p", str(pid), "-o", "stat=,command="]
    answer = subprocess.run(ps_command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    state, _, command = answer.stdout.strip().partition(" ")
    if not command or state.startswith("Z"):
        return ()
    program, _, options = command.strip().partition(" -D ")
    folder, *settings = options.split(" -c ")
    return (program, "-D", folder, *settings)
