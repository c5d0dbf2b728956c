"""The processes of a running demonstration: started in sessions of their own, watched, ended in order."""

import ctypes
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

__all__ = ["Child", "ChildDied", "free_port", "is_port_free", "running", "start", "web_program"]

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS_TO_END = 10
LINES_OF_LOG = 15
PAUSE = 0.05
PR_SET_PDEATHSIG = 1
NOT_FOR_SERVERS = frozenset({"DATABASE_OWNER_URL", "DATABASE_BACKUP_URL"})
ONLY_HERE = {"DEMAND_SECOND_FACTOR": "false", "STEP_UP": "false", "GUARDIAN_CONFIRM_MINUTES": "1"}
"""What the demonstration alone leaves out, so that a visitor gets in with what is printed; set it to try it."""


class ChildDied(Exception):
    """A process of the demonstration ended by itself; the message ends with what it said last."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process of ours, the leader of its own session, so that Ctrl-C in our terminal reaches us only."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ChildDied if it has ended."""
        code = self.process.poll()
        if code is not None:
            said = "\n".join(self.log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:])
            raise ChildDied(f"The {self.name} has ended ({code}). The end of {self.log}:\n{said}")

    def end(self, ends_at: float) -> None:
        """Wait for it to end, then kill whatever of its session is left."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(ends_at - time.monotonic(), PAUSE))
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def web_program(host: str, port: int) -> list[str]:
    """Give the command that serves the portal: two processes of one thread each, HTTP/1.1, keep-alive."""
    address = ["--host", host, "--port", str(port)]
    size = ["--workers", "2", "--blocking-threads", "1", "--workers-kill-timeout", "5"]
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", *address, *size]
    return [*granian, "paktaleem.wsgi:application"]


@contextmanager
def running(programs: Sequence[tuple[str, Sequence[str]]], logs: Path) -> Iterator[list[Child]]:
    """Run programs as our children, and end them and those added to the list on the way out, whatever happens."""
    logs.mkdir(parents=True, exist_ok=True)
    children: list[Child] = []
    try:
        for name, command in programs:
            children.append(start(name, command, logs))
        yield children
    finally:
        _end_all(children)


def free_port(host: str) -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        found: int = probe.getsockname()[1]
        return found


def is_port_free(host: str, port: int) -> bool:
    """Say whether we could listen there; nothing that listens already is disturbed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def start(name: str, command: Sequence[str], logs: Path) -> Child:
    """Start a program without the credentials of owner and backup, which no server may have."""
    log = logs / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own programs, no shell
            command,
            cwd=ROOT,
            env=ONLY_HERE | {name: value for name, value in os.environ.items() if name not in NOT_FOR_SERVERS},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 -- no threads here
        )
    return Child(name, process, log)


def _end_with_parent() -> None:
    """Have the kernel end the child if we are killed and cannot."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_all(children: Sequence[Child]) -> None:
    """Ask all at once, then wait for each; another Ctrl-C meanwhile must not leave half of them behind."""
    before = {ending: signal.signal(ending, signal.SIG_IGN) for ending in (signal.SIGINT, signal.SIGTERM)}
    ends_at = time.monotonic() + SECONDS_TO_END
    for child in children:
        with suppress(ProcessLookupError):
            child.process.terminate()
    for child in children:
        child.end(ends_at)
    for ending, handler in before.items():
        signal.signal(ending, handler)
