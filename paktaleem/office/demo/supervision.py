"""Programs of the demonstration: how they are started and watched. Without models, for tools that start them too."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from paktaleem.foundation.operations.startup.findings import NOT_FOR_SERVERS
from paktaleem.foundation.operations.startup.parent import end_with_parent

ROOT = Path(__file__).resolve().parents[3]
SECONDS_TO_END = 10
LINES_OF_LOG = 15
LONGEST_COMMAND = 80
PAUSE = 0.05
ONLY_HERE = {"DEMAND_SECOND_FACTOR": "false", "STEP_UP": "false", "GUARDIAN_CONFIRM_MINUTES": "1"}
"""Settings of the demonstration only, so that the printed passwords suffice; set them to override."""


class ChildDied(Exception):
    """A process of the demonstration ended by itself; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """One child process in its own session, so that Ctrl-C in the terminal reaches only the parent."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        code = self.process.poll()
        if code is not None:
            log_end = "\n".join(self.log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:])
            raise ChildDied(f"The {self.name} has ended ({code}). The end of {self.log}:\n{log_end}")

    def end(self, ends_at: float) -> None:
        """Wait for the process to end, then kill the rest of its session."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(ends_at - time.monotonic(), PAUSE))
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def web_program(host: str, port: int) -> list[str]:
    """Return the command that serves the portal: two processes with one thread each, HTTP/1.1, keep-alive."""
    return [sys.executable, "-m", "paktaleem.server", "--host", host, "--port", str(port)]


@contextmanager
def running(programs: Sequence[tuple[str, Sequence[str]]], logs: Path) -> Iterator[list[Child]]:
    """Run programs as child processes; end all of them, and those added to the list, on exit."""
    logs.mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    try:
        for name, command in programs:
            children.append(start(name, command, logs))
        yield children
    finally:
        _end_all(children)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def name_holder(port: int) -> str:
    """Return who listens on a port, as ``process 4711 (python3 -m granian …)``; empty if that cannot be seen."""
    try:
        listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
        holder = next(one.pid for one in listening if one.pid and one.laddr[1:2] == (port,))
        command = " ".join(psutil.Process(holder).cmdline())
    except (psutil.Error, StopIteration):
        return ""
    return f"process {holder} ({command[:LONGEST_COMMAND]})"


def start(name: str, command: Sequence[str], logs: Path) -> Child:
    """Start a program without the owner's and backup's credentials: it must not bypass row-level security."""
    log = logs / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- own programs, no shell
            command,
            cwd=ROOT,
            env=ONLY_HERE | {name: value for name, value in os.environ.items() if name not in NOT_FOR_SERVERS},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 -- no threads here
        )
    return Child(name, process, log)


def _end_all(children: Sequence[Child]) -> None:
    before = {ending: signal.signal(ending, signal.SIG_IGN) for ending in (signal.SIGINT, signal.SIGTERM)}
    ends_at = time.monotonic() + SECONDS_TO_END
    for child in children:
        with suppress(ProcessLookupError):
            child.process.terminate()
    for child in children:
        child.end(ends_at)
    for ending, handler in before.items():
        signal.signal(ending, handler)
