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
    """End a worker process of the web server at once when its main process is killed; do nothing in other processes.

    It would keep the port and go on answering. It is killed, since a worker that starts misses every other signal.
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
