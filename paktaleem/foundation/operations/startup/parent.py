"""End a process when its parent is killed, so that no orphan keeps a port."""

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel send SIGTERM to this process when its parent ends (Linux, prctl(2)); elsewhere do nothing."""
    _ask_kernel(signal.SIGTERM)


def end_with_server() -> None:
    """In a worker process of the web server: end at once when the server's main process is killed.

    A main process ends its workers itself, unless it is killed; they would keep the port and go on answering. They
    are killed, since a worker that is still starting misses every other signal; an open transaction is rolled back.
    Does nothing in a process that is no worker.
    """
    server = parent_process()
    if server is None:
        return
    _ask_kernel(signal.SIGKILL)
    if os.getppid() != server.pid:  # killed before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)


def _ask_kernel(sent: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, sent)
