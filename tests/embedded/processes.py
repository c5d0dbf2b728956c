"""Find and kill server processes in tests, as a power failure would."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path


def postmasters_of(data):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if Path(os.fsdecode(command[0])).name == "postgres" and os.fsencode(data) in command:
            found.append(int(entry.parent.name))
    return found


def kill_whole_server(postmaster):
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    children = [pid for pid in pids if _parent_of(pid) == postmaster]
    os.kill(postmaster, signal.SIGKILL)
    for child in children:
        with contextlib.suppress(ProcessLookupError):  # a child may have ended since it was listed
            os.kill(child, signal.SIGKILL)


def wait_for(condition, seconds=20, pause=0.005):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not come about in time"
        time.sleep(pause)


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
