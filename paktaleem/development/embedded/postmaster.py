"""The server's first process: which one it is, whether it lives, whether it answers.

A process number proves nothing: after a crash or in a new container it may belong to anyone. So a process
counts as the postmaster of a data folder only if its command line or its working folder says so, and nothing
else is signalled.
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
"""Seconds between two looks."""

SECONDS_TO_WRITE_PID = 2


@dataclass(frozen=True)
class Postmaster:
    """A living postmaster of one data folder, and what it says of itself in its pid file.

    The port is None while it has not written it down yet.
    """

    pid: int
    port: int | None
    says_ready: bool
    command: tuple[str, ...]

    @property
    def is_durable(self) -> bool:
        """Whether it was started so that what it acknowledged survives a power cut."""
        return "fsync=off" not in self.command

    def answers(self) -> bool:
        """Ask as pg_isready does: true once it accepts connections, false while it starts or stops.

        A server that does not call itself ready is not asked: it would log every question.
        """
        if self.port is None or not self.says_ready:
            return False
        address = f"host={HOST} hostaddr={HOST} port={self.port} dbname=postgres sslmode=disable"
        return pq.PGconn.ping(f"{address} connect_timeout=3".encode()) == pq.Ping.OK


def find_postmaster(data: Path) -> Postmaster | None:
    """Find the living postmaster of a data folder; None if the pid file is missing, stale or a stranger's."""
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
    """Remove a pid file that is empty or names a stranger or a zombie: PostgreSQL would refuse to start.

    Backends that outlive a killed postmaster are safe from this: the new server finds their shared memory by
    the data folder itself, and refuses to start while they use it.
    """
    _wait_for_first_line(data)
    if find_postmaster(data) is not None:
        return
    if pid := _pid_in(_pid_file_lines(data)):
        _bury(pid)
    (data / PID_FILE).unlink(missing_ok=True)


def wait_until_answering(data: Path, pid: int, seconds: float) -> Postmaster | None:
    """Wait for the server to accept connections; None if the process ends or the time does."""
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
    """Signal the postmaster of a data folder, if there is one, and wait; say whether it has ended."""
    postmaster = find_postmaster(data)
    if postmaster is None:
        return True
    os.kill(postmaster.pid, signal_number)
    ends_at = time.monotonic() + seconds
    while _is_ending(postmaster.pid, data):
        if time.monotonic() > ends_at:
            return False
        time.sleep(PAUSE)
    _bury(postmaster.pid)
    return True


def _bury(pid: int) -> None:
    """Take a zombie off the list of processes, if it fell to us to do so."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _wait_for_first_line(data: Path) -> None:
    """Give a server that has just made its pid file the time to write into it."""
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
    """Whether it is still there; on its way out it loses its command line before it lets go of its port."""
    command = _command_of(pid)
    return _is_alive(pid) and (not command or _serves(pid, command, data))


def _is_alive(pid: int) -> bool:
    """Whether there is such a process and it is more than a zombie."""
    if not (PROC / "self").exists():
        return bool(_command_by_ps(pid))
    try:
        status = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _command_of(pid: int) -> tuple[str, ...]:
    """Read the command line of a living process; a zombie has none."""
    if not (PROC / "self").exists():
        return _command_by_ps(pid)
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in text.split(b"\0") if part)


def _command_by_ps(pid: int) -> tuple[str, ...]:
    """Do the same where there is no /proc (macOS), for servers started as starting.py starts them."""
    question = ["/bin/ps", "-ww", "-p", str(pid), "-o", "stat=,command="]
    answer = subprocess.run(question, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    state, _, command = answer.stdout.strip().partition(" ")
    if not command or state.startswith("Z"):
        return ()
    program, _, options = command.strip().partition(" -D ")
    folder, *settings = options.split(" -c ")
    return (program, "-D", folder, *settings)
