"""End a process when its parent is killed, so that no orphan keeps a port."""

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

__all__ = ["end_with_parent", "end_with_server"]

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel send SIGTERM to this process when its parent ends (Linux, prctl(2)); elsewhere do nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with_server() -> None:
    """In a worker process of the web server: end when the server's main process is killed.

    A main process ends its workers itself, unless it is killed; they would keep the port and go on answering. Does
    nothing in a process that is no worker.
    """
    server = parent_process()
    if server is None:
        return
    end_with_parent()
    if not server.is_alive():  # killed before the kernel was asked
        os.kill(os.getpid(), signal.SIGTERM)
